"""The notation of the labelled sets (``data/ANNOTATION.md``): from a line to an order and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from cascade.orders import ORDERING_INTENTS, OrderIntent, OrderItem

UNLAWFUL: Final = "!"
EMPTY_ITEM: Final = "_"
_SCALARS: Final = {
    "drink": "drink",
    "brand": "brand",
    "n": "quantity",
    "size": "size",
    "sugar": "sugar",
    "temp": "temperature",
}
_FULFILMENT: Final = {"mode": "mode", "addr": "address", "time": "time"}
_CODES: Final = frozenset({"n", "size", "sugar", "temp", "mode"})  # their values are written as they are
Parse = Callable[[str, str], Any]
"""Reads the answer that a column writes for an intent; raises ``ValueError``."""
_NUMBER = re.compile(r"[1-9][0-9]*")
_MONEY = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class AnnotationError(ValueError):
    """A line that does not keep to the notation; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled utterance. ``order`` is ``None`` where no lawful single answer exists (``!``)."""

    text: str
    intent: str
    order: Any
    """The whole answer, of the pack's answer model."""
    tags: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """``file:line`` of the label."""
        return f"{self.file}:{self.line}"

    def tag(self, name: str) -> str | None:
        """The value of a tag ``name=value``."""
        return next((tag[len(name) + 1 :] for tag in self.tags if tag.startswith(f"{name}=")), None)


def read(
    path: Path, intents: Collection[str], *, shown: str | None = None, parse: Parse | None = None
) -> list[Example]:
    """All examples of a file. Raises :class:`AnnotationError` that names every bad line."""
    problems: list[str] = []
    examples: list[Example] = []
    file = shown or path.name
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{file}: cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            examples.append(parse_line(line, intents, file, number, parse or parse_order))
        except AnnotationError as error:
            problems.append(str(error))
    if problems:
        raise AnnotationError("\n".join(problems))
    return examples


def parse_line(
    line: str, intents: Collection[str], file: str = "", number: int = 0, parse: Parse | None = None
) -> Example:
    """One line of a set; ``parse`` reads the labels of another trade. Raises :class:`AnnotationError`."""
    columns = line.split("\t")
    if not 2 <= len(columns) <= 4:
        raise AnnotationError(f"{file}:{number}: {len(columns)} columns, not 2 to 4")
    text, intent, order, tags = (*columns, "", "")[:4]
    if not text.strip():
        raise AnnotationError(f"{file}:{number}: no text")
    if intent not in intents:
        raise AnnotationError(f"{file}:{number}: unknown intent {intent!r}")
    try:
        parsed = None if order.strip() == UNLAWFUL else (parse or parse_order)(order, intent)
    except ValueError as error:
        raise AnnotationError(f"{file}:{number}: {error}") from error
    return Example(text, intent, parsed, tuple(tags.split()), file, number)


def parse_order(notation: str, intent: str) -> OrderIntent:
    """The order of a column. Raises ``ValueError`` that says what is wrong."""
    body, *rest = re.split(r"(?:^|(?<= )); ?", notation.strip())
    if len(rest) > 1:
        raise ValueError("more than one ';'")
    if (body.strip() or rest) and intent not in ORDERING_INTENTS:
        raise ValueError(f"{intent} carries no order")
    pieces = [piece.split() for piece in re.split(r"(?<= )\|(?= )", body)] if body.strip() else []
    items = [_item(tokens) for tokens in pieces]
    if intent != "order_drink":  # a change that names no part of an item changes no item
        items = [item for item in items if item != OrderItem()]
    try:
        return OrderIntent(intent=intent, items=tuple(items), **_whole(rest[0].split() if rest else []))
    except ValidationError as error:
        raise ValueError(_first(error)) from error


def format_order(order: BaseModel) -> str:
    """The column of an answer. Raises ``ValueError`` for a value that the notation cannot write."""
    if not isinstance(order, OrderIntent):
        from training.fields import format_fields

        return format_fields(order)
    body = " | ".join(" ".join(_item_tokens(item)) or EMPTY_ITEM for item in order.items)
    tail = " ".join(_whole_tokens(order))
    return f"{body} ; {tail}".strip() if tail else body


