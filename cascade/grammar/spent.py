"""A flag named with how many and which, and the verb that spends it: 用两张快过期的券, 三张券全用了, 把学生券给我用上.

Found before an utterance is read, since the numbers in it count nothing that is ordered. What may itself be what is
wanted (来一张免单卡), or is only told of or asked about (券用了吗), is none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cascade.grammar.entry import ROLE, Entry, Slot
from cascade.grammar.numerals import number_at_end
from cascade.grammar.piece import Fields, Unclear
from cascade.grammar.reading import Reading

_SPENDS: Final = ROLE["spend"]
_ORDERS: Final = (
    ROLE["carrier"] | ROLE["opener"] | ROLE["polite"] | ROLE["again"] | ROLE["desire"] | ROLE["serve"]
)
_WHICH: Final = ROLE["which"] | ROLE["of"] | ROLE["demonstrative"] | ROLE["intended"] | ROLE["unit"]
_BETWEEN: Final = ROLE["opener"] | ROLE["duly"] | ROLE["all"] | ROLE["filler"]
_TRAILS: Final = ROLE["perfective"] | ROLE["final"]
_PAUSES: Final = ROLE["separator"] | ROLE["filler"] | ROLE["opener"] | ROLE["duly"] | ROLE["perfective"]
_PRICED: Final = ROLE["unit"] | ROLE["which"]
_MEASURES: Final = ROLE["measure"] | ROLE["counted"] | ROLE["portion"]
_SEVERAL: Final = 2
_LEADS: Final = ROLE["duly"] | ROLE["filler"] | ROLE["aside"] | ROLE["headcount"]
_ITEMS: Final = frozenset({"numeral", "measure", "count", "head", "attribute", "value"})
_NAMES: Final = frozenset({"head", "attribute", "part"})
_AGAIN: Final = ROLE["amend"] | ROLE["rather"]
_ASKED: Final = ROLE["opener"] | ROLE["polite"]
_SAID: Final = frozenset({"attribute", "part", "place", "note", "value", "final"})
_SAID_LAST: Final = frozenset({"head", "attribute", "part", "note", "separator", "final"})


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The words that spend a flag, and how many of it."""

    first: int
    after: int
    number: int


def lay_out(reading: Reading) -> None:
    """Pass over the words that spend a flag, and note that it is spent."""
    if reading.changing:
        return
    places = [place for place, token in enumerate(reading.tokens) if token[0].kind == "flag"]
    purses = [place for place, token in enumerate(reading.tokens) if token[0].roles & ROLE["purse"]]
    named = [*places, *purses]
    for place in () if named and _portioned(reading) else named:
        found = _spent(reading, place) if _bare(reading.tokens[place][0]) else _spends_itself(reading, place)
        if found is not None:
            _keep(reading, found)
            if place in purses:
                _names_a_flag(reading, place)
    if places and (last := _last_of_all(reading, places[0])):
        reading.layout.passed |= {last}
    if not places and reading.layout.spends and (unnamed := _unnamed(reading)) is not None:
        _keep(reading, unnamed)


def _keep(reading: Reading, found: _Stretch) -> None:
    words = range(found.first, found.after)
    reading.layout.passed |= {at for at in words if not _sells(reading.tokens[at][0])}
    reading.spent = max(reading.spent, found.number)
    field = next(slot.field for slot in reading.spec.slots.values() if slot.role == "flag")
    reading.put(field or "", True)


def _names_a_flag(reading: Reading, place: int) -> None:
    """Take a purse that is spent for the flag that it is from now on."""
    entry, start, end = reading.tokens[place]
    name, spec = next((name, spec) for name, spec in reading.spec.slots.items() if spec.role == "flag")
    flag = Entry(
        entry.form, "flag", entry.roles, Slot(name, spec, spec.field or ""), next(iter(spec.nouns), "")
    )
    reading.tokens = [*reading.tokens]
    reading.tokens[place] = (flag, start, end)


