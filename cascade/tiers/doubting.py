"""Words beside which a model's word alone is not taken for an intent: it is told, asked or considered."""

from __future__ import annotations

from collections.abc import Iterator

from cascade.grammar import Parse
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance
from cascade.tiers.commanding import BREAKS, Commanding
from cascade.tiers.guarding import Place
from cascade.tiers.surroundings import LEADS, VALUED, awaited


class Doubting:
    """Finds the words that make an intent doubtful. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec) -> None:
        self._doubts = spec.doubts
        self._silent = spec.around.particles + BREAKS
        self._commanding = Commanding(spec)

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
        for word in words.anywhere:
            at = text.find(word, first)
            while at >= 0 and any(start <= at and at + len(word) <= end for start, end in talk):
                at = text.find(word, at + 1)
            if at >= 0:
                return at, at + len(word)
        for word in words.ends:
            if text.endswith(word):
                return len(text) - len(word), len(text)
        ended = len(text.rstrip(self._silent))
        for word in words.last:
            if text.endswith(word, first, ended) and not text.endswith(words.meant, first, ended):
                return ended - len(word), ended
        return None
