"""Both editions of docs/traffic.md name every setting with its default, and every reason that a caller may read."""

import json
import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from cascade.traffic import TrafficSpec
from cascade.traffic.spec import HedgeSpec, RedisSpec

ROOT = Path(__file__).parents[2]
NOTHING = {"traffic.md": "none", "traffic.zh.md": "无"}
"""How each edition says that a setting is not set."""
TEXTS = {page: (ROOT / "docs" / page).read_text(encoding="utf-8") for page in NOTHING}
ROWS = {
    page: dict(re.findall(r"^\| `([a-z_.]+)` \| ([^|]*?) ?\|", text, re.MULTILINE))
    for page, text in TEXTS.items()
}
every_edition = pytest.mark.parametrize("page", NOTHING)


def _settings(spec: BaseModel) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in spec:
        if isinstance(value, BaseModel):
            found |= {f"{name}.{inner}": told for inner, told in _settings(value).items()}
        else:
            found[name] = value
    return found


SETTINGS = _settings(TrafficSpec()) | {
    f"redis.{name}": value for name, value in _settings(RedisSpec(url="redis://h")).items()
}
NOT_ROWS = {"budget.input_price", "budget.output_price"}


@every_edition
@pytest.mark.parametrize("name", sorted(SETTINGS.keys() - NOT_ROWS - {"redis.url"}))
def test_every_setting_stands_there_with_its_default(name: str, page: str) -> None:
    value = SETTINGS[name]
    assert ROWS[page][name] == (NOTHING[page] if value is None else json.dumps(value))


@every_edition
@pytest.mark.parametrize("name", [*sorted(NOT_ROWS), *(f"hedge.{name}" for name in HedgeSpec.model_fields)])
def test_the_others_are_named(name: str, page: str) -> None:
    assert f"`{name}`" in TEXTS[page]


@every_edition
def test_no_setting_is_made_up(page: str) -> None:
    named = {name for name in ROWS[page] if "." in name and name != "result.reason"}
    assert named <= SETTINGS.keys()


@every_edition
def test_every_reason_stands_there(page: str) -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "cascade" / "traffic").glob("*.py"))
    reasons = set(re.findall(r"refusal\(\s*\"([a-z_]+)\"", source)) - {"rung_"}
    assert len(reasons) >= 6
    for reason in reasons | {
        "rung_amber",
        "rung_red",
        "token_budget",
        "money_budget",
        "deadline",
        "queue_full",
    }:
        assert f"`{reason}`" in TEXTS[page], reason