def _unnamed(reading: Reading) -> _Stretch | None:
    """A verb in a clause of its own with which one, where no flag is named: 就用今天发的那张，来杯奶茶."""
    words = reading.spec.words
    for place, (entry, _, _) in enumerate(reading.tokens):
        if not entry.roles & _SPENDS or entry.roles & ROLE["carrier"] or not reading.begins(place):
            continue
        after = place + 1
        while not reading.begins(after) and reading.tokens[after][0].roles & (_WHICH | ROLE["numeral"]):
            after += 1
        said = [token[0].form for token in reading.tokens[place:after]]
        which = any(form.endswith(words.again_named) for form in said[1:])
        numbered = len(said) > 1 and said[0].endswith(words.again_named)
        if (which or numbered) and _parted(reading, after) and not _portioned(reading):
            return _Stretch(place, after, 1)
    return None


def _last_of_all(reading: Reading, flag: int) -> int:
    """The place of a verb that spends, after all that is ordered, a flag spoken of before: 我有张券，帮我点杯奶茶用掉.

    0 where there is none. 用了 may tell it, unless somebody was asked for the order.
    """
    place = reading.count - 1
    while place > flag and reading.tokens[place][0].roles & (_TRAILS | ROLE["separator"]):
        place -= 1
    entry = reading.at(place)[0]
    if not entry.roles & _SPENDS or entry.roles & (ROLE["pays"] | ROLE["carrier"]) or len(entry.form) == 1:
        return 0
    before = [token[0] for token in reading.tokens[flag + 1 : place]]
    told = entry.form.endswith(reading.spec.words.perfective)
    asks = any(word.roles & (_ASKED if told else _ORDERS) for word in before)
    named = any(word.kind in _NAMES for word in before)
    return place if asks and named and before[-1].kind in _SAID_LAST else 0


def _portioned(reading: Reading) -> bool:
    """Whether nothing is named and what is counted may be the flag: 免单的卡，给我来一个."""
    entries = [entry for entry, _, _ in reading.tokens]
    return all(entry.kind != "head" for entry in entries) and any(
        entry.roles & ROLE["portion"] for entry in entries
    )


def check_spent(reading: Reading, items: list[Fields]) -> None:
    """As many are spent as are ordered, one for each, unless it is said how many are ordered: 用两张券点一杯奶茶.

    Raises :class:`~cascade.grammar.piece.Unclear`.
    """
    if _kept_back(reading):
        raise Unclear("conflict", "spent, and not to be spent")
    if reading.spent < _SEVERAL:
        return
    counted = any(
        entry.roles & ROLE["count"] or (entry.kind == "numeral" and reading.at(at + 1)[0].roles & _MEASURES)
        for at, (entry, _, _) in enumerate(reading.tokens)
        if at not in reading.layout.passed
    )
    total = sum(item.get(reading.spec.quantity.field, 1) for item in items)
    if total != reading.spent and not counted:
        raise Unclear("tie", f"{reading.spent} to spend, and not as many ordered")


def _kept_back(reading: Reading) -> bool:
    """Whether a flag is to be spent, and not to be: 我有券，来杯奶茶，不用券, no 不用券，来杯奶茶，还是用券吧."""
    kept = [at for at, (entry, _, _) in enumerate(reading.tokens) if entry.roles & ROLE["kept_back"]]
    fields = [slot.field for slot in reading.spec.slots.values() if slot.role == "flag"] if kept else []
    if not any(field in reading.values for field in fields):
        return False
    after = [entry for entry, _, _ in reading.tokens[kept[-1] + 1 :]]
    again = next((at for at, entry in enumerate(after) if entry.roles & _AGAIN), len(after))
    return all(entry.kind != "flag" for entry in after[again:])


def _bare(entry: Entry) -> bool:
    """Whether a word names a flag and no more: 券 and 免单卡, not 用券."""
    if entry.slot is None:
        return True
    return entry.value in entry.slot.spec.nouns or entry.form in entry.slot.spec.hints


