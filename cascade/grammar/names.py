"""How the name of what is ordered is read, and a value that is said of it: 热拿铁, 大杯的, 去冰.

Most of it tells where such a word is none: where it is part of another, said of something else, or a question of which.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.numerals import NUMERAL_CHARS
from cascade.grammar.portions import again, beside_cups
from cascade.grammar.reading import ALL, BREAK, CHANGE, HEAD, PART, QUANTITY, VALUE, Handler, Reading

_BRINGS: Final = ROLE["change"] | ROLE["all"]
_ASKS: Final = sum(ROLE[name] for name in ("add", "change", "copula", "carrier", "desire", "rather"))
_OF_SOME: Final = frozenset({"measure", "numeral", "count", "other", "among", "rest"})
_TRAILS: Final = ROLE["final"] | ROLE["filler"] | ROLE["of"]


def _head(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    pointed = reading.at(place - 1)[0].kind == "reference"  # 那杯☕ is the coffee
    if entry.roles & ROLE["picture"] and reading.shows(place) and not pointed:
        return place + 1  # 拿铁☕ is one
    if _ends_apart(reading, place):
        reading.fail("tie", f"{entry.form}, or a shorter name and what it is like")  # 绿豆沙冰的大杯来一个
    if entry.twofold and reading.said(HEAD) and beside_cups(reading, place):
        reading.fail("tie", f"{entry.form} by itself, or in the cup before it")  # 来一杯拿铁，两份浓缩
    if entry.twofold and again(reading, place) and not reading.said(HEAD):
        reading.fail("tie", f"another {entry.form}, or more of it in one that exists")  # 再补一份芋圆
    reading.lead(place)
    if reading.torn(place) and reading.said(HEAD):
        reading.fail("tie", f"{entry.form} or two names")  # 一杯奶茶一杯咖啡 奶茶少糖
    reading.marks.append((HEAD, entry.slot.field, entry.value))
    return place + 1


def _ends_apart(reading: Reading, place: int) -> bool:
    """Whether a name may end one character earlier, and what it is like begin there: 绿豆沙冰 before 的."""
    form, following = reading.tokens[place][0].form, reading.at(place + 1)[0]
    if not following.roles & ROLE["of"] or reading.at(place + 2)[0].kind == "head":
        return False
    vague = {word for slot in reading.spec.slots.values() for word in slot.vague}
    return form[-1:] in vague and form[-1:] + following.form in vague


def _exclaimed(reading: Reading, place: int) -> bool:
    """Whether a single character is what somebody says and not what is wanted: 中，来杯奶茶, 奶茶就中, 订单中奶茶."""
    if reading.tokens[place][0].roles & ROLE["within"] and reading.at(place - 1)[0].kind == "reference":
        return True
    alone = reading.begins_at(place) and reading.at(place + 1)[0].roles & ROLE["separator"]
    return bool(reading.at(place - 1)[0].kind == "filler" or (alone and not reading.marks))


def _counts(reading: Reading, place: int) -> bool:
    """Whether a name that begins like a quantity stands where a quantity would."""
    before, after = reading.at(place - 1)[0].roles, reading.at(place + 1)[0]
    orders = before & (ROLE["carrier"] | ROLE["again"] | ROLE["desire"] | ROLE["opener"])
    return bool(orders) and after.kind != "head" and not after.roles & ROLE["of"]


def _clear(reading: Reading, place: int) -> bool:
    """Whether a value stands alone in its clause, or is what something is changed to: 糖改三分."""
    before, after = reading.at(place - 1)[0], place + 1
    while reading.at(after)[0].roles & _TRAILS:
        after += 1
    alone = reading.begins_at(place) or bool(before.roles & _BRINGS)
    return alone and reading.ends_at(after)


def _said_of_all(reading: Reading, place: int) -> bool:
    """奶茶两杯 果茶两杯 少冰: a pause before the first value that is said at all. Unpaused 全冰 may say 冰 of all."""
    kinds = [mark[0] for mark in reading.marks]
    first_of_several = kinds.count(HEAD) > 1 and VALUE not in kinds
    if not reading.paused(place):
        return first_of_several and _vague_of_all(reading, reading.tokens[place][0])
    if kinds.count(HEAD) == 1 and kinds.count(QUANTITY) > 1:
        return True  # 三杯奶茶 两杯大的一杯小的 热
    return first_of_several


def _vague_of_all(reading: Reading, entry: Entry) -> bool:
    """Whether a form of its own is also a vaguer one said of all: 全冰."""
    assert entry.slot is not None
    words = (word for word in reading.spec.words.all if entry.form.startswith(word))
    return any(entry.form[len(word) :] in entry.slot.spec.vague for word in words)


def _taken_out(reading: Reading, place: int) -> bool:
    """Whether a value takes something out of a cup that may be there already: 减脂期，糖去掉, 奶茶糖别放了."""
    entry, words = reading.tokens[place][0], reading.spec.words
    undone, done = entry.form.endswith(words.undone), reading.at(place + 1)[0].kind == "perfective"
    if not (undone or done or entry.form.endswith(words.perfective)):
        return False
    if reading.changing or reading.said(QUANTITY):
        return False
    if undone:
        return not (reading.said(PART) or reading.said(HEAD))
    form = entry.form if done else entry.form[:-1]
    return reading.said(HEAD) and not reading.carried and form.endswith(words.removed)


def _adjusts(reading: Reading, place: int) -> bool:
    """Whether all that is said of a name is how much of something, which may be of one that exists: 奶茶少放点冰."""
    adjusts = reading.tokens[place][0].form.startswith(reading.spec.words.adjust)
    if place != 1 or reading.changing or not adjusts:
        return False
    after = place + 1
    while reading.at(after)[0].roles & _TRAILS:
        after += 1
    return reading.tokens[0][0].kind == "head" and after >= reading.count


def _becomes(reading: Reading, entry: Entry) -> None:
    """Note that a word says by itself what becomes something else: 糖改五分冰改微冰."""
    if entry.roles & ROLE["change"] and reading.changing:
        if any(mark[0] is CHANGE for mark in reading.clause()):
            reading.marks.append((BREAK, "", None))
        reading.marks.append((CHANGE, "", None))


def _says_of_all(reading: Reading, entry: Entry, before: Entry) -> None:
    """Note that a word says by itself of whom it is said: 三杯奶茶两杯果茶全去冰, where 两杯全去冰 speaks of two."""
    if entry.of_all and not reading.changing and before.kind not in _OF_SOME:
        reading.marks.append((ALL, "", None))


def _beside_strange(reading: Reading, place: int) -> bool:
    """Whether a word stands beside one that nothing is known of, and that is not whose it is: 他冰美式我果茶."""
    theirs = place in reading.layout.turns.values()
    before, following = reading.at(place - 1)[0], reading.at(place + 1)[0]
    return following.kind == "unknown" or (before.kind == "unknown" and not theirs)


def _attribute(reading: Reading, place: int) -> int:
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.form in entry.slot.spec.alone and not _clear(reading, place):
        return reading.refuse(place)
    if len(entry.form) == 1 and _beside_strange(reading, place):
        return reading.refuse(place)  # a single character beside a strange word belongs to that word: 好热
    before = reading.at(place - 1)[0]
    noted = before.kind == "note" and not (
        before.form.endswith(reading.spec.words.of) and reading.at(place + 1)[0].kind == "head"
    )  # 老人喝的热豆奶
    if len(entry.form) == 1 and (noted or _exclaimed(reading, place)):
        return reading.refuse(place)
    if entry.roles & ROLE["person"] and reading.at(place + 1)[0].roles & ROLE["wants"]:
        reading.fail("tie", f"{entry.form} may be who wants it")  # 阿嬷要喝热的
    following, beyond = reading.at(place + 1)[0], reading.at(place + 2)[0]
    if len(entry.form) == 1 and following.roles & ROLE["connector"] and beyond.kind == "attribute":
        return reading.refuse(place)  # 冰和糖都别放
    if _taken_out(reading, place) or _adjusts(reading, place):
        reading.fail("tie", "an order, or a change of one")
    within = entry.roles & ROLE["within"] and reading.at(place - 1)[0].kind == "measure"
    if within and following.kind == "numeral":
        reading.fail("tie", "one share of several")  # 两杯中一杯去冰
    if following.roles & ROLE["demonstrative"] and beyond.kind == "attribute" and not reading.said(HEAD):
        reading.fail("tie", "which one, or what is wanted")  # 大杯那个去冰
    if entry.rejects and reading.at(place + 1)[0].kind == "head":
        reading.fail("tie", f"{entry.form} may reject what follows")
    if entry.slot.spec.spreads and entry.form[:1] in NUMERAL_CHARS and _counts(reading, place):
        reading.fail("tie", f"{entry.form} is a name or a number of something")  # 来7杯茶
    if entry.slot.spec.specifies:
        reading.specified = True
        if _said_of_all(reading, place):
            reading.fail("tie", f"{entry.form} of all, or of the last")
        _check_denied(reading, place)
    _becomes(reading, entry)
    _says_of_all(reading, entry, before)
    reading.marks.append((VALUE, entry.slot.field, entry.said))
    return place + 1


def _check_denied(reading: Reading, place: int) -> None:
    """不要 may be said of what stands before it: 那杯热的不要冰的, 热的不要冰的要, no 要热的不要冰的."""
    entry = reading.tokens[place][0]
    assert entry.slot is not None
    if entry.form not in entry.slot.spec.unlike or reading.at(place - 1)[0].slot is not entry.slot:
        return
    last = place + 1
    while reading.at(last)[0].roles & ROLE["of"]:
        last += 1
    if reading.at(last)[0].roles & ROLE["add"] or (
        reading.changing and not reading.at(place - 2)[0].roles & _ASKS
    ):
        reading.fail("tie", "what it is to be, or what is not wanted")


HANDLERS: Final[Mapping[str, Handler]] = {"head": _head, "attribute": _attribute}