def _item(tokens: list[str]) -> OrderItem:
    if not tokens:
        raise ValueError(f"an item with nothing in it (write {EMPTY_ITEM!r})")
    if tokens == [EMPTY_ITEM]:
        return OrderItem()
    fields: dict[str, Any] = {}
    lists: dict[str, list[str]] = {"+": [], "-": []}
    for token in tokens:
        if token[0] in lists and len(token) > 1:
            lists[token[0]].append(_spoken(token[1:]))
            continue
        key, value = _pair(token, _SCALARS)
        if _SCALARS[key] in fields:
            raise ValueError(f"{key}= stands twice in one item")
        fields[_SCALARS[key]] = _count(value) if key == "n" else _spoken(value, key)
    try:
        return OrderItem(**fields, toppings=tuple(lists["+"]), without=tuple(lists["-"]))
    except ValidationError as error:
        raise ValueError(_first(error)) from error


def _whole(tokens: list[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    fulfilment: dict[str, str] = {}
    preferences: list[str] = []
    for token in tokens:
        if token == "coupon":
            fields["use_coupon"] = True
            continue
        key, value = _pair(token, ("mode", "addr", "time", "budget", "pref"))
        if key == "pref":
            preferences.append(_spoken(value))
        elif key == "budget":
            if not _MONEY.fullmatch(value) or "budget_cny" in fields:
                raise ValueError(f"budget= is one number in yuan, not {value!r}")
            fields["budget_cny"] = float(value)
        elif _FULFILMENT[key] in fulfilment:
            raise ValueError(f"{key}= stands twice")
        else:
            fulfilment[_FULFILMENT[key]] = _spoken(value, key)
    if fulfilment:
        fields["fulfilment"] = fulfilment
    return {**fields, "preferences": tuple(preferences)}


def _pair(token: str, keys: Collection[str]) -> tuple[str, str]:
    key, equals, value = token.partition("=")
    if not equals or key not in keys or not value:
        raise ValueError(f"{token!r} is none of {', '.join(f'{name}=' for name in keys)}")
    return key, value


def _count(value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"n= is a whole number, not {value!r}")
    return int(value)


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _item_tokens(item: OrderItem) -> Iterator[str]:
    for key, field in _SCALARS.items():
        value = getattr(item, field)
        if value is not None and (key, value) != ("n", 1):
            yield f"{key}={_written(str(value), key)}"
    yield from (f"+{_written(name)}" for name in item.toppings)
    yield from (f"-{_written(name)}" for name in item.without)


def _whole_tokens(order: OrderIntent) -> Iterator[str]:
    if order.use_coupon:
        yield "coupon"
    for key, field in _FULFILMENT.items():
        value = getattr(order.fulfilment, field) if order.fulfilment else None
        if value is not None:
            yield f"{key}={_written(value, key)}"
    if order.budget_cny is not None:
        yield f"budget={_money(order.budget_cny)}"
    yield from (f"pref={_written(value)}" for value in order.preferences)


def _money(value: float) -> str:
    text = f"{value:f}".rstrip("0").rstrip(".")
    if float(text) != value or not _MONEY.fullmatch(text):
        raise ValueError(f"{value} yuan cannot be written")
    return text


def _spoken(value: str, key: str = "") -> str:
    return value if key in _CODES else value.replace("_", " ")


def _written(value: str, key: str = "") -> str:
    if key in _CODES:
        return value
    if "_" in value or value != " ".join(value.split()) or not value:
        raise ValueError(f"{value!r} cannot be written")
    return value.replace(" ", "_")


def read_all(
    paths: Iterable[Path], intents: Collection[str], root: Path, parse: Parse | None = None
) -> list[Example]:
    """All examples of the files, named by their path under ``root``. Raises as :func:`read`, for all at once."""
    problems: list[str] = []
    examples: list[Example] = []
    for path in paths:
        try:
            examples += read(path, intents, shown=str(path.relative_to(root)), parse=parse)
        except AnnotationError as error:
            problems.append(str(error))
    if problems:
        raise AnnotationError("\n".join(problems))
    return examples
