"""Names that no menu was read for: a modifier, and the kind of thing it is said of. 玉米奶茶, 香蕉味的奶昔.

Both are words of the pack; the name is kept as spoken. A modifier is no word by itself: where no kind follows, it is
:data:`~cascade.grammar.entry.UNKNOWN` like any other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from cascade.grammar.entry import UNKNOWN, Entry, Slot, Token
from cascade.grammar.spec import GrammarSpec, SlotSpec

MODIFIER: Final = "modifier"


class Compounds:
    """Puts modifiers and kinds together. Immutable, safe to share."""

    __slots__ = ("_follows", "_head", "_kinds", "_links")

    def __init__(self, spec: GrammarSpec) -> None:
        modifier = next(
            (slot for slot in spec.slots.values() if slot.role == MODIFIER), SlotSpec(role=MODIFIER)
        )
        name, head = next((name, slot) for name, slot in spec.slots.items() if slot.role == "head")
        self._head = Slot(name, head, head.field or "")
        self._kinds = _longest_first(modifier.kinds)
        self._links = ("", *_longest_first(modifier.links))
        self._follows = re.compile(f"(?:{_any(self._links)})(?:{_any(self._kinds)})")

    def joined(self, text: str, tokens: Sequence[Token]) -> list[Token]:
        """The words of a text, each run of modifiers and the kind after it as one name."""
        made: list[Token] = []
        inside = {place for _, start, end in tokens for place in range(start + 1, end)}
        at = 0
        while at < len(tokens):
            entry, start, _ = tokens[at]
            if entry.kind != MODIFIER:
                _append(made, tokens[at])
                at += 1
                continue
            last = at
            while last + 1 < len(tokens) and _adjoins(tokens, last):
                last += 1
            modifiers = tokens[at : last + 1]
            at = last + 1
            kind, stop = self._kind(text, modifiers[-1][2], inside)
            if not kind:
                _append(made, (UNKNOWN, start, stop))
                continue
            value = "".join(modifier.value for modifier, _, _ in modifiers) + kind
            made.append((self._named(text[start:stop], value), start, stop))
            while at < len(tokens) and tokens[at][1] < stop:
                at += 1
        return made

    def whole(self, text: str, words: Sequence[Token]) -> Entry | None:
        """``text`` as one name, where a kind follows what says which: 芋圆椰奶. ``words`` are its own."""
        kind = next((kind for kind in self._kinds if text.endswith(kind) and len(kind) < len(text)), None)
        if kind is None:
            return None
        rest, done = len(text) - len(kind), 0
        for entry, start, end in words:
            if start >= rest:
                break
            if start != done or not self._says_which(entry):
                return None
            done = end
        if done != rest:
            return None
        return self._named(text, text)

    def _says_which(self, entry: Entry) -> bool:
        """Whether a word may be the first part of a name: a modifier or a part in its own spelling, or another name."""
        senses = entry.variants or (entry,)
        if any(sense.kind in (MODIFIER, "part") and sense.value == sense.form for sense in senses):
            return True
        return any(sense.kind == "head" for sense in senses) and entry.form not in self._kinds

    def _kind(self, text: str, start: int, inside: Collection[int]) -> tuple[str, int]:
        """The kind that stands at a place or after what leads to it, 味的, and where it ends; else "" and the place.

        It ends at none of the places ``inside`` of a word.
        """
        for link in self._links if self._follows.match(text, start) else ():
            begin = start + len(link)
            for kind in self._kinds if text.startswith(link, start) else ():
                if text.startswith(kind, begin) and begin + len(kind) not in inside:
                    return kind, begin + len(kind)
        return "", start

    def _named(self, form: str, value: str) -> Entry:
        return Entry(form, "head", 0, self._head, value)


def _append(made: list[Token], token: Token) -> None:
    """Add a word; unknown characters side by side are one."""
    if token[0] is UNKNOWN and made and made[-1][0] is UNKNOWN and made[-1][2] == token[1]:
        token = (UNKNOWN, made.pop()[1], token[2])
    made.append(token)


def _adjoins(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at + 1][0].kind == MODIFIER and tokens[at + 1][1] == tokens[at][2]


def _any(forms: Iterable[str]) -> str:
    return "|".join(map(re.escape, forms))


def _longest_first(forms: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(forms, key=len, reverse=True))
