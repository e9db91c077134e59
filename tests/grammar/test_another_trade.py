"""A pack of another trade, with an answer model of its own: the machinery knows no tea."""

import json
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field

from cascade.bundle import Bundle, seal
from cascade.grammar import OrderGrammar
from cascade.text import Normalizer


class Ride(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str | None = None
    cars: Annotated[int, Field(ge=1, le=5)] = 1
    seats: str | None = None
    extras: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


class RideOrder(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    intent: str
    rides: tuple[Ride, ...] = ()
    to: str | None = None
    at: str | None = None
    shared: bool = False
    limit: float | None = None
    remarks: tuple[str, ...] = ()


GRAMMAR = """
intent: book_ride
items: rides
quantity: {field: cars, max: 5}
slots:
  kind: {role: head, field: kind, spoken: true}
  seats: {role: attribute, field: seats, specifies: true}
  extra: {role: part, field: extras, without: refused, spoken: true}
  sharing: {role: flag, field: shared}
  place: {role: place, field: to, spoken: true}
  remark: {role: note, field: remarks, spoken: true, loose: true}
  measure: {role: measure, spoken: true}
words:
  opener: [帮我]
  carrier: [叫, 打]
  connector: [和]
  add: [带]
  remove: [不带]
  of: [的]
  lead: [去, 到]
  separator: [',']
budget: {field: limit, before: [不超过], units: [块]}
clock: {field: at, parts: [下午], hours: [点], fractions: [半], delays: [分钟], later: [后]}
guards: {negation: [别], past: [昨天]}
"""
LEXICON = """
kind: {专车: [商务专车], 快车: []}
seats: {six: [六座], seven: [七座]}
extra: {儿童座椅: [], 宠物箱: []}
sharing: {shared: [拼车]}
place: {机场: [], 火车站: []}
remark: {安静的司机: []}
measure: {辆: [], 台: []}
"""


@pytest.fixture(scope="module")
def rides(tmp_path_factory: pytest.TempPathFactory) -> OrderGrammar:
    folder = tmp_path_factory.mktemp("rides")
    manifest = {
        "format": 1,
        "name": "rides_zh",
        "version": "1",
        "language": "zh",
        "answer_model": f"{__name__}:RideOrder",
        "features": "none",
        "intents": [{"name": "book_ride", "description": "叫车", "acting": True, "carries_order": True}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "grammar.yaml").write_text(GRAMMAR, encoding="utf-8")
    (folder / "lexicon.yaml").write_text(LEXICON, encoding="utf-8")
    seal(Path(folder))
    return OrderGrammar.from_bundle(Bundle.open(folder), RideOrder)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (
            "帮我叫两辆六座的专车",
            RideOrder(intent="book_ride", rides=(Ride(kind="专车", cars=2, seats="six"),)),
        ),
        (
            "叫辆快车去机场，下午三点半，带儿童座椅，不带宠物箱，拼车，不超过50块，安静的司机",
            RideOrder(
                intent="book_ride",
                rides=(Ride(kind="快车", extras=("儿童座椅",), refused=("宠物箱",)),),
                to="机场",
                at="下午三点半",
                shared=True,
                limit=50,
                remarks=("安静的司机",),
            ),
        ),
        ("一辆快车和一辆专车", RideOrder(intent="book_ride", rides=(Ride(kind="快车"), Ride(kind="专车")))),
    ],
)
def test_another_trade_needs_no_code(rides: OrderGrammar, text: str, answer: RideOrder) -> None:
    parse = rides.parse(Normalizer()(text))
    assert parse.complete, parse
    assert parse.answer == answer


@pytest.mark.parametrize(
    ("text", "reason"),
    [("叫六辆快车", "quantity"), ("别叫快车", "negation"), ("叫辆快车去月球", "uncovered")],
)
def test_another_trade_is_as_careful(rides: OrderGrammar, text: str, reason: str) -> None:
    parse = rides.parse(Normalizer()(text))
    assert (parse.complete, parse.reason) == (False, reason)
