"""Who the people are that are named, how many, and whose an item is: 我和我妈一人一杯, 爷爷一杯热红茶，奶奶一杯豆浆."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from cascade.grammar.entry import ROLE
from cascade.grammar.reading import HEAD, QUANTITY, Reading

_WANTS: Final = ROLE["wants"]
_OF_ITEMS: Final = frozenset({"head", "attribute", "part", "measure"})
_OF_A_SHARE: Final = frozenset({"attribute", "of", "measure"})
_ELSEWHERE: Final = frozenset({"numeral", "flag", "value"})


def orders_for_speaker(reading: Reading, after: int) -> bool:
    """Whether one of the speaker's people does what only another is asked to do: 我妈给我点杯奶茶 tells."""
    speaker, who = tuple(reading.spec.words.speaker), reading.tokens[after - 1][0].form
    while reading.at(after)[0].roles & _WANTS:
        after += 1
    given, orders = reading.at(after)[0], reading.at(after + 1)[0]
    serves = given.roles & ROLE["opener"] and given.form.endswith(speaker)
    return bool(
        who.startswith(speaker)
        and serves
        and orders.roles & ROLE["carrier"]
        and not reading.ends_at(after + 2)  # 我同事帮我拿
    )


def next_in_turn(reading: Reading, place: int, after: int) -> bool:
    """Whether one item stands right before a person and another after: 妈妈要热豆浆爸爸要咖啡."""
    named = [mark for mark in reading.clause() if mark[0] in (HEAD, QUANTITY)]
    if not named or named[-1][0] is not HEAD or reading.at(place - 1)[0].kind not in _OF_ITEMS:
        return False
    while not (reading.ends_at(after) or reading.at(after)[0].roles & (ROLE["person"] | ROLE["speaker"])):
        if reading.tokens[after][0].kind == "head":
            return True
        after += 1
    return False


def served_in_turn(reading: Reading) -> list[int]:
    """Where people stand, each before the one item that is theirs: 爷爷一杯热红茶，奶奶一杯豆浆."""
    tokens = reading.tokens
    found = [
        place
        for place, (entry, _, _) in enumerate(tokens)
        if entry.roles & ROLE["person"]
        and reading.at(place + 1)[0].kind == "numeral"
        and reading.at(place + 2)[0].roles & ROLE["measure"]
    ]
    edges = [*found, reading.count]
    spans = [tokens[first + 3 : last] for first, last in pairwise(edges)]
    names = [sum(entry.kind == "head" for entry, _, _ in span) for span in spans]
    before = [entry.kind for entry, _, _ in tokens[: edges[0]]]
    own = all(count == 1 for count in names) and not _OF_ITEMS.intersection(before)
    shares = not any(names) and before.count("head") == 1 and "measure" in before  # 两杯奶茶，我一杯她一杯
    counted = any(entry.roles & ROLE["measure"] for span in spans for entry, _, _ in span)
    return found if len(found) > 1 and (own or shares) and not counted else []


def of_a_share(reading: Reading, place: int, after: int) -> bool:
    """Whether a cup counted right before is given to somebody, and no other is named after: 一杯给奶奶要热的."""
    first = place - 1
    while reading.at(first)[0].kind in _OF_A_SHARE:
        first -= 1
    counted = reading.at(first + 1)[0].roles & ROLE["measure"] and reading.at(first)[0].kind == "numeral"
    last = after
    while not (reading.ends_at(last) or reading.at(last)[0].kind in _ELSEWHERE):
        if reading.tokens[last][0].kind == "head":
            return False
        last += 1
    named = any(entry.kind == "head" for entry, _, _ in reading.tokens)
    return bool(counted) and named


def persons(reading: Reading, place: int) -> tuple[int, int]:
    """The place after the people named from a place on, and how many they are."""
    count = 0
    while reading.at(place)[0].roles & ROLE["person"]:
        count, place = count + 1, place + 1
        joined = (
            reading.at(place)[0].roles & ROLE["connector"] and reading.at(place + 1)[0].roles & ROLE["person"]
        )
        place += 1 if joined else 0
        if not joined:
            break
    return place, count


def _crowded(reading: Reading, place: int, after: int) -> bool:
    """Whether nobody knows how many one of these people is: 我和同事们."""
    crowd = reading.spec.words.crowd
    return any(word in entry.form for entry, _, _ in reading.tokens[place:after] for word in crowd)


def among_others(reading: Reading, place: int, after: int) -> bool:
    """Whether some want one thing and others another, and nobody says how many: 同事们要奶茶，我要果茶."""
    kinds = [entry.kind for entry, _, _ in reading.tokens]
    return kinds.count("head") > 1 and "numeral" not in kinds and _crowded(reading, place, after)


def counted(reading: Reading, number: int, place: int = 0, after: int = 0) -> None:
    """Note how many people they are, who stand from one place up to another."""
    following = reading.at(after)[0].roles & (ROLE["apiece"] | ROLE["each"])
    if reading.people not in (0, number) or (following and _crowded(reading, place, after)):
        reading.fail("tie", "how many people")
    reading.people = number


def serve(reading: Reading, after: int) -> None:
    """Somebody else's item must be named: in 一杯奶茶，我妈要热的 the cup may be another one."""
    reading.served = True
    if not (reading.said(HEAD) or reading.said(QUANTITY)):
        return
    while not reading.ends_at(after):
        if reading.tokens[after][0].kind == "head":
            return
        after += 1
    reading.fail("tie", "whose is it")
