"""The headline's table: the same figures in both languages, put where both editions of a page show them."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.headline_table import CHINESE, ENGLISH, MARKS, put, put_into_editions, table
from cascade.planning import read_scenario

DAY = date(2026, 11, 22)
PAGE = f"before\n\n{MARKS[0]}\nold\n{MARKS[1]}\n\nafter\n"


def case(mean: int, money: str | None) -> dict[str, Any]:
    return {
        "mean": mean,
        "hosts": mean * 3,
        "gpu_hours_of_work": mean * 9.25,
        "gpu_hours_rented": mean * 27.0,
        "money_of_hosts": money,
        "never_answered_on_a_third": 0.347,
    }


def found(host_money: tuple[str | None, str | None] = (None, None)) -> dict[str, Any]:
    rows = [
        {
            "server": "vLLM, A100",
            "reading": reading,
            "cases": {"without": case(1356, host_money[0]), "with": case(394, host_money[1])},
            "mean_with_interval": [360, 1427],
            "cores": 3,
            "money_of_cores": "5",
        }
        for reading in ("one call a command", "ten calls an order")
    ]
    prices = {
        f"{currency} {name} {which}": amount
        for currency, amount in (("CNY", "69192.4"), ("USD", None))
        for name in ("anew", "cached")
        for which in ("without", "with")
    }
    return {
        "bundle": "tea@1",
        "set": "core.tsv",
        "utterances": 1100,
        "shares": {"rules": 0.306, "classifier": 0.404, "llm": 0.29},
        "llm_share_half_width": 0.025,
        "rows": rows,
        "list_price": {row["reading"]: {"model": "qwen-plus", **prices} for row in rows},
    }


def figures(text: str) -> list[list[str]]:
    return [re.findall(r"\d[\d.,]*\d|\d", line) for line in text.splitlines()[1:]]


def test_both_languages_tell_the_same_figures_line_by_line() -> None:
    english, chinese = (table(found(), DAY, words) for words in (ENGLISH, CHINESE))
    assert figures(english) == figures(chinese)
    assert [line.count("|") for line in english.splitlines()] == [
        line.count("|") for line in chinese.splitlines()
    ]
    assert "rules 30.6%, classifier 40.4%; left to the large model 29.0% ± 2.5%." in english
    assert "rules 30.6%，classifier 40.4%；留给大模型 29.0% ± 2.5%。" in chinese
    assert "| vLLM, A100, ten calls an order | 1,356 / 4,068 | 394 (360 to 1,427) / 1,182 |" in english
    assert "| vLLM, A100，每单十次调用 | 1,356 / 4,068 | 394（360 到 1,427）/ 1,182 |" in chinese


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_what_has_no_price_is_unknown(words: Any) -> None:
    assert words.unpriced in table(found(), DAY, words)
    assert f"| 69,192 / 69,192 | {words.unknown} / {words.unknown} |" in table(found(), DAY, words)
    priced = table(found(("25000.4", None)), DAY, words)
    assert words.unpriced not in priced
    assert f"CNY 25,000 / {words.unknown}{words.semicolon}vLLM" in priced


def test_the_english_title_is_that_of_the_scenario() -> None:
    assert read_scenario()[0].title == ENGLISH.title


def test_a_page_and_its_chinese_edition_are_written_between_their_marks(tmp_path: Path) -> None:
    english, chinese = tmp_path / "planning.md", tmp_path / "planning.zh.md"
    english.write_text(PAGE, encoding="utf-8")
    put_into_editions(found(), DAY, english)
    assert not chinese.exists()
    chinese.write_text(PAGE, encoding="utf-8")
    for _ in range(2):  # the second time over what the first has put there
        put_into_editions(found(), DAY, english)
    for page, words in ((english, ENGLISH), (chinese, CHINESE)):
        shown = page.read_text(encoding="utf-8")
        assert shown == PAGE.replace("old\n", table(found(), DAY, words))


@pytest.mark.parametrize("page", ["", MARKS[0], f"{MARKS[1]}{MARKS[0]}", PAGE + MARKS[0], PAGE + MARKS[1]])
def test_a_page_without_both_marks_in_order_is_left_alone(tmp_path: Path, page: str) -> None:
    document = tmp_path / "page.md"
    document.write_text(page, encoding="utf-8")
    with pytest.raises(ValueError, match="has not"):
        put("text", document)
    assert document.read_text(encoding="utf-8") == page
