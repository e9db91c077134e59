"""The schema that servers are held to: whatever the answer model, nothing in it that kills or misleads a server."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cascade.errors import ConfigurationError
from cascade.orders import Fulfilment, OrderIntent, OrderItem
from cascade.tiers.llm_schema import Bounds, answer_schema, largest_reply

BOUNDS = Bounds(items=3, values=2, string_chars=10)
INTENTS = ("order_drink", "decline")

KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "maxItems", "enum", "anyOf"}
NUMBERS = {"minimum", "maximum"}


class Stop(BaseModel):
    model_config = ConfigDict(regex_engine="python-re")  # which alone takes lookaround

    kind: Literal["stop"]
    place: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^(?!x).*$")]


class Wait(BaseModel):
    kind: Literal["wait"]
    minutes: int = Field(ge=0, le=60)


class TaxiIntent(BaseModel):
    """Answer model of quite another pack."""

    intent: str
    start: str | None = Field(None, title="From", description="where", examples=["home"])
    legs: list[Annotated[Stop | Wait, Field(discriminator="kind")]] = Field([], max_length=5000)
    day: date | None = None
    fare: Decimal | None = None
    seats: int = Field(1, ge=1, le=6)
    pet: Literal["dog"] | None = None
    corner: tuple[float, float] | None = None


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside a schema, itself included."""
    yield schema
    for child in [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]:
        yield from nodes(child)
    if "items" in schema:
        yield from nodes(schema["items"])


@pytest.mark.parametrize("model", [OrderIntent, TaxiIntent])
def test_only_what_every_server_understands_is_left(model: type[BaseModel]) -> None:
    schema = answer_schema(model, INTENTS, BOUNDS)
    for node in nodes(schema):
        allowed = KEYWORDS | NUMBERS if node.get("type") == "integer" else KEYWORDS
        assert set(node) <= allowed, node
        if node.get("type") == "object":
            assert node["additionalProperties"] is False
            assert node["required"] == list(node["properties"])
        if node.get("type") == "array":
            assert 1 <= node["maxItems"] <= max(BOUNDS.items, BOUNDS.values)
    text = json.dumps(schema)
    for killer in (
        "pattern",
        "format",
        "$ref",
        "$defs",
        "minLength",
        "maxLength",
        "title",
        "description",
        "default",
    ):
        assert f'"{killer}"' not in text


def test_the_intents_are_the_bundles() -> None:
    for model in (OrderIntent, TaxiIntent):
        schema = answer_schema(model, INTENTS, BOUNDS)
        assert schema["properties"]["intent"] == {"type": "string", "enum": list(INTENTS)}


def test_the_order_schema_keeps_its_legal_values() -> None:
    item = answer_schema(OrderIntent, INTENTS, BOUNDS)["properties"]["items"]["items"]["properties"]
    assert item["quantity"] == {"type": "integer", "minimum": 1, "maximum": 99}
    assert item["sugar"]["anyOf"][0]["enum"] == ["none", "light", "half", "less", "regular", "extra"]
    assert item["sugar"]["anyOf"][1] == {"type": "null"}
    assert item["toppings"] == {"type": "array", "items": {"type": "string"}, "maxItems": 2}


def test_the_order_schema_is_small() -> None:
    assert len(json.dumps(answer_schema(OrderIntent, INTENTS, BOUNDS), separators=(",", ":"))) < 1700


class Nested(BaseModel):
    intent: str
    inner: "Nested | None" = None


class Mapped(BaseModel):
    intent: str
    prices: dict[str, int] = {}


class Loose(BaseModel):
    intent: str
    anything: Any = None


class NoIntent(BaseModel):
    name: str


@pytest.mark.parametrize(
    ("model", "why"),
    [(Nested, "contains itself"), (Mapped, "free keys"), (Loose, "no type"), (NoIntent, "no field 'intent'")],
)
def test_a_model_no_server_can_be_held_to_is_refused(model: type[BaseModel], why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        answer_schema(model, INTENTS, BOUNDS)


names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=10)
values = st.lists(names, max_size=2).map(tuple)
items = st.builds(
    OrderItem,
    drink=st.none() | names,
    brand=st.none() | names,
    quantity=st.integers(1, 99),
    size=st.sampled_from(["extra_large", None]),
    sugar=st.sampled_from(["regular", None]),
    temperature=st.sampled_from(["regular_ice", None]),
    toppings=values,
    without=values,
)
orders = st.builds(
    OrderIntent,
    intent=st.just("order_drink"),
    items=st.lists(items, max_size=3).map(tuple),
    use_coupon=st.booleans(),
    fulfilment=st.none()
    | st.builds(
        Fulfilment,
        mode=st.sampled_from(["delivery", None]),
        address=st.none() | names,
        time=st.none() | names,
    ),
    budget_cny=st.none() | st.floats(min_value=1e-300, max_value=1e300),
    preferences=values,
)


@given(orders)
def test_no_order_within_the_bounds_is_larger_than_the_largest(order: OrderIntent) -> None:
    schema = answer_schema(OrderIntent, INTENTS, BOUNDS)
    text = json.dumps(order.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))
    beyond = sum(len(char.encode()) - 3 for char in text if ord(char) > 0xFFFF)
    escapes = text.count("\\")
    assert len(text.encode()) - beyond - escapes <= largest_reply(schema, BOUNDS)


def test_the_largest_reply_grows_with_the_bounds() -> None:
    sizes = [
        largest_reply(answer_schema(OrderIntent, INTENTS, bounds), bounds)
        for bounds in (BOUNDS, Bounds(4, 2, 10), Bounds(4, 3, 10), Bounds(4, 3, 20))
    ]
    assert sizes == sorted(set(sizes))
