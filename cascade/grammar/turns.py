"""People who say one after the other what is theirs: 我奶茶她果茶, 小李要奶茶小王要柠檬水, 给大宝点奶昔给二宝点冰沙.

Where a name stands after each of them, it is theirs and no other, and the next of them begins another item. Nothing is
said here where one of them names two things, or nothing, or where two of them may be the same.
"""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import Reading

_WHO: Final = ROLE["person"] | ROLE["owner"]
ANYBODY: Final = _WHO | ROLE["speaker"]
"""Roles of the words that may say who it is."""
_SPEAKS: Final = ROLE["carrier"] | ROLE["desire"] | ROLE["opener"]
_WANTS: Final = ROLE["wants"] | ROLE["carrier"] | ROLE["desire"] | ROLE["filler"]
_PAUSES: Final = ROLE["separator"] | ROLE["final"] | ROLE["filler"]
_OF_ITEMS: Final = frozenset({"attribute", "of", "numeral", "measure", "portion", "count"})

_COLON: Final = ":"

Turn = tuple[int, int, str]
"""Where the words for one of them begin, the place after them, and who it is."""


def in_turn(reading: Reading) -> dict[int, int]:
    """Where each of several people begins to say what is theirs, and the place after the words that say so."""
    people = [place for place, token in enumerate(reading.tokens) if token[0].roles & ANYBODY]
    for place in people if len(people) > 1 else ():
        given = bool(reading.at(place - 1)[0].roles & ROLE["recipient"])
        turns, then = _row(reading, place - given)
        if then < 0:
            break
        if turns and _theirs_too(reading, turns, then):
            reading.fail("tie", "whose is it")  # 我要奶茶她要热的
        if len(turns) > 1:
            return turns
    return {}


def _row(reading: Reading, place: int) -> tuple[dict[int, int], int]:
    """The turns from a place on and the place after them, -1 where two of the people may be the same."""
    found: dict[int, int] = {}
    people: set[str] = set()
    while (turn := _turn(reading, place)) is not None:
        start, after, who = turn
        end = _item(reading, after)
        if not end:
            break
        if who in people or _may_be(who, people, reading):
            return {}, -1  # 他要奶茶他要果茶, 我妈要奶茶她要果茶: the same, or another
        found[start] = after
        people.add(who)
        place = end
        while place < reading.count and reading.tokens[place][0].roles & _PAUSES:
            if _turn(reading, place) is not None:
                break
            place += 1
    return found, place


def _theirs_too(reading: Reading, turns: dict[int, int], place: int) -> bool:
    """Whether somebody else only says what theirs is like, after one who named one cup: another, or the same."""
    first, after = next(iter(turns.items()))
    before, turn = _turn(reading, first), _turn(reading, place)
    if (
        before is None
        or turn is None
        or turn[2] == before[2]
        or reading.tokens[first][0].roles & ROLE["opener"]
    ):
        return False
    counted = any((reading.number(at) or 0) > 1 for at in range(after, place))
    described = reading.at(turn[1])[0]
    says = described.kind == "attribute" or (
        described.roles & (ROLE["add"] | ROLE["remove"]) and reading.at(turn[1] + 1)[0].kind == "part"
    )
    return bool(says) and not counted and not _item(reading, turn[1])


def _may_be(who: str, people: set[str], reading: Reading) -> bool:
    """Whether a pronoun may be somebody who was named before."""
    others = people - {reading.spec.words.speaker[0]} - set(reading.spec.words.owner)
    return who in reading.spec.words.owner and bool(others)


def _turn(reading: Reading, place: int) -> Turn | None:
    """Somebody, and what says that they want something: 我, 给我妈来, 小李要."""
    at, words = place, reading.spec.words
    if given := bool(reading.at(at)[0].roles & ROLE["recipient"]):
        at += 1
    entry = reading.at(at)[0]
    speaks = bool(entry.roles & ROLE["speaker"] and entry.roles & _SPEAKS)
    if not (entry.roles & _WHO or speaks) or entry.slot is not None or entry.roles & ROLE["couple"]:
        return None
    if any(word in entry.form for word in words.crowd) or _joined(reading, place, given=given):
        return None
    who = words.speaker[0] if speaks or entry.form in words.speaker else entry.form.removesuffix(words.of[0])
    at += 1
    if entry.roles & ROLE["owner"] and reading.at(at)[0].roles & ROLE["person"]:
        who, at = f"{who}{reading.at(at)[0].form}", at + 1  # 她同学
    if reading.at(at)[0].kind == "of":
        at += 1
    elif reading.tokens[at - 1][0].form.endswith(words.of[0]) and reading.at(at)[0].form == words.copula[0]:
        return place, at + 1, who  # 我的是奶茶他的是果茶
    if reading.at(at)[0].form == _COLON and reading.begins_at(place):
        return place, at + 1, who  # 我:奶茶;室友:果茶
    while (not speaks or entry.roles & ROLE["opener"]) and _wants(reading, at):
        at += 1
    return place, at, who


def _joined(reading: Reading, place: int, *, given: bool) -> bool:
    """Whether somebody else is joined to them: 我和她要奶茶 are two."""
    return not given and bool(reading.at(place - 1)[0].roles & ROLE["connector"])


def _wants(reading: Reading, place: int) -> bool:
    """要, 想喝, and 喝 before what it is."""
    entry = reading.at(place)[0]
    drinks = entry.roles & ROLE["drunk"] and not entry.roles & ROLE["thing"]
    return bool(entry.roles & _WANTS or drinks) and entry.slot is None


def _item(reading: Reading, place: int) -> int:
    """The place after the one item that is said at a place, 0 where there is none, or more than one."""
    named = False
    while True:
        entry, following = reading.at(place)[0], reading.at(place + 1)[0]
        if entry.kind == "head":
            if named:
                return 0
            named = True
        elif entry.roles & (ROLE["add"] | ROLE["remove"]) and following.kind == "part":
            place += 1
        elif entry.kind not in _OF_ITEMS:
            break
        place += 1
    return place if named else 0
