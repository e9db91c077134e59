"""``cascade replay`` on a log that was written by the library."""

import json
from pathlib import Path

import pytest
from observe.made import bundle_in, by_classifier, by_llm, by_rules
from typer.testing import CliRunner

from cascade.cli import app
from cascade.observe.decision_log import DecisionLog


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    return str(bundle_in(tmp_path / "bundle"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    with DecisionLog(tmp_path / "logs") as log:
        for _ in range(30):
            log(by_rules())
            log(by_classifier(confidence=0.995))
            log(by_llm())
    return tmp_path / "logs"


def test_a_table_tells_both_policies_and_their_difference(log: Path, bundle: str) -> None:
    done = CliRunner().invoke(
        app, ["replay", str(log), "--bundle", bundle, "--set", "default.confidence=0.5"]
    )
    assert done.exit_code == 0, done.output
    lines = {line[:26].strip(): line[26:].split() for line in done.stdout.splitlines()}
    assert lines["answered"][0] == "100%"
    assert [cell for cell in lines["by llm"] if cell.endswith("%")] == ["33.33%", "0%", "-33.33%"]
    assert "90 decisions, told by 90 lines" in done.stdout


def test_json_tells_the_same_and_torn_lines_are_told_apart(log: Path, bundle: str) -> None:
    (path,) = log.iterdir()
    path.write_bytes(path.read_bytes()[:-30])
    done = CliRunner().invoke(app, ["replay", str(path), "--bundle", bundle, "--json"])
    report = json.loads(done.stdout)
    assert report["lines"] == 89
    assert report["skipped_lines"] == 1
    assert report["measures"]["asked"]["logged"]["value"] == pytest.approx(29 / 89)
    assert "torn" in done.stderr


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("default.confidence=high", "not PATH=NUMBER"),
        ("x=1", "the policy has no x"),
        ("default.margin", "no such policy"),
    ],
)
def test_a_setting_that_is_none_is_one_line_on_standard_error(
    log: Path, bundle: str, setting: str, told: str
) -> None:
    done = CliRunner().invoke(app, ["replay", str(log), "--bundle", bundle, "--set", setting])
    assert done.exit_code == 2
    assert told in done.stderr
