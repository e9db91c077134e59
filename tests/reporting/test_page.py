"""The page holds everything it shows, its words stay words, and nobody's name can break it."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fakes_cli import ORDER, UNCLEAR, scripted_cascade
from ledger.test_ledger import BOOK, REJECTED, asked, modelled, ruled
from typer.testing import CliRunner

from cascade.cli import app, common
from cascade.errors import MissingExtra
from cascade.ledger.sinks import JsonlSink, read_costs
from cascade.prices import PriceBook
from cascade.reporting import Account, account
from cascade.reporting.page import page
from cascade.result import Cost
from reporting.test_account import ordered

NASTY = "</svg><script>$x^2$ & 奶茶"
RUNNER = CliRunner()


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("costs")
    campaign: Iterator[str] = iter(["三八节免单", NASTY] * 30)
    with JsonlSink(
        folder, campaign=lambda: next(campaign), rung="normal", clock=lambda: 1_770_000_000.0
    ) as sink:
        for number in range(1, 20):
            sink(ordered(modelled(asked(50 * number))))
            sink(ordered(ruled(), "chitchat"))
        sink(REJECTED)
        sink.spent("cancelled", Cost.untold(1, "plus"))
    return folder


@pytest.fixture(scope="module")
def found(costs: Path) -> Account:
    return account(read_costs(costs), BOOK, replicates=50)


def test_the_page_is_one_file_and_the_same_every_time(found: Account) -> None:
    text = page(found, "花了多少")
    assert text == page(found, "花了多少")
    assert "<title>花了多少</title>" in text
    assert set(re.findall(r"https?://[^\s\"'<]+", text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "<img" not in text
    assert "src=" not in text


def test_the_drawings_are_whole_and_their_words_are_text(found: Account) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page(found, "t"), re.DOTALL)
    words = [
        "".join(node.itertext()).strip()
        for drawing in drawings
        for node in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert len(drawings) == 6  # who answered, money, times; by campaign, rung and intent
    assert any(word.startswith("三八节免单") for word in words)
    assert any(NASTY in word for word in words)
    assert any(word.startswith("list price: with the cascade") for word in words)
    assert not any("mathdefault" in word for word in words)


def test_a_name_cannot_break_the_page(found: Account) -> None:
    text = page(found, NASTY)
    assert "<script" not in text
    assert "&lt;script&gt;$x^2$ &amp; 奶茶" in text


def test_unknown_money_is_called_unknown(costs: Path) -> None:
    empty = PriceBook.model_validate({"date": "2026-11-01"})
    text = page(account(read_costs(costs), empty, replicates=20), "t")
    assert "unknown" in text
    assert "With the cascade and without it" not in text  # nothing to draw
    assert "¥0.00" not in text


def test_without_matplotlib_the_extra_is_named(found: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"intent-cascade\[report\]"):
        page(found, "t")


def test_the_command_prints_and_draws(costs: Path, tmp_path: Path) -> None:
    html = tmp_path / "r.html"
    said = RUNNER.invoke(
        app, ["report", str(costs), "--html", str(html), "--replicates", "50", "--title", "三八"]
    )
    assert said.exit_code == 0, said.output
    assert "39 utterances" in said.output
    assert "19 orders (order_drink)" in said.output
    for words in ("per 1,000 orders", "By campaign", "By rung", "By intent", "三八节免单", "calls were lost"):
        assert words in said.output
    assert "三八" in html.read_text(encoding="utf-8")


def test_the_command_takes_another_book_and_currency(costs: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.toml"
    book.write_text("date = 2026-11-02\n[USD]\ncore_hour = 0\n[USD.models.plus]\ninput = 1\noutput = 1\n")
    said = RUNNER.invoke(app, ["report", str(costs), "--prices", str(book), "--currency", "USD", "--json"])
    assert said.exit_code == 0, said.output
    assert '"currency": "USD"' in said.stdout
    assert '"prices_of": "2026-11-02"' in said.stdout


def test_the_command_says_what_is_wrong_in_a_line(tmp_path: Path) -> None:
    missing = RUNNER.invoke(app, ["report", str(tmp_path / "nowhere")])
    assert missing.exit_code == 2
    assert missing.stderr.startswith("cascade: no costs at")
    nothing = RUNNER.invoke(app, ["report", str(tmp_path)])
    assert nothing.exit_code == 2
    assert "nothing to report" in nothing.stderr


def test_a_page_that_cannot_be_written_is_told(costs: Path, tmp_path: Path) -> None:
    said = RUNNER.invoke(
        app, ["report", str(costs), "--html", str(tmp_path / "no" / "r.html"), "--replicates", "20"]
    )
    assert said.exit_code == 2
    assert "cannot write" in said.stderr


def test_what_could_not_be_read_is_told_beside_the_report(costs: Path, tmp_path: Path) -> None:
    (file,) = costs.iterdir()
    torn = tmp_path / "costs-torn.jsonl"
    torn.write_bytes(file.read_bytes() + b'{"v":1')
    said = RUNNER.invoke(app, ["report", str(torn), "--replicates", "20"])
    assert said.exit_code == 0
    assert "torn: the line has no end" in said.stderr
    assert "1 rows could not be read" in said.stdout


def test_what_classify_keeps_is_what_report_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "open_cascade", scripted_cascade)
    kept = str(tmp_path / "costs")
    said = RUNNER.invoke(
        app, ["classify", ORDER, UNCLEAR, "--llm", "x", "--costs", kept, "--campaign", "三八节"]
    )
    assert said.exit_code == 0, said.output
    told = json.loads(RUNNER.invoke(app, ["report", kept, "--json", "--replicates", "20"]).stdout)
    assert told["requests"] == 2
    assert told["by"]["campaign"]["三八节"]["calls"] == 1
    assert told["tiers"]["llm"]["input_tokens"] == 700
