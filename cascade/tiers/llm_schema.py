"""The JSON schema a chat server is held to: the answer model, compact, and free of what kills or misleads servers.

A regular expression with lookaround in a schema has been seen to kill a server process, a large ``maxItems`` its
model runner; titles and descriptions cost tokens, lengths and formats are ignored by some servers and slow others.
What is left out here is checked when the reply is validated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from cascade.errors import ConfigurationError

INTENT = "intent"
"""Every answer model has this field; its legal values are the bundle's intents."""

_UTF8_BYTES = 3  # of a character of the basic plane, which all Han in use are of
_INTEGER_BYTES = 20
_NUMBER_BYTES = 24


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large an answer may be: objects in a list, plain values in a list, characters in a string."""

    items: int
    values: int
    string_chars: int


def answer_schema(answer_model: type[BaseModel], intents: Iterable[str], bounds: Bounds) -> dict[str, Any]:
    """The schema of ``answer_model`` limited to ``intents``: all fields required, none other allowed, lists bounded.

    Raises :class:`~cascade.errors.ConfigurationError` for a model without ``intent`` or whose answers have no bound.
    """
    full = answer_model.model_json_schema()
    schema = _Compactor(full.get("$defs", {}), bounds).of(full, answer_model.__name__, ())
    if INTENT not in schema.get("properties", {}):
        raise ConfigurationError(f"{answer_model.__name__} has no field {INTENT!r}")
    schema["properties"][INTENT] = {"type": "string", "enum": list(intents)}
    return schema


def largest_reply(schema: Mapping[str, Any], bounds: Bounds) -> int:
    """Bytes of the largest answer under ``schema``, written compactly, with strings as long as ``bounds`` says.

    No tokenizer in use makes more tokens than bytes, so this also bounds the tokens of a reply. Real answers need a
    third of it or less; the rest is room for a server that writes JSON over many lines.
    """
    return _largest(schema, bounds)


class _Compactor:
    def __init__(self, definitions: Mapping[str, Any], bounds: Bounds) -> None:
        self._definitions = definitions
        self._bounds = bounds

    def of(self, node: Mapping[str, Any], where: str, inside: tuple[str, ...]) -> dict[str, Any]:
        """``node`` made compact. ``where`` names it in errors, ``inside`` are the definitions it stands in."""
        if "$ref" in node:
            name = str(node["$ref"]).rsplit("/", 1)[-1]
            if name in inside:
                raise ConfigurationError(f"{where} contains itself: its answers have no largest size")
            return self.of(self._definitions[name], where, (*inside, name))
        if len(node.get("allOf", ())) == 1:
            return self.of(node["allOf"][0], where, inside)
        options = node.get("anyOf") or node.get("oneOf")
        if options:
            return self._union([self.of(option, where, inside) for option in options])
        if "const" in node:
            return _enumeration([node["const"]], node)
        if "enum" in node:
            return _enumeration(node["enum"], node)
        return self._typed(node, where, inside)

    def _typed(self, node: Mapping[str, Any], where: str, inside: tuple[str, ...]) -> dict[str, Any]:
        kind = node.get("type")
        if kind == "object":
            return self._object(node, where, inside)
        if kind == "array":
            return self._array(node, where, inside)
        if kind == "integer":
            return {"type": kind, **{key: node[key] for key in ("minimum", "maximum") if key in node}}
        if kind in ("string", "number", "boolean", "null"):
            return {"type": kind}
        raise ConfigurationError(f"{where} has no type that a chat server can be held to")

    def _object(self, node: Mapping[str, Any], where: str, inside: tuple[str, ...]) -> dict[str, Any]:
        if isinstance(node.get("additionalProperties"), Mapping) or node.get("additionalProperties") is True:
            raise ConfigurationError(f"{where} is a mapping with free keys: its answers have no largest size")
        properties = {
            name: self.of(value, f"{where}.{name}", inside)
            for name, value in node.get("properties", {}).items()
        }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def _array(self, node: Mapping[str, Any], where: str, inside: tuple[str, ...]) -> dict[str, Any]:
        if "prefixItems" in node:
            items = self._union([self.of(item, where, inside) for item in node["prefixItems"]])
            bound = len(node["prefixItems"])
        else:
            items = self.of(node.get("items", {}), where, inside)
            bound = self._bounds.items if _holds_object(items) else self._bounds.values
        return {"type": "array", "items": items, "maxItems": min(bound, node.get("maxItems", bound))}

    @staticmethod
    def _union(options: list[dict[str, Any]]) -> dict[str, Any]:
        different = [option for index, option in enumerate(options) if option not in options[:index]]
        return different[0] if len(different) == 1 else {"anyOf": different}


def _enumeration(values: list[Any], node: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": node["type"], "enum": values} if "type" in node else {"enum": values}


def _holds_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" or any(_holds_object(option) for option in schema.get("anyOf", ()))


def _largest(schema: Mapping[str, Any], bounds: Bounds) -> int:
    if "anyOf" in schema:
        return max(_largest(option, bounds) for option in schema["anyOf"])
    if "enum" in schema:
        return max(_json_bytes(value) for value in schema["enum"])
    match schema["type"]:
        case "object":
            members = schema["properties"].items()
            return 2 + sum(_json_bytes(name) + 2 + _largest(value, bounds) for name, value in members)
        case "array":
            return int(2 + schema["maxItems"] * (_largest(schema["items"], bounds) + 1))
        case "string":
            return 2 + _UTF8_BYTES * bounds.string_chars
        case "integer":
            return max(
                _json_bytes(schema.get(key, 10 ** (_INTEGER_BYTES - 1))) for key in ("minimum", "maximum")
            )
        case "number":
            return _NUMBER_BYTES
        case _:
            return len("false")


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
