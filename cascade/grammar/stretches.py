"""Where a value that is kept as spoken begins and ends, in the stretch that a model marked for it or a word beyond.

A mark is right about what it is and may be wrong about its edges, and what is kept as spoken is handed on as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cascade.grammar.entry import ROLE, Token
from cascade.grammar.numerals import NUMERAL_CHARS, parse_numeral
from cascade.grammar.spec import GrammarSpec

_BEFORE: Final = frozenset({"separator", "filler", "perfective"})
"""Kinds of words that a stretch may begin with and that say nothing. 地 and 喝 belong to what follows: 地铁口, 喝完."""
_AFTER: Final = _BEFORE | {"of", "inside", "final"}
"""The same at its end: 清爽的."""
_HOURS: Final = 24
_REPEATED: Final = 3
"""As many characters twice are one thing said again."""
_LEAST: Final = 2
"""Characters that must be left of a value when what leads to it is taken off."""


def inner(spec: GrammarSpec, text: str, words: Sequence[Token], *, place: bool) -> tuple[int, int] | None:
    """The value in a stretch of ``words`` of a text; ``None`` where the stretch says nothing.

    ``place`` says that the value is an address, whose name may end like a particle: 网吧.
    """
    first, last = 0, len(words)
    while first < last and (words[first][0].kind in _BEFORE or _of(words[first], text)):
        first += 1
    while last > first and words[last - 1][0].kind in _AFTER:
        said = text[words[first][1] : words[last - 1][2]]
        follows = text[words[last - 1][2] :][:1]
        if _place_ends(spec, said, follows) if place else _wish_ends(spec, said, words[last - 1], follows):
            break
        last -= 1
    if all(entry.kind in _AFTER for entry, _, _ in words[first:last]):
        return None
    start, end = words[first][1], words[last - 1][2]
    if place:
        end -= _way(spec, text[start:end])
    while not place and (lead := _lead(spec, text[start:end])):
        start += lead
    return start, end


def widened(
    spec: GrammarSpec, text: str, words: Sequence[Token], span: tuple[int, int], free: tuple[int, int]
) -> tuple[int, int]:
    """A marked place with what is left of the words it cuts, and what belongs to it, within what is free around it.

    ``words`` are those of the whole text: 老婆单位 after 我 is 我老婆单位, 宿管阿姨 before 那里 is 宿管阿姨那里.
    """
    start, end = span
    for entry, first, last in words:
        if free[0] <= first < start < last and entry.roles & ROLE["person"]:
            start = first
    tails = spec.address.tails if spec.address is not None else ()
    tail = next((tail for tail in tails if text.startswith(tail, end) and end + len(tail) <= free[1]), "")
    return start, end + len(tail)


def doubtful(spec: GrammarSpec, text: str, words: Sequence[Token], start: int, end: int) -> bool:
    """Whether a value is more, or less, than one thing that can be kept: 公司或者家, 20块, 3点 before 20杯."""
    value = text[start:end]
    if _cut(text, start) or _cut(text, end):
        return True  # 周五dep of 周五deploy
    if said_twice(value) or any(sign in value for sign in spec.spoken.doubtful):
        return True
    priced = [entry.kind == "numeral" or entry.roles & ROLE["unit"] for entry, _, _ in words]
    if len(priced) > 1 and all(priced):
        return True
    if spec.clock is None or not value.endswith(spec.clock.hours):
        return False
    runs_on = text[end : end + 1] in NUMERAL_CHARS and text[end : end + 1] != ""
    hours = [parse_numeral(text[first:last]) for entry, first, last in words if entry.kind == "numeral"]
    return runs_on or any(hour is None or hour > _HOURS for hour in hours)


def said_twice(value: str) -> bool:
    """Whether a value ends as it begins, as what somebody repeats does: 和平路三十号对和平路三十号."""
    return any(value[:length] == value[-length:] for length in range(_REPEATED, len(value) // 2 + 1))


def _of(word: Token, text: str) -> bool:
    """Whether a word links what stands before it: 的, and 地 only where it is no beginning of a name."""
    entry, start, end = word
    return entry.kind in ("of", "inside") and text[start:end] != "地"


def _place_ends(spec: GrammarSpec, said: str, follows: str) -> bool:
    """Whether what looks like a particle ends the name of a place: 网吧, 直播基地, 棚子里; 秋千那 before a pause."""
    address = spec.address
    if address is None:
        return False
    ends = (*address.endings, *address.tails, *address.keeps)
    return said.endswith(ends) or (_closed(follows) and _after(said, address.beside))


def _wish_ends(spec: GrammarSpec, said: str, word: Token, follows: str) -> bool:
    """Whether it ends a wish: 放抽屉里, 不辣的那种, 奶油别化了. Where to put it keeps what settles it: 放宿管那就行."""
    put = said.startswith(spec.words.set_down)
    beside = spec.address.beside if spec.address is not None else ()
    if put and (word[0].roles & ROLE["settles"] or (_closed(follows) and _after(said, beside))):
        return len(said) > len(word[0].form) + 1
    return _after(said, spec.spoken.keeps)


def _after(said: str, ends: tuple[str, ...]) -> bool:
    """Whether something stands before one of these ends."""
    return any(said.endswith(end) and len(said) > len(end) for end in ends)


def _closed(follows: str) -> bool:
    return not follows.isalnum()


def _way(spec: GrammarSpec, value: str) -> int:
    """How many characters after the name of a place are no part of it: 篮球馆来."""
    address = spec.address
    ways = address.ways if address is not None else ()
    rests = (value[: -len(way)] for way in ways if value.endswith(way))
    return next((len(value) - len(rest) for rest in rests if address and rest.endswith(address.endings)), 0)


def _cut(text: str, place: int) -> bool:
    """Whether a place is inside of a Latin word or of a number."""
    left, right = text[place - 1 : place], text[place : place + 1]
    both = left.isascii() and right.isascii()
    return both and ((left.isalpha() and right.isalpha()) or (left.isdigit() and right.isdigit()))


def _lead(spec: GrammarSpec, value: str) -> int:
    """How many characters lead to a wish and are no part of it: 备注改成放门口 is 放门口."""
    for lead in spec.spoken.leads:
        rest = value[len(lead) :]
        if value.startswith(lead) and len(rest) >= _LEAST and rest[0].isalpha():
            return len(lead)
    return 0
