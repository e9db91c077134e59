"""Wishes in words that no list holds, known by what frames them.

杯子上写 before what is to be written, what the drink is named for before how much of it or how it is done
(芋泥奶茶，芋泥铺满杯底), and what a drink does or looks like before 的: 来杯喝了能暖和的.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cascade.grammar import places
from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.layout import Wish
from cascade.grammar.reading import PART, Mark, Reading
from cascade.grammar.value_words import UnfitWords, WishWords

_QUOTE: Final = '"'
_WRITTEN: Final = frozenset(
    {"unknown", "aside", "person", "final", "perfective", "filler", "guard", "recipient", "note"}
)
"""Kinds of words that may be written on a cup without quotes around them: nothing that an order is made of."""
_PLAIN: Final = frozenset({"unknown", "note", "aside", "final", "guard", "connector", "perfective"})
"""Kinds of words that say what a drink does or looks like."""
_STRANGE: Final = frozenset({"unknown", "guard", "part"})
_NAMED: Final = frozenset({"head", "attribute", "place", "value", "note", "numeral", "separator"})
"""Kinds of words that none begins with."""
_DENIED: Final = frozenset({"unknown", "guard", "reject"})
"""Kinds of words of which one must be there, for a wish and for what somebody may not drink."""
_FORBID: Final = frozenset({"question", "condition", "correction", "future", "other_sense"})
_BEFORE: Final = frozenset({"head", "attribute", "part", "measure", "final", "note", "of", "counted"})
"""Kinds of words that a wish may follow in its clause."""
_AFTER: Final = frozenset({"note", "bound", "flag", "final"})
_ASKS: Final = (
    ROLE["measure"] | ROLE["add"] | ROLE["carrier"] | ROLE["desire"] | ROLE["again"] | ROLE["filler"]
)
_TRAILS: Final = ROLE["final"] | ROLE["perfective"]
_ORDERS: Final = ROLE["opener"] | ROLE["polite"] | ROLE["carrier"] | ROLE["desire"] | ROLE["recipient"]
_CUPS: Final = ROLE["measure"] | ROLE["counted"]
_INGREDIENTS: Final = frozenset({"part", "unknown"})
_LEAST: Final = 2
"""Characters that say what an order is for."""
_WORDS: Final = 3
"""Words that say it, with 用 at the end."""
_ONE_NAME: Final = 2
"""How many names one drink has: as it is called and as it was said."""
_LONGEST: Final = 4
"""Characters of the longest name of what is in a drink, and words between 能 and 的."""


def lay_out(reading: Reading) -> None:
    """Find them before an order is read; what changes an order may say of them what was there."""
    if reading.changing:
        return
    kinds = {token[0].kind for token in reading.tokens}
    words = reading.spec.wishes
    if not kinds.isdisjoint(_STRANGE) and (wishes := dict(_found(reading, words))):
        reading.layout.wishes = wishes
    if "attribute" in kinds and not kinds.isdisjoint(_DENIED) and (told := dict(_unfit(reading, words))):
        reading.layout.told = told


def _found(reading: Reading, words: WishWords) -> Iterator[tuple[int, Wish]]:
    """Where each begins; 奶茶杯子上写生日快乐 may only tell what is on a cup."""
    text, done = reading.utterance.text, -1
    written, looks, names = words.beside["written"], words.beside["looks"], _names(reading)
    used = any(word in text for word in words.purpose)
    for place, (entry, start, _) in enumerate(reading.tokens):
        if place < done or entry.kind in _NAMED:
            continue
        mark: Mark | None = None
        after = 0
        told = reading.at(place - 1)[0].kind == "head" and not reading.begins(place)
        if (length := written.after(text, start)) and not (told and entry.kind == "measure"):
            after = _written(reading, words, place, start + length)
        if not after and entry.kind in _INGREDIENTS and names:
            after, mark = _amount(reading, words, place, names)
        if not after and used and entry.kind == "unknown":
            after = _purpose(reading, words, place)
        if described := not after and (length := looks.after(text, start)) > 0:
            after = _described(reading, words, place, start + length)
        if after and (described or _may_begin(reading, place, done)):
            done = after
            yield place, (after, mark)


def _names(reading: Reading) -> tuple[str, ...]:
    """The drinks that are named, as they are called and as they were said."""
    text = reading.utterance.text
    names: list[str] = []
    for place, (entry, start, end) in enumerate(reading.tokens):
        if entry.kind == "head":
            before, first, last = reading.at(place - 1)
            made_of = before.kind == "part" and last == start  # 芝士奶茶
            names += [entry.value, text[first if made_of else start : end]]
    return tuple(names)


def _after(reading: Reading, place: int, end: int) -> int:
    """The place after the words from a place on that end at a character, 0 where it is inside of one."""
    while place < reading.count and reading.tokens[place][2] < end:
        place += 1
    return place + 1 if place < reading.count and reading.tokens[place][2] == end else 0


def _may_begin(reading: Reading, place: int, done: int) -> bool:
    """Whether a wish may stand from a place on: in a clause of its own, after what it is said of, or after another."""
    if reading.begins_at(place) or reading.paused(place) or place == done:
        return True
    before = reading.at(place - 1)[0]
    return before.kind in _BEFORE and not (before.roles & ROLE["measure"] and _shared(reading))


def _shared(reading: Reading) -> bool:
    """Whether cups are counted more than once, and a wish may be of some: 三杯奶茶，一杯芋圆多一点; 切片 is none."""
    kinds = enumerate(entry for entry, _, _ in reading.tokens)
    return sum(entry.roles & _CUPS > 0 and reading.at(at - 1)[0].kind != "unknown" for at, entry in kinds) > 1


def _sent(reading: Reading, place: int) -> bool:
    """Whether a word at a place sends the order somewhere: 送到三楼."""
    leads = reading.at(place)[0].roles & ROLE["lead"]
    return bool(leads) and places.extent(reading, place + 1) > place + 1


def _ends(reading: Reading, place: int) -> bool:
    """Whether a wish that stands before a place is over there."""
    return reading.begins(place) or reading.at(place)[0].kind in _AFTER or _sent(reading, place)


def _written(reading: Reading, words: WishWords, place: int, start: int) -> int:
    """The place after what is to be written, from where it is said on what: 杯子上写生日快乐; 0 where it is not that.

    杯子上写错了 complains, 杯子上写着半糖 tells, 杯子上写少糖 may say it of the drink.
    """
    text = reading.utterance.text
    if start >= len(text) or text.startswith(words.unwritten, start):
        return 0
    first, quoted = place, False
    while reading.tokens[first][2] <= start:
        first += 1
    if reading.tokens[first][1] < start and reading.tokens[first][0].kind != "unknown":
        return 0  # 卡片写 before 写作
    after = first
    while after < reading.count:
        entry = reading.tokens[after][0]
        if text[reading.tokens[after][1] : reading.tokens[after][2]] == _QUOTE:
            quoted = not quoted
        elif not quoted and _written_before(reading, after, first):
            break
        elif not (quoted or _may_be_written(entry) or (after == first and entry.kind == "measure")):
            return 0  # 写个加油 is written, 写两杯 is not
        after += 1
    return after if after > first and not quoted else 0


def _written_before(reading: Reading, place: int, first: int) -> bool:
    """Whether what is to be written, which begins at a place, is over before another."""
    over = place > first and (_sent(reading, place) or reading.paused(place))
    return over or bool(reading.tokens[place][0].roles & ROLE["separator"])


def _may_be_written(entry: Entry) -> bool:
    return entry.kind in _WRITTEN and entry.guard not in _FORBID


def _amount(
    reading: Reading, words: WishWords, place: int, names: tuple[str, ...]
) -> tuple[int, Mark | None]:
    """The place after how much there shall be of something, or how it is done, and the mark of a part that is added.

    What the drink is named for is in it already: 芋泥奶茶，芋泥多一点. Anything else must be a known part.
    """
    entry, start, end = reading.tokens[place]
    text, amounts = reading.utterance.text, words.beside["amounts"]
    part = entry.kind == "part"
    for length in (end - start,) if part else range(_LONGEST, 1, -1):
        said = text[start : start + length]
        named = any(said in name for name in names)
        if not (named or part):
            continue
        until = start + length + (words.beside["bits"].after(text, start + length) if named else 0)
        amount = amounts.after(text, until)  # 给足 after 柚子肉
        if not amount:
            continue
        after = _after(reading, place, until + amount)
        if not after or not _ends(reading, after):
            return 0, None
        if named or entry.slot is None:
            return after, None
        strange = not any(char in name for char in said for name in names)  # no 葡萄冻 of 多肉葡萄
        adds = strange and len(names) == _ONE_NAME and text.startswith(words.more, until)
        return (after, (PART, entry.slot.field, entry.value)) if adds else (0, None)
    return 0, None


def _described(reading: Reading, words: WishWords, place: int, start: int) -> int:
    """The place after what a drink does or looks like, with 的 at its end: 喝了能暖和的; 0 where it is not that."""
    first = _after(reading, place, start)
    before = reading.at(place - 1)[0]
    if not first or not (before.roles & _ASKS or reading.begins_at(place)) or _shared(reading):
        return 0
    text, last = reading.utterance.text, first
    while last < reading.count and last - first <= _LONGEST:
        entry, _, end = reading.tokens[last]
        over = entry.roles & ROLE["of"] or (entry.kind == "note" and entry.form.endswith(words.of))
        if over and text[:end].endswith(words.of):
            return last + 1 if last > first or entry.kind == "note" else 0
        plain = entry.kind in _PLAIN and not reading.ends_at(last)
        if not plain and entry.form not in words.no:
            return 0
        last += 1
    return 0


def _purpose(reading: Reading, words: WishWords, place: int) -> int:
    """The place after what an order is for, where its clause ends: 拍照用; 0 where 用 may say anything else."""
    _, start, end = reading.tokens[place]
    text = reading.utterance.text
    after = place + 1
    while reading.tokens[after - 1][2] < len(text) and not reading.begins(after) and after - place < _WORDS:
        after += 1
    said = text[start : reading.tokens[after - 1][2]]
    if after - place > _WORDS or not said.endswith(words.purpose) or not reading.begins(after):
        return 0
    what = text[start:end]
    rest = [entry for entry, _, _ in reading.tokens[place + 1 : after]]
    plain = all(entry.roles & (ROLE["spend"] | ROLE["swap"] | ROLE["person"]) for entry in rest)
    length = max(len(form) for form in words.purpose if said.endswith(form))
    if not plain or len(what) < _LEAST or len(said) - length < _LEAST:
        return 0
    if any(word in said for word in words.pays) or said[: len(said) - length].endswith(words.idle):
        return 0
    return after


def _unfit(reading: Reading, words: WishWords) -> Iterator[tuple[int, int]]:
    """Clauses that tell what somebody may not drink, where what is ordered is fit for them: 不能喝冰的，来杯热奶茶."""
    text = reading.utterance.text
    tellers, done = words.beside["tellers"], 0
    for place, (_, start, _) in enumerate(reading.tokens):
        if place < done or not (
            reading.begins_at(place) or reading.paused(place) or _follows_state(reading, place)
        ):
            continue
        told = start + tellers.after(text, start)
        for unfit in words.unfit:
            length = unfit.beside.after(text, told)
            after = _after(reading, place, told + length) if length else 0
            while after and reading.at(after)[0].roles & _TRAILS:
                after += 1
            if after and _over(reading, after) and _fit(reading, unfit, place, after):
                done = after
                yield place, after
                break


def _follows_state(reading: Reading, place: int) -> bool:
    """Whether a wish stands right before a place: 牙疼不能吃凉的."""
    return reading.at(place - 1)[0].kind == "note"


def _over(reading: Reading, place: int) -> bool:
    """Whether what somebody may not drink is said before a place, and no question is asked of it."""
    entry = reading.at(place)[0]
    return bool(entry.roles & (ROLE["separator"] | _ORDERS)) or reading.paused(min(place, reading.count - 1))


def _fit(reading: Reading, unfit: UnfitWords, first: int, after: int) -> bool:
    """Whether the values of a slot that are said outside of a clause are all fit, and there is one."""
    said = [
        entry.value
        for place, (entry, _, _) in enumerate(reading.tokens)
        if not first <= place < after and entry.slot is not None and entry.slot.name == unfit.slot
    ]
    return bool(said) and all(value in unfit.instead for value in said)