def _spent(reading: Reading, place: int) -> _Stretch | None:
    first, number = _which(reading, place)
    after, more = _how_many(reading, place + 1)
    number = max(number, more)
    before = _verb_before(reading, first)
    if _pays(reading, place, first, after):
        return None
    if before < first:
        after = _verb_after(reading, after)[0] or _trailing(reading, after)
        takes = reading.tokens[first - 1][0].roles & ROLE["carrier"]  # 拿张券，来杯奶茶 may take one first
        goes_on = _orders(reading, after) if takes else _goes_on(reading, after)
        return _Stretch(before, after, number) if goes_on else None
    taken = bool(reading.at(first - 1)[0].roles & ROLE["object"])
    first -= taken
    if not taken and not _begins(reading, first):
        return None
    verb, spent = _verb_after(reading, after)
    if verb and not taken and _done(reading, after, verb):
        return None
    if not verb:
        verb, spent = _verb_later(reading, after)
    if verb:
        return _Stretch(first, verb, spent or number) if _goes_on(reading, verb) else None
    counted = number > 1 or after > place + 1
    alone = counted and reading.begins(first) and _parted(reading, after)
    return _Stretch(first, after, number) if alone else None  # 两张券，两杯奶茶


def _pays(reading: Reading, place: int, first: int, after: int) -> bool:
    """Whether a word beside a flag says that it is paid with, and the flag may be another thing: 刷我卡."""
    entry = reading.tokens[place][0]
    beside = (reading.at(first - 1)[0], reading.at(after)[0])
    loose = entry.slot is not None and entry.form in entry.slot.spec.alone
    return loose and any(word.roles & ROLE["pays"] for word in beside)


def _spends_itself(reading: Reading, place: int) -> _Stretch | None:
    """A word that names a flag and spends it, with which it is before it: 生日券用了; or what leads to it: 自动用券."""
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    first, number = place, 1
    hints = (*entry.slot.spec.hints, *reading.spec.words.purse)
    if entry.form.startswith(hints) or entry.form.startswith(hints, _SEVERAL):  # 优惠券拿来抵
        first, number = _which(reading, place)
    while first and reading.tokens[first - 1][0].roles & (ROLE["duly"] | ROLE["object"]):
        first -= 1
    after = _trailing(reading, place + 1)
    plain = first < place and _goes_on(reading, after) and (number == 1 or _begins(reading, first))
    return _Stretch(first, after, number) if plain else None


def _which(reading: Reading, place: int) -> tuple[int, int]:
    """Where the words before a flag begin that say which one it is, and how many they say: 我那两张快过期的."""
    number, first = 1, place
    while first:
        entry = reading.tokens[first - 1][0]
        if entry.kind == "numeral":
            if not _prices(reading, first - 1, last=first == place):
                break
            number = _number(reading, first - 1) or number
        elif entry.roles & ROLE["which"]:
            number = _number(reading, first - 1) or number
        elif not (entry.roles & _WHICH or _sells(entry)) or reading.begins_at(first):
            break
        if entry.kind in _NAMES and not (_sells(entry) or _called(reading, first - 1)):
            break  # 来杯奶茶券抵 names no 奶茶券
        first -= 1
    while first < place and reading.tokens[first][0].roles & ROLE["of"]:
        first += 1  # 奶茶的券
    return first, number


def _prices(reading: Reading, place: int, *, last: bool) -> bool:
    """Whether a number says what a flag is worth, or how many it is: 二十五块的, 九块九的, 四张."""
    priced = reading.at(place + 1)[0].roles & _PRICED or reading.at(place - 1)[0].roles & ROLE["unit"]
    return last or bool(priced)


def _number(reading: Reading, place: int) -> int:
    """How many flags a word before one says: 两 of 两张; 0 where it says none."""
    entry = reading.tokens[place][0]
    if entry.kind == "numeral":
        counts = reading.at(place + 1)[0].roles & ROLE["which"]
        return (reading.number(place) or 0) if counts else 0
    return number_at_end(entry.form) or 0


