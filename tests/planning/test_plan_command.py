"""``cascade plan``: what it prints, what it takes, and what it will not assume."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cascade.cli import app

SMALL = """
title = "a small campaign [bold]"
[arrivals]
segments = [[200.0, 6.0]]
[target]
percentile = 0.95
latency_s = 4.0
[[servers]]
name = "box"
slots = 2
peak_tokens_per_s = 100.0
alone_tokens_per_s = 60.0
output_tokens = 40.0
"""


def write_run(path: Path, rate: float) -> Path:
    """Sixty requests at an even rate on one slot that takes 0.3 s for each."""
    done, rows = 0.0, []
    for number in range(60):
        sent = number / rate
        done = max(sent, done) + 0.3
        rows.append({"sent_s": sent, "done_s": done})
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return str(path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments])


def told(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


SHARES = ("--share", "rules=0.6", "--share", "classifier=0.3")


def test_a_table_with_and_without(small: str) -> None:
    result = run(small, *SHARES, "--hosts", "0.5", "--price", "10")
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "a small campaign [bold]"
    assert lines[1].split()[:2] == ["server", "hosts"]
    assert [line[5:25].strip() for line in lines[2:6]] == [
        "without",
        "with the cascade",
        "given, without",
        "given, with",
    ]
    assert lines[2].startswith("box")
    assert "10.0% of them reach the model" in result.stdout
    assert "Cores for the tiers below the model: unknown." in result.stdout


def test_json_says_the_same_at_every_run(small: str) -> None:
    one = told(small, *SHARES, "--price", "10", "--hosts", "3")
    assert one == told(small, *SHARES, "--price", "10", "--hosts", "3")
    (plan,) = one["plans"]
    without, with_cascade = plan["without"]["outcome"], plan["with_cascade"]["outcome"]
    assert without["hosts"] > with_cascade["hosts"] >= 1
    assert float(without["host_cost"]) == pytest.approx(without["hosts"] * 10 * 200 / 3600)
    assert with_cascade["core_cost"] is None
    assert plan["provisioned"]["without"]["hosts"] == 3
    assert plan["provisioned"]["without"]["unanswered_share"] == 0


def test_no_price_is_unknown_and_no_answer_is_never(small: str) -> None:
    result = run(small, "--share", "rules=0.5", "--hosts", "0")
    assert result.exit_code == 0
    assert "unknown" in result.stdout.splitlines()[2]
    assert "never" in result.stdout.splitlines()[4]
    assert (
        told(small, "--share", "rules=0.5", "--hosts", "0")["plans"][0]["provisioned"]["without"]["p50_s"]
        is None
    )


def test_more_hosts_than_anybody_has(small: str) -> None:
    (plan,) = told(small, "--share", "rules=0.5", "--hosts", "1e9", "--price", "1e9")["plans"]
    given = plan["provisioned"]["without"]
    assert given["hosts"] == given["cell"] == 10**9
    assert given["busy_share"] < 1e-6
    assert float(given["host_cost"]) == pytest.approx(10**18 * 200 / 3600)


def test_shares_come_from_a_ledger(small: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text(
        json.dumps({"requests": 10, "tiers": {"rules": {"answered": 9, "latency_us": {"mean": 50}}}})
    )
    answer = told(small, "--ledger", str(path), "--core-price", "0.2")
    assert answer["llm_share"] == pytest.approx(0.1)
    assert answer["plans"][0]["with_cascade"]["outcome"]["cores"] == 1


def test_a_server_is_calibrated_and_planned_with(small: str, tmp_path: Path) -> None:
    one, other = (
        str(write_run(tmp_path / name, rate)) for name, rate in (("a.jsonl", 1.0), ("b.jsonl", 3.0))
    )
    result = run("--calibrate", f"{one}:1", "--against", f"{other}:1")
    assert result.exit_code == 0
    assert "60 requests on 1 slot: 300 ms of work each" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[5:7]] == ["a.jsonl", "b.jsonl"]
    answer = told(small, "--calibrate", f"{one}:1", "--against", f"{other}:1", *SHARES)
    assert [row["run"] for row in answer["comparisons"]] == ["a.jsonl", "b.jsonl"]
    assert abs(answer["comparisons"][1]["errors"]["mean_s"]) < 0.05
    assert told(small, "--calibrate", one)["calibration"]["slots"] == 1  # Ollama's default
    (plan,) = answer["plans"]
    assert plan["server"] == "calibrated"
    assert 0.3 <= plan["without"]["outcome"]["p50_s"] < 4.0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "what the tiers answer is not known"),
        (("--share", "rules"), "write it as rules=0.7"),
        (("--share", "rules=2"), "between 0 and 1"),
        (("--share", "rules=0.5", "--price", "cheap"), "cheap is no price"),
        (("--share", "rules=0.5", "--price", "-1"), "at least 0"),
        (("--share", "rules=0.5", "--price", "1e999999"), "at most 1,000,000,000"),
        (("nowhere.toml", "--share", "rules=0.5"), "nowhere.toml"),
        (("--calibrate", "run.jsonl"), "run run.jsonl: "),
        (("--calibrate", "run.jsonl:many"), "run run.jsonl:many: "),
        (("--calibrate", "run.jsonl:99999999"), "FILE.jsonl:SLOTS"),
        (("--calibrate", f"{'long' * 2000}.jsonl"), "File name too long"),
        (("--calibrate", "run.jsonl:0"), "FILE.jsonl:SLOTS"),
        (("--calibrate", "nowhere.jsonl:1"), "nowhere.jsonl"),
        (("--share", "rules=0.5", "--against", "a.jsonl:1"), "give --calibrate"),
    ],
)
def test_what_cannot_be_is_one_line(arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("hosts", ["nan", "inf", "-1"])
def test_hosts_are_a_number(hosts: str) -> None:
    assert run("--share", "rules=0.5", "--hosts", hosts).exit_code == 2


def test_shares_have_one_source(small: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.json"
    path.write_text("{}")
    assert "not from both" in run(small, "--ledger", str(path), "--share", "rules=0.5").stderr
