"""What OpenAPI tells of requests: bodies with examples, headers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cascade.engine import Engine
from cascade.integrations._web.models import CorrectionBody, Many, One, RungBody
from cascade.integrations._web.requests import CALLER, DEADLINE, IDEMPOTENCY, MAX_NAME
from cascade.integrations._web.spec import ServeSpec
from cascade.orders import OrderIntent


def classification(spec: ServeSpec) -> dict[str, Any]:
    """Of ``POST /v1/classify``."""
    many = Many.model_json_schema()
    many["properties"]["texts"]["maxItems"] = spec.max_texts
    return {
        "parameters": _terms(spec),
        "requestBody": _body(
            {"oneOf": [One.model_json_schema(), many]},
            {
                "one": {"text": "千问，帮我点两杯少糖去冰的珍珠奶茶，用免单卡"},
                "many": {"texts": ["帮我点杯奶茶", "我的券什么时候过期", "取消订单"]},
            },
        ),
    }


def explanation(spec: ServeSpec) -> dict[str, Any]:
    """Of ``POST /v1/explain``."""
    example = {"text": "千问，帮我点一杯少糖少冰、适合备考的奶茶"}
    return {"parameters": _terms(spec), "requestBody": _body(_schema(One), {"one": example})}


def rung() -> dict[str, Any]:
    """Of ``PUT /v1/rung``."""
    examples = {"hold": {"rung": "amber"}, "give back": {"rung": None}}
    return {"requestBody": _body(_schema(RungBody), examples)}


def correction(engine: Engine[Any]) -> dict[str, Any]:
    """Of ``POST /v1/queue/{id}``, with the intents of the pack that is served."""
    examples: dict[str, Any] = {"the first guess was right": {"guess": 0}}
    intents = {} if engine.bundle is None else engine.bundle.intents
    bare = next((name for name, intent in intents.items() if not intent.carries_order), None)
    if bare is not None:
        examples["another intent"] = {"intent": bare}
    if getattr(engine, "answer_model", None) is OrderIntent:
        examples["a whole answer"] = {
            "intent": "order_drink",
            "answer": {"intent": "order_drink", "items": [{"drink": "奶茶", "sugar": "less"}]},
        }
    return {"parameters": [_item()], "requestBody": _body(_schema(CorrectionBody), examples)}


def item() -> dict[str, Any]:
    """Of ``DELETE /v1/queue/{id}``."""
    return {"parameters": [_item()]}


def _item() -> dict[str, Any]:
    return {
        "name": "id",
        "in": "path",
        "required": True,
        "description": "An item of the label queue.",
        "schema": {"type": "string"},
    }


def _terms(spec: ServeSpec) -> list[dict[str, Any]]:
    name = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
    return [
        _header(
            DEADLINE,
            f"Seconds from now that the whole request may take; {spec.deadline_s:g} without it, at most "
            f"{spec.max_deadline_s:g}. What is not known by then is told as clarify or unresolved.",
            {"type": "number", "exclusiveMinimum": 0},
            2.5,
        ),
        _header(CALLER, "Who asks: what limits by caller are kept by.", name, "user-7"),
        _header(
            IDEMPOTENCY,
            "The same question by the same caller with the same key is put to the large model once; whoever asks "
            "again is given the same reply.",
            name,
            "order-42",
        ),
    ]


def _header(name: str, description: str, schema: Mapping[str, Any], example: object) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _body(schema: Mapping[str, Any], examples: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: {"value": value} for name, value in examples.items()}
    return {"required": True, "content": {"application/json": {"schema": schema, "examples": shown}}}