def _sells(entry: Entry) -> bool:
    """Whether a word says who sells it, which is said of the order too: 茶百道的券."""
    return entry.kind == "attribute" and entry.slot is not None and entry.slot.spec.spreads


def _called(reading: Reading, place: int) -> bool:
    """Whether a name right after the verb is what the flag is called by: 用咖啡券."""
    intended = reading.tokens[place][0].roles & ROLE["intended"]
    return bool(intended and reading.at(place - 1)[0].roles & _SPENDS)


def _how_many(reading: Reading, place: int) -> tuple[int, int]:
    """The place after how many are said behind a flag, and how many: 免单卡两张, 免单卡x1."""
    entry = reading.at(place)[0]
    if entry.roles & ROLE["times"] and (number := reading.number(place + 1)) and reading.begins(place + 2):
        return place + 2, number
    if entry.kind == "numeral" and reading.at(place + 1)[0].roles & ROLE["which"]:
        return place + 2, reading.number(place) or 1
    return (place + 1, _number(reading, place) or 1) if entry.roles & ROLE["which"] else (place, 1)


def _verb_before(reading: Reading, first: int) -> int:
    """Where the verb before a flag begins, and what leads to it; ``first`` where there is none."""
    at = first
    while at and reading.tokens[at - 1][0].roles & _BETWEEN and not reading.begins_at(at):
        at -= 1
    if not at or at < first or not reading.tokens[at - 1][0].roles & _SPENDS:
        return first
    at -= 1
    while at and reading.tokens[at - 1][0].roles & ROLE["duly"]:
        at -= 1
    return at


def _verb_after(reading: Reading, place: int) -> tuple[int, int]:
    """The place after the verb that follows a flag, 0 where none does, and how many it says: 全给我用了, 用一张."""
    while reading.at(place)[0].roles & _BETWEEN and not reading.begins(place):
        place += 1
    if not reading.at(place)[0].roles & _SPENDS or reading.begins(place):
        return 0, 0
    after, number = _how_many(reading, place + 1)
    return _trailing(reading, after), number if after > place + 1 else 0


def _done(reading: Reading, place: int, after: int) -> bool:
    """Whether the words behind a flag may tell that it was spent: 优惠券花掉了, not 券给我花掉了吧."""
    words = [token[0].roles for token in reading.tokens[place:after]]
    return bool(words[-1] & ROLE["perfective"]) and not any(roles & ROLE["opener"] for roles in words)


def _verb_later(reading: Reading, place: int) -> tuple[int, int]:
    """The same, in a clause of its own that points back at the flag: 我有张券，就用它."""
    while place < reading.count and reading.tokens[place][0].roles & _PAUSES:
        place += 1
    entry = reading.at(place)[0]
    after, number = _how_many(reading, place + 1)
    counted = after > place + 1
    if not entry.roles & _SPENDS or not (counted or entry.form.endswith(reading.spec.words.again_named)):
        return 0, 0
    return _trailing(reading, after), number if counted else 0


def _trailing(reading: Reading, place: int) -> int:
    while reading.at(place)[0].roles & _TRAILS and not reading.begins(place):
        place += 1
    return place


def _begins(reading: Reading, first: int) -> bool:
    """Whether a flag that is named before its verb may begin at a place: after a pause, or what is ordered."""
    before = reading.at(first - 1)[0]
    return reading.begins(first) or before.kind in _SAID or bool(before.roles & _LEADS)  # not 奶茶 of 奶茶券


def _goes_on(reading: Reading, place: int) -> bool:
    """Whether nothing follows but an order: 用券点杯奶茶, 券用上两杯奶茶, not 券用了吗."""
    return _parted(reading, place) or _orders(reading, place)


def _orders(reading: Reading, place: int) -> bool:
    entry = reading.at(place)[0]
    return bool(entry.roles & _ORDERS) or entry.kind in _ITEMS


def _parted(reading: Reading, place: int) -> bool:
    """Whether a clause ends before a place, with no question."""
    if place >= reading.count:
        return True
    return bool(reading.tokens[place][0].roles & ROLE["separator"]) or reading.paused(place)
