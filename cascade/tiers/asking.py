"""Whether a question asks for what an intent does, and not only whether it can be done.

能不能给我取消 and 可以取消我刚才的订单吗 want it done; 能取消吗, 还能取消那单吗 and 店家能取消我的订单吗 want to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cascade.grammar import Guard, Parse
from cascade.grammar.acting_words import CommandSpec
from cascade.grammar.entry import ROLE, Token
from cascade.text import Utterance
from cascade.tiers.commanding import BREAKS, clauses

_Place = tuple[int, int]

_POINTS: Final = ROLE["reference"] | ROLE["object"]
_LEADS: Final = _POINTS | ROLE["opener"] | ROLE["polite"] | ROLE["filler"] | ROLE["aside"]
"""What may stand before the question, or between it and what it asks for: 我那单能不能, 能麻烦帮我."""
_NAMES: Final = frozenset({"separator", "head", "attribute", "of"})
_CLOSES: Final = frozenset({"final", "perfective", "asking", "numeral", "measure"})


def asked_for(guard: Guard, utterance: Utterance, parse: Parse, command: CommandSpec) -> bool:
    """Whether a guard only makes a request polite: 能 and 吗 in 能取消我那单吗."""
    clause = next(place for place in clauses(utterance) if place[0] <= guard.start < place[1])
    lead = _lead(parse, command, clause)
    if lead is None or not _asks(parse, lead, clause, command):
        return False
    return guard == lead or _closing(guard, parse, clause, command)


def _lead(parse: Parse, command: CommandSpec, clause: _Place) -> Guard | None:
    """The word that begins a question in a clause, where nothing else is asked."""
    asking = [
        guard
        for guard in parse.guards
        if guard.reason == "question" and not _closing(guard, parse, clause, command)
    ]
    if len(asking) != 1 or parse.text[asking[0].start : asking[0].end] not in command.asks:
        return None
    return asking[0]


def _closing(guard: Guard, parse: Parse, clause: _Place, command: CommandSpec) -> bool:
    """Whether a guard ends the question."""
    start, end = clause
    ended = guard.end in (len(parse.text[:end].rstrip(BREAKS)), end)
    return start <= guard.start and ended and parse.text[guard.start : guard.end] in command.asked


def _asks(parse: Parse, lead: Guard, clause: _Place, command: CommandSpec) -> bool:
    """Whether a question is of an order that is pointed at, or to somebody who is told to do it."""
    start, end = clause
    rest = parse.text[lead.end : end]
    place = {rest.find(act): len(act) for act in sorted(command.acts, key=len) if act in rest}
    if not place or not all(_leads(token) for token in _within(parse, start, lead.start)):
        return False
    at = min(place)
    if at:
        addressed = any(word in rest[:at] for word in command.addressed)
        return addressed and all(
            _names(token, parse, command) for token in _within(parse, lead.end, lead.end + at)
        )
    pointed = any(
        entry.roles & ROLE["reference"] and parse.text[first:last] not in command.names
        for entry, first, last in _within(parse, start, end)
    )
    named = _within(parse, lead.end + place[at], end)
    return command.asked_of_own and pointed and all(_names(token, parse, command) for token in named)


def _within(parse: Parse, start: int, end: int) -> Sequence[Token]:
    return [parse.tokens[at] for at in parse.within(start, end)]


def _leads(token: Token) -> bool:
    entry = token[0]
    return bool(entry.roles & _LEADS) or entry.kind in _NAMES


def _names(token: Token, parse: Parse, command: CommandSpec) -> bool:
    """Whether a word is of the name of an order, or of the end of the question."""
    entry, start, end = token
    word = parse.text[start:end]
    return _leads(token) or entry.kind in _CLOSES or word in command.objects or word in command.asked
