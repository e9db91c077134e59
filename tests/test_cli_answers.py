"""``--answers``: a bundle that answers with a class of its own, opened from the command line."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cascade.cli import app

TAXI = str(Path(__file__).parent.parent / "examples" / "taxi" / "taxi_zh")
RIDE = "examples.taxi.answers:RideIntent"


def test_a_pack_of_another_trade_is_classified_and_explained() -> None:
    asked = ["--bundle", TAXI, "--answers", RIDE, "打快车去机场，两个人"]
    result = CliRunner().invoke(app, ["classify", "--json", *asked])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout.splitlines()[0])["answer"]
    assert (answer["destination"], answer["passengers"], answer["rides"][0]["kind"]) == ("机场", 2, "快车")
    explained = CliRunner().invoke(app, ["explain", *asked])
    assert explained.exit_code == 0
    assert "机场" in explained.stdout


@pytest.mark.parametrize(
    ("named", "complaint"),
    [
        (None, "pass the class"),
        ("RideIntent", "module:Class"),
        (":RideIntent", "module:Class"),
        ("examples.taxi.none:RideIntent", "cannot be imported"),
        ("examples.taxi.answers:Bus", "cannot be imported"),
        ("json:loads", "no pydantic class"),
        ("examples.taxi.answers:Car", "RideIntent, not"),
    ],
)
def test_what_is_not_its_class_is_one_line(named: str | None, complaint: str) -> None:
    options = [] if named is None else ["--answers", named]
    result = CliRunner().invoke(app, ["classify", "--bundle", TAXI, *options, "打车"])
    assert result.exit_code == 2
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_class_beside_the_user_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside_me.py").write_text(
        "from pydantic import BaseModel\nclass Mine(BaseModel):\n    intent: str\n"
    )
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["classify", "--bundle", TAXI, "--answers", "beside_me:Mine", "打车"])
    assert result.exit_code == 2
    assert "not beside_me:Mine" in result.stderr
