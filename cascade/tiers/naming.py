"""Which words that sound like details of an order only name the order that is meant, or are no details at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.entry import ROLE, Token
from cascade.grammar.spec import GrammarSpec

_WANTS: Final = ROLE["carrier"] | ROLE["desire"] | ROLE["again"] | ROLE["change"] | ROLE["add"] | ROLE["swap"]
"""What asks for something: in its clause a detail may be of that."""
_POINTS: Final = ROLE["reference"] | ROLE["demonstrative"]
_UNWANTED: Final = ROLE["reject"] | ROLE["removed"]


def names_an_order(parse: Parse, at: int, intent: str, spec: GrammarSpec) -> bool:
    """Whether a detail is a part of another word (不小心), of what came by mistake (点成热的了), or of the name of an
    order that is called off (取消那杯热的, 那两杯取消).
    """
    entry, start, end = parse.tokens[at]
    if _inside_a_word(parse.tokens, at) or parse.text[:start].endswith(spec.around.mistaken):
        return True
    first, last = _clause(parse.tokens, at)
    clause = parse.tokens[first:last]
    command = spec.commands.get(intent)
    if command is None or any(one.roles & _WANTS and not one.roles & _UNWANTED for one, _, _ in clause):
        return False
    acts = tuple(place for act in command.acts if (place := parse.text.find(act)) >= 0)
    pointed = any(one.roles & _POINTS for one, _, _ in clause)
    if not acts or not (pointed or any(clause[0][1] <= place < clause[-1][2] for place in acts)):
        return False
    before = clause[at - first - 1] if at > first else None
    after = parse.tokens[at + 1] if at + 1 < last else None
    if entry.kind == "measure":  # 那两杯
        return at - 2 >= first and bool(parse.tokens[at - 2][0].roles & _POINTS)
    if entry.kind != "attribute":
        return False
    if after is not None and after[0].kind == "head":
        return True
    return before is not None and bool(before[0].roles & _POINTS) and parse.text.endswith("的", start, end)


def _inside_a_word(tokens: Sequence[Token], at: int) -> bool:
    """Whether a character that alone says a value is part of a word that nobody listed: 小区, 大夫."""
    entry, start, end = tokens[at]
    if entry.kind != "attribute" or end - start > 1:
        return False
    beside = (*tokens[max(0, at - 1) : at], *tokens[at + 1 : at + 2])
    return any(one.kind == "unknown" and (left == end or right == start) for one, left, right in beside)


def _clause(tokens: Sequence[Token], at: int) -> tuple[int, int]:
    """The words between two separators around one."""
    first, last = at, at + 1
    while first and tokens[first - 1][0].kind != "separator":
        first -= 1
    while last < len(tokens) and tokens[last][0].kind != "separator":
        last += 1
    return first, last
