"""Whether an utterance says by itself that something is to be done, and not only what there is to talk about."""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE, Entry
from cascade.grammar.piece import Fields
from cascade.grammar.reading import ALL, BREAK, HEAD, JOIN, OMIT, PART, QUANTITY, VALUE, Reading

_ASSENTS: Final = ROLE["assent"]
_PARTS: Final = frozenset({PART, OMIT, BREAK, JOIN})


def orders(result: Reading, items: list[Fields], spreading: frozenset[str]) -> bool:
    """Whether something is ordered, or an order that exists changed."""
    if result.changing:
        return True
    if not items:
        return False
    counted = result.said(QUANTITY)
    if result.dropped:
        return False
    if result.said(HEAD):
        if result.inside:  # 奶茶里再加个布丁
            return result.carried or result.marks[0][0] is QUANTITY
        if result.carried or result.values:
            return True
        if counted:
            return not _adds_to(result)
        if _pointed(result) or _adds_to(result):
            return False
        return _specified(result) or _described(result)
    if result.carried and any(name in spreading for _, name, _ in result.marks):
        return True  # 想喝喜茶
    if (counted or result.repeats) and (result.carried or result.opened or bool(result.values)):
        return True
    return _described(result)


def _pointed(result: Reading) -> bool:
    """Whether a name may be the name of one that exists: 那个奶茶别放糖."""
    return any(
        entry.kind == "head" and result.at(at - 1)[0].roles & ROLE["demonstrative"]
        for at, (entry, _, _) in enumerate(result.tokens)
    )


def _adds_to(result: Reading) -> bool:
    """Whether nothing but parts is said of a name, which may be of one that exists: 烤奶加一份布丁, 两杯都加椰果."""
    kinds = [mark[0] for mark in result.marks]
    undone = any(entry.roles & ROLE["undo"] and len(entry.form) > 1 for entry, _, _ in result.tokens)
    if undone and HEAD in kinds and QUANTITY not in kinds and {PART, OMIT} <= set(kinds):
        return True  # 珍珠奶茶去掉珍珠加布丁
    if VALUE in kinds or BREAK in kinds or not {PART, OMIT} & set(kinds) or kinds.count(HEAD) > 1:
        return False
    parts = next(at for at, kind in enumerate(kinds) if kind in (PART, OMIT))
    portions = any(
        entry.roles & ROLE["portion"] and result.at(at + 1)[0].kind == "part"
        for at, (entry, _, _) in enumerate(result.tokens)
    )
    return HEAD in kinds[:parts] and (ALL in kinds[:parts] if QUANTITY in kinds else portions)


def _specified(result: Reading) -> bool:
    """Whether more is said of a name than what it is without: 杨枝甘露别放西米 may speak of one that exists."""
    return result.specified and any(mark[0] in (VALUE, PART) for mark in result.marks)


def _described(result: Reading) -> bool:
    """Whether two things are said of one cup, which is no answer to a question and no yes: 大杯去冰, 喜茶的多肉葡萄."""
    if any(entry.roles & _ASSENTS or _no_more(result, entry) for entry, _, _ in result.tokens):
        return False
    if not result.said(HEAD) and any(entry.roles & ROLE["remark"] for entry, _, _ in result.tokens):
        return False
    if not result.said(HEAD) and any(_goes_on(result, entry) for entry, _, _ in result.tokens):
        return False
    if any(
        entry.roles & ROLE["carrier"] and result.at(at - 1)[0].kind == "attribute"
        for at, (entry, _, _) in enumerate(result.tokens)
    ):
        return False  # 冰拿大 is no word for a cup
    said = [mark[:2] for mark in result.marks if mark[0] in (HEAD, VALUE, QUANTITY)]
    swaps = result.spec.words.swap
    notes = sum(not any(swap in note for swap in swaps) for found in result.notes.values() for note in found)
    return len(said) == len(set(said)) and bool(said) and len(said) + notes > 1


def _no_more(result: Reading, entry: Entry) -> bool:
    """冰不要了 takes from what there is."""
    return entry.kind == "attribute" and entry.form.endswith(result.spec.words.perfective)


def _goes_on(result: Reading, entry: Entry) -> bool:
    """糖再多放点 asks for more than there is."""
    return entry.kind == "attribute" and any(word in entry.form for word in result.spec.words.again)


def adds(result: Reading) -> bool:
    """Whether parts are all that is named: a bare 加布丁 or 珍珠去掉 speaks of an order that exists."""
    if result.values or result.carried or not result.specified or result.repeats:
        return False
    words = [entry for entry, _, _ in result.tokens]
    if any(entry.roles & _ASSENTS for entry in words):
        return False
    kinds = {mark[0] for mark in result.marks}
    if result.dropped or any(_no_more(result, entry) for entry in words):
        return HEAD not in kinds and QUANTITY not in kinds
    if PART in kinds and kinds <= _PARTS:
        return True
    strict = any(entry.roles & ROLE["undo"] for entry in words)
    return strict and OMIT in kinds and kinds <= _PARTS
