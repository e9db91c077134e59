"""Whether an act is done with something that an order or a coupon is called: 取消那单 and 领券, not 取消考试 and 领奖.

Where nothing of the kind is named, the act must be all that is said: 帮我取消一下吧, 我也要领一个. Where it is
named, what follows its name in the clause must say nothing, or which one, unless somebody is told to do it: nobody asks
for anything with 领券大军 and 取消订单真麻烦.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.acting_words import CommandSpec
from cascade.grammar.entry import ROLE
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance
from cascade.tiers.commanding import BREAKS, clauses
from cascade.tiers.guarding import Place, kinds_of

_ENDS: Final = BREAKS + "吧呗哈"
"""Characters that end what an act is done with; a space that was typed ends it too."""
_NAMES: Final = frozenset({"head", "attribute", "flag"})
"""Kinds of words that tell an order or a coupon apart."""


def strange(utterance: Utterance, parse: Parse, intent: str, spec: GrammarSpec) -> Place | None:
    """Where every act is one of something else; ``None`` where one may be of an order, or of a coupon.

    One act that nothing strange stands beside is enough: 领完告诉我，帮我领 asks for what it is.
    """
    command = spec.commands.get(intent)
    if command is None or not command.objects:
        return None
    named = _named(parse, command)
    found: Place | None = None
    for start, end in _acts(parse.text, command):
        first, stop = next(place for place in clauses(utterance, _ENDS) if place[0] <= start < place[1])
        if named:
            begin, rest = start, _after_name(parse.text, end, stop, command)
            told = any(word in parse.text[first:stop] for word in command.addressed)
            plain = told or rest is None or _silent(parse, rest, stop, spec)
        else:
            begin = _object_of(parse, first, start)
            plain = _silent(parse, begin, start, spec) and _silent(parse, end, stop, spec)
        if plain:
            return None
        found = found or (begin, stop)
    return found


def _named(parse: Parse, command: CommandSpec) -> bool:
    if any(name in parse.text for name in command.objects):
        return True
    return any(_NAMES.intersection(kinds_of(entry)) for entry, _, _ in parse.tokens)


def _acts(text: str, command: CommandSpec) -> Iterator[Place]:
    """The longest act at each place where one begins."""
    at = 0
    while at < len(text):
        act = max((act for act in command.acts if text.startswith(act, at)), key=len, default="")
        if act:
            yield at, at + len(act)
        at += len(act) or 1


def _object_of(parse: Parse, first: int, act: int) -> int:
    """Where what an act is done with begins, if it is said before it in its clause: 考试 in 把考试取消."""
    ends = (end for entry, _, end in parse.tokens if entry.roles & ROLE["object"] and first <= end <= act)
    return max(ends, default=act)


def _after_name(text: str, start: int, stop: int, command: CommandSpec) -> int | None:
    """Where the last name after an act ends; ``None`` where none is said there: 把券领了."""
    places = ((text.rfind(name, start, stop), len(name)) for name in command.names)
    return max((at + length for at, length in places if at >= 0), default=None)


def _silent(parse: Parse, start: int, stop: int, spec: GrammarSpec) -> bool:
    """Whether a stretch holds but words that say nothing, pictures, and what tells an order apart."""
    names = {begin: end for entry, begin, end in parse.tokens if _NAMES.intersection(kinds_of(entry))}
    while start < stop:
        light = (word for word in spec.around.lightly if parse.text.startswith(word, start))
        if start in names:
            start = names[start]
        elif not parse.text[start].isalnum():
            start += 1
        elif word := max(light, key=len, default=""):
            start += len(word)
        else:
            return False
    return True
