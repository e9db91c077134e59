"""Whether the words of an utterance speak of an order that exists, or of something that becomes something else.

Asked before anything is read, since the same words mean other things in an order and in a change of one.
"""

from __future__ import annotations

from typing import Final

from cascade.grammar.entry import ROLE, Token

_DELAY: Final = ROLE["delay"]
_WHICH: Final = ROLE["which"] | ROLE["numeral"] | ROLE["unit"] | ROLE["of"] | ROLE["intended"]

_SPEAKS_OF_ONE: Final = ROLE["change"] | ROLE["shift"] | ROLE["object"] | ROLE["ordinal"] | ROLE["rather"]


def changes(tokens: list[Token]) -> bool:
    """Whether something is changed; 换燕麦奶 only says how it is made."""
    return any(
        token[0].roles & ROLE["change"]
        and (at + 1 == len(tokens) or tokens[at + 1][0].kind != "note" or altered(tokens, at))
        for at, token in enumerate(tokens)
    )


def altered(tokens: list[Token], at: int) -> bool:
    """Whether the wish after a word is what something becomes, and the word no part of it: 改成放前台."""
    slot = tokens[at + 1][0].slot
    return slot is not None and slot.spec.loose and bool(tokens[at][0].roles & ROLE["alter"])


def may_change(tokens: list[Token]) -> bool:
    """Whether an order that exists is spoken of, or something becomes something else."""
    roles = 0
    for entry, _, _ in tokens:
        if entry.kind == "reference":
            return True
        roles |= entry.roles
    if not roles & _SPEAKS_OF_ONE:
        return False  # most orders are told by one look at their words
    rather = tokens[0][0].roles & ROLE["rather"] and tokens[-1][0].roles & ROLE["final"]
    cups = sum(bool(token[0].roles & ROLE["ordinal"]) for token in tokens)
    return (
        bool(rather)
        or cups > 1  # 我妈那杯热的，我爸那杯常温
        or changes(tokens)
        or shifts(tokens)
        or any(
            token[0].roles & ROLE["object"] and not _to_a_flag(tokens, at + 1)
            for at, token in enumerate(tokens)
        )
    )


def shifts(tokens: list[Token]) -> bool:
    """Whether something is to come so much sooner or later than it was to."""
    return any(
        entry.roles & ROLE["shift"] and any(after.roles & _DELAY for after, _, _ in tokens[at + 2 : at + 3])
        for at, (entry, _, _) in enumerate(tokens)
    )


def _to_a_flag(tokens: list[Token], at: int) -> bool:
    """Whether 把 leads to something that is spent: 把那张免单卡用了, 把那张二十块的券用了."""
    after = at
    while after < len(tokens) and tokens[after][0].roles & _WHICH:
        after += 1
    return any(token[0].kind == "flag" for token in tokens[at : max(after + 1, at + 4)])
