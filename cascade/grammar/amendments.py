"""Values taken back at once: 少糖，不对，半糖. Settled where one value alone can be meant, a guard elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar import places, words, yielding
from cascade.grammar.entry import ROLE
from cascade.grammar.reading import AMEND, BREAK, HEAD, PART, QUANTITY, VALUE, Handler, Mark, Reading

_SETTLED: Final = frozenset({QUANTITY, HEAD, VALUE})
_PASSED: Final = ROLE["separator"] | ROLE["filler"] | ROLE["final"]
_SEVERAL: Final = 2
_VALUES: Final = frozenset({"head", "attribute", "measure", "portion", "bundle", "count"})


def _amend(reading: Reading, place: int) -> int:
    """Right after a value, with one after it; everything else it may take back keeps it a guard."""
    before, after = place - 1, place + 1
    while before >= 0 and reading.tokens[before][0].roles & _PASSED:
        before -= 1
    entry, start, end = reading.tokens[place]
    if entry.roles & ROLE["contrast"] and (denied := yielding.denied(reading, place)) > place:
        return denied
    if entry.roles & ROLE["rather"] and _leads_to_a_change(reading, place):
        return place + 1
    if entry.roles & ROLE["rather"] and not _settles(reading, place):
        return reading.refuse(place)
    if entry.roles & ROLE["rather"] and place == 0 and reading.changing:
        reading.referred = True  # 还是去冰吧
        return place + 1
    strong = len(entry.form) > 1 and entry.guard != "negation"  # 奶茶不是果茶 takes nothing back
    strong = strong or _thought_over(reading, place)
    if entry.form.endswith(reading.spec.words.no) and reading.at(after)[0].roles & ROLE["copula"]:
        return reading.refuse(place)  # 草莓酸奶啊不要冰
    alone = reading.ends_at(place + 1) and (place == 0 or reading.tokens[place - 1][0].roles & _PASSED)
    if reading.addressed == before + 1 > 0 and (strong or alone) and (moved := _moved(reading, place)):
        return moved
    if _told_of(reading, place):
        return reading.refuse(place)
    if before >= 0 and reading.tokens[before][0].kind == "part" and (strong or alone):
        chooses = entry.roles & ROLE["rather"] and not alone  # 加珍珠还是加椰果 asks which
        return reading.refuse(place) if chooses else _added(reading, place)
    if before < 0 or reading.tokens[before][0].kind not in _VALUES or not (strong or alone):
        asks = entry.roles & ROLE["asking"]
        return words.HANDLERS["asking"](reading, place) if asks else reading.refuse(place)
    reading.marks.append((AMEND, entry.guard or "correction", (start, end)))
    while reading.at(after)[0].roles & (_PASSED | ROLE["copula"] | ROLE["amend"]):
        after += 1
    return after


def _thought_over(reading: Reading, place: int) -> bool:
    """Whether one value of a kind was named of one drink, and another one ends the clause: 半糖奶茶，算了全糖吧."""
    after = place + 1
    while reading.at(after)[0].roles & (_PASSED | ROLE["copula"] | ROLE["rather"]):
        after += 1
    value, last = reading.at(after)[0], after + 1
    while reading.at(last)[0].roles & ROLE["final"]:
        last += 1
    over = reading.tokens[place][0].form.endswith(reading.spec.words.perfective)
    if not over or value.kind != "attribute" or value.slot is None or not reading.begins(last):
        return False
    kinds = [mark[0] for mark in reading.marks]
    said = [mark[2] for mark in reading.marks if mark[0] is VALUE and mark[1] == value.slot.field]
    alone = kinds.count(HEAD) < _SEVERAL and kinds.count(QUANTITY) < _SEVERAL
    return alone and len(said) == 1 and said[0] != value.value


def _told_of(reading: Reading, place: int) -> bool:
    """Whether what was ordered follows what takes something back: 热的不对啊，我要的冰豆浆 complains."""
    after = place + 1
    while reading.at(after)[0].roles & _PASSED:
        after += 1
    return bool(reading.at(after)[0].roles & ROLE["reference"])


def _added(reading: Reading, place: int) -> int:
    """The place of another part that is added for the one right before: 加波霸，不，加布丁, no 再加布丁 or 也加布丁."""
    _, start, end = reading.tokens[place]
    after = place + 1
    while reading.at(after)[0].roles & _PASSED and not reading.at(after)[0].roles & ROLE["filler"]:
        after += 1
    adds = reading.at(after)[0]
    parted = reading.at(after + 1)[0].kind == "part" and reading.begins(after + 2)
    if not (adds.roles & ROLE["add"] and len(adds.form) == 1 and parted):
        return reading.refuse(place)
    reading.marks.append((AMEND, reading.tokens[place][0].guard or "correction", (start, end)))
    return after


def _moved(reading: Reading, place: int) -> int:
    """The place after another address that takes the place of the one before, 0 where none follows."""
    after = place + 1
    while reading.at(after)[0].roles & (_PASSED | ROLE["copula"] | ROLE["amend"]):
        after += 1
    moved = places.readdress(reading, after)
    return moved if moved > after else 0


def _leads_to_a_change(reading: Reading, place: int) -> bool:
    """Whether 还是 stands right before the only change there is, and the end of it says that it is decided.

    那杯冰拿铁还是改成热的吧, no 改成热的还是改成冰的 and no 那杯还是改成热的, which may go on to ask.
    """
    changes = [at for at, (entry, _, _) in enumerate(reading.tokens) if entry.roles & ROLE["change"]]
    decided = reading.tokens[-1][0].roles & ROLE["final"] and not reading.tokens[-1][0].guard
    return reading.changing and bool(decided) and changes == [place + 1]


def _settles(reading: Reading, place: int) -> bool:
    """Whether 还是 begins a clause that ends with what somebody has decided: ，还是冰的吧."""
    last = place + 1
    while not reading.ends_at(last):
        last += 1
    bare = min(reading.spec.words.rather, key=len)
    thinks = reading.tokens[place][0].form != bare  # 嗯还是少糖
    decided = last > place + 2 and reading.at(last - 1)[0].roles & ROLE["final"]
    decided = decided or (thinks and last == place + 2)
    asks = last < reading.count and reading.at(last)[0].roles & (ROLE["asking"] | ROLE["tag"])
    return reading.begins_at(place) and bool(decided) and not asks


def settle(reading: Reading) -> None:
    """Put every value in the place of the one it corrects, or note the correction as a guard."""
    marks = reading.marks
    while True:
        at = next((at for at, mark in enumerate(marks) if mark[0] is AMEND), None)
        if at is None:
            return
        _, reason, (start, end) = marks[at]
        corrected = _corrected(marks[:at], marks[at + 1 :])
        if corrected is None:
            reading.guards.append((reason, start, end))
        marks = reading.marks = corrected or marks[:at] + marks[at + 1 :]


def _corrected(before: list[Mark], after: list[Mark]) -> list[Mark] | None:
    while before and before[-1][0] is BREAK:
        before = before[:-1]
    if before and before[-1][0] is PART:
        added = [mark for mark in before if mark[0] is PART]
        return [*before[:-1], *after] if len(added) == 1 and after[:1] != added else None
    clause = after[: next((at for at, mark in enumerate(after) if mark[0] not in _SETTLED), len(after))]
    if not before or not clause or before[-1][0] not in _SETTLED:
        return None
    first, rest = clause[0], clause[1:]
    places = [at for at, mark in enumerate(before) if mark[:2] == first[:2]]
    if len(places) != 1 or any(mark[:2] in [earlier[:2] for earlier in before] for mark in rest):
        return None
    if before[-1][:2] != first[:2] and (first[0] is HEAD or not _only_adds(first, rest, before)):
        return None  # 两杯拿铁，不对，三杯 corrects the quantity; 两杯拿铁，不对，三杯美式 both
    return [*before[: places[0]], first, *before[places[0] + 1 :], *after[1:]]


def _only_adds(first: Mark, rest: list[Mark], before: list[Mark]) -> bool:
    """Whether what follows a value in the place of another is more of the one drink: 大杯的奶茶，不对，中杯少糖."""
    one = sum(mark[0] is HEAD for mark in before) == 1
    return not rest or (one and first[0] is VALUE and all(mark[0] is VALUE for mark in rest))


def _thinking(otherwise: Handler) -> Handler:
    """Somebody who thinks again between two values of a kind takes the first back: 加冰，呃，少冰."""

    def handler(reading: Reading, place: int) -> int:
        entry, start, end = reading.tokens[place]
        begins = reading.begins_at(place) or reading.paused(place)
        alone = len(entry.form) == 1 and begins and reading.begins(place + 1)  # ，啊，
        if alone or (entry.roles & ROLE["falter"] and entry.form[0] == entry.form[-1]):
            after = _reconsidered(reading, place)
            if after:
                reading.marks.append((AMEND, "correction", (start, end)))
                return after
        return otherwise(reading, place)

    return handler


def _reconsidered(reading: Reading, place: int) -> int:
    """The place of a value that ends its clause and takes the place of another one before, 0 where none does."""
    said = next((mark for mark in reversed(reading.marks) if mark[0] is not BREAK), None)
    before = place - 1
    while before >= 0 and reading.tokens[before][0].roles & _PASSED:
        before -= 1
    after = place + 1
    while reading.at(after)[0].roles & (ROLE["separator"] | ROLE["falter"]):
        after += 1
    value, last = reading.at(after)[0], after + 1
    while reading.at(last)[0].roles & ROLE["final"]:
        last += 1
    if said is None or said[0] is not VALUE or reading.at(before)[0].kind != "attribute":
        return 0
    other = value.kind == "attribute" and value.slot is not None and value.slot.field == said[1]
    return after if other and value.value != said[2] and reading.begins(last) else 0


HANDLERS: Final[Mapping[str, Handler]] = {
    "amend": _amend,
    "filler": _thinking(words.HANDLERS["filler"]),
    "final": _thinking(words.HANDLERS["final"]),
}
