"""Words beside which a model's word alone is not taken for an intent: it is told, asked or considered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cascade.grammar import Parse
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance
from cascade.tiers.commanding import BREAKS, Commanding
from cascade.tiers.guarding import Place
from cascade.tiers.surroundings import LEADS, VALUED, awaited

_BEGINNING: Final = 2
"""Characters of a word that it is looked up by: there are thousands of them, and few in a text."""


class Doubting:
    """Finds the words that make an intent doubtful. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec) -> None:
        self._doubts = spec.doubts
        self._silent = spec.around.particles + BREAKS
        self._commanding = Commanding(spec)
        self._anywhere = {intent: _by_beginning(words.anywhere) for intent, words in spec.doubts.items()}

    def in_order(self, text: str, intent: str, talk: frozenset[Place] = frozenset()) -> Place | None:
        """Where the first of them stands in the text of an order, outside of what was found to be talk."""
        return self._within(text, intent, 0, talk)

    def in_command(self, utterance: Utterance, intent: str) -> Place | None:
        """Where the first stands that a command does not pass over: 取消失败了，帮我取消掉 tells somebody to do it."""
        command = self._commanding.command(utterance, intent) if intent in self._doubts else None
        first = command.start if command is not None and command.addressed else 0
        return self._within(utterance.text, intent, first)

    def awaited(self, parse: Parse) -> Iterator[Place]:
        """Clauses of an order that ask for something only once something else has come."""
        words = self._doubts.get(parse.intent)
        if words is not None and words.awaited:
            yield from awaited(parse, words.awaited)

    def done(self, parse: Parse) -> Place | None:
        """What asks, after a value that something leads to, whether it is done: 改成大杯了吧, not 不要冰了吧."""
        words = self._doubts.get(parse.intent)
        asked = words.done if words is not None else ()
        led = False
        for entry, _, end in parse.tokens if asked else ():
            led = led or entry.roles & LEADS > 0
            if led and entry.kind in VALUED and parse.text.startswith(asked, end):
                return end, end + max(len(word) for word in asked if parse.text.startswith(word, end))
        return None

    def _within(
        self, text: str, intent: str, first: int, talk: frozenset[Place] = frozenset()
    ) -> Place | None:
        words = self._doubts.get(intent)
        if words is None:
            return None
        talk |= {(at, at + len(word)) for word in words.meant if (at := text.find(word)) >= 0}
        known = self._anywhere[intent]
        for at in range(first, len(text)):
            for word in (*known.get(text[at : at + _BEGINNING], ()), *known.get(text[at], ())):
                end = at + len(word)
                said = text.startswith(word, at)
                if said and not any(start <= at and end <= stop for start, stop in talk):
                    return at, end
        for word in words.ends:
            if text.endswith(word):
                return len(text) - len(word), len(text)
        ended = len(text.rstrip(self._silent))
        for word in words.last:
            if text.endswith(word, first, ended) and not text.endswith(words.meant, first, ended):
                return ended - len(word), ended
        return None


def _by_beginning(words: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Words by what they begin with; a word of one character by that."""
    found: dict[str, list[str]] = {}
    for word in words:
        found.setdefault(word[:_BEGINNING], []).append(word)
    return {beginning: tuple(many) for beginning, many in found.items()}
