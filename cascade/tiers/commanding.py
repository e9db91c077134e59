"""Where an utterance commands what an intent does, and which words around the command only say why.

没人喝了，把那单取消 denies, in a clause that commands nothing: it gives the reason of the one that does.
What stands in the command itself forbids it (别取消), and so does what leads to it (我没说，取消订单).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cascade.grammar import Guard
from cascade.grammar.acting_words import AroundWords, CommandSpec
from cascade.grammar.spec import GrammarSpec
from cascade.text import Utterance

BREAKS: Final = ",.;:!?。、~ …"
"""Characters that end a clause."""
_FARTHEST: Final = 20
"""Most characters between what a command begins with and what it says to do."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command in a text: from what it begins with to the end of its clause."""

    start: int
    end: int
    said: str
    addressed: bool
    """Whether somebody is told to do it, 帮我取消, where 取消订单 may also be what was read or heard."""


class Commanding:
    """Finds the command of an intent. Immutable, safe to share."""

    def __init__(self, spec: GrammarSpec) -> None:
        self._commands = spec.commands
        self._around = spec.around

    def command(self, utterance: Utterance, intent: str) -> Command | None:
        """The last command of an intent; ``None`` where there is none, or somebody else's, or one that is denied."""
        words = self._commands.get(intent)
        if words is None:
            return None
        text = utterance.text
        found: Command | None = None
        for start, end in clauses(utterance):
            found = _in_clause(text[start:end].rstrip(BREAKS), start, words, self._around) or found
        if found is None or _governed(text[: found.start], self._around):
            return None
        return found

    def denied(self, guard: Guard, utterance: Utterance, intent: str) -> bool:
        """Whether a word right before a command makes it somebody's words or a question: 他说，取消订单, 谁让你取消."""
        words, text = self._commands.get(intent), utterance.text
        if words is None or guard.reason not in ("quotation", "question"):
            return False
        said = text[guard.end :].lstrip(BREAKS + "过")
        return _governed(text[: guard.end], self._around) and said.startswith((*words.acts, *words.frames))

    def reason(self, guard: Guard, utterance: Utterance, intent: str, command: Command) -> bool:
        """Whether a guard beside a command only says why, or describes what it asks for."""
        text, around, acts = utterance.text, self._around, self._commands[intent].acts
        word = text[guard.start : guard.end]
        if command.start < guard.end and guard.start < command.end:
            return self._describes(guard.reason, word, text[guard.end : command.end], intent, command)
        start, end = next(place for place in clauses(utterance) if place[0] <= guard.start < place[1])
        before = guard.start < command.start
        start, end = (start, min(end, command.start)) if before else (max(start, command.end), end)
        talk = _Talk(word, text[start : guard.start], text[guard.end : end])
        if before and guard.reason == "negation" and talk.holds(around.complaints):
            return True  # 再不取消我投诉了，…
        acted = any(act in word + talk.rest for act in acts)
        if acted and (word.startswith(around.denials) or not (before and command.addressed)):
            return False  # 别取消，… and 没取消，取消订单
        if before:
            return self._leads(guard.reason, talk, command)
        return not talk.rest.startswith(tuple(act[0] for act in acts)) and self._follows(guard.reason, talk)

    def _describes(self, reason: str, word: str, rest: str, intent: str, command: Command) -> bool:
        """Whether a word in a command says what of: 领张能买奶茶的券, or is what it asks for: 帮我把那张领了."""
        words = self._commands[intent]
        if reason == "past":
            return command.addressed and word.endswith("了") and word.startswith(words.acts)
        return word in words.describing and any(one in rest for one in words.described)

    def _leads(self, reason: str, talk: _Talk, command: Command) -> bool:
        """Whether a word in a clause before a command only says why."""
        around = self._around
        if reason in ("negation", "correction"):
            return True
        if reason == "past":  # 同学都领了, not 我已经领了
            again = any(one in command.said for one in around.again)
            return bool(again or talk.word in around.times or talk.ahead.strip(around.own))
        if reason == "question":
            plain = not talk.holds(around.wonders)
            told = command.addressed or talk.word in around.statements
            return talk.holds(around.complaints) or (plain and told)
        if reason == "quotation":
            ended = command.addressed or talk.rest.rstrip(BREAKS).endswith("了")
            return ended and talk.word in around.passing and len(talk.rest.strip(BREAKS)) > 2
        if talk.word in around.habits and talk.over():
            return True  # 天天喝咖啡喝穷了，…
        if reason == "future" or talk.word in around.waits:
            return any(one in command.said for one in around.now) and len(talk.more(around.particles)) > 2
        return talk.word in around.passing

    def _follows(self, reason: str, talk: _Talk) -> bool:
        """Whether a word in a clause after a command only says why, or what is to come: 取消吧，晚点我自己点."""
        if reason == "future":
            return talk.holds(self._around.later)
        if reason == "question":  # 退掉吧，姥爷闹肚子呢
            told = talk.word in self._around.statements and not talk.rest.rstrip(BREAKS)
            return (
                told and not talk.holds(self._around.wonders) and len(talk.more(self._around.particles)) > 2
            )
        denied = talk.word.startswith(self._around.denials)
        return reason == "negation" and not denied and bool(talk.more(self._around.particles))


@dataclass(frozen=True, slots=True)
class _Talk:
    """A guard in a clause that commands nothing, with what stands around it."""

    word: str
    ahead: str
    rest: str

    def holds(self, words: tuple[str, ...]) -> bool:
        said = self.ahead + self.word + self.rest
        return any(one in said for one in words)

    def over(self) -> bool:
        """Whether the clause tells of a state, and a sign ends it: 天天喝咖啡喝穷了，."""
        said = self.rest.rstrip(BREAKS)
        return said != self.rest and said.endswith("了") and len(said) > 2

    def more(self, particles: str) -> str:
        """What else is said in the clause."""
        return (self.ahead + self.rest).strip(particles + BREAKS)


def _in_clause(clause: str, start: int, words: CommandSpec, around: AroundWords) -> Command | None:
    acts = [(at + len(act), at, act) for act in words.acts if (at := clause.rfind(act)) >= 0]
    if not acts:
        return None
    done, at, act = max(acts)
    begins = [
        place
        for frame in (*words.frames, *words.anywhere)
        for place in _places(clause, frame, at)
        if at - place - len(frame) <= _FARTHEST and _may_begin(clause[:place], frame, words)
    ]
    begin = min(begins, default=0)
    tails = [place for tail in words.tails for place in _places(clause[done:], tail, len(clause))]
    stop = done + min(tails, default=len(clause) - done)
    said = clause[begin:stop]
    told = said.endswith("了") and clause[at:stop] in (act, act + "了")
    alone = clause.rstrip(around.particles) in words.alone
    if told and not alone and not any(one in said for one in words.urged):
        return None  # 订单取消了 may only tell
    opened = bool(begins) or clause.startswith(words.opens)
    if not opened and clause[:at].endswith((*around.governs, *around.within)):
        return None  # 我没有按取消
    closed = clause[:stop].rstrip(around.particles).endswith(words.closes or (act,))
    if not (opened or closed or alone):
        return None
    return Command(start + begin, start + stop, said, any(one in said for one in words.addressed))


def _governed(before: str, around: AroundWords) -> bool:
    """Whether what stands before a command makes it none: 他说，取消订单; without a sign, more does: 商家 取消订单."""
    said = before.rstrip(BREAKS)
    words = around.governs if said != before else (*around.governs, *around.within)
    return said.endswith(words) and not said.endswith(around.leads)


def _may_begin(before: str, frame: str, words: CommandSpec) -> bool:
    """Whether a command may begin after these words of its clause: 没人喝了把那单取消, not 他把那单取消."""
    return not before or before.endswith(words.ends) or frame in words.anywhere


def clauses(utterance: Utterance, breaks: str = BREAKS) -> Iterator[tuple[int, int]]:
    """Places of clauses, each with the sign that ends it; a space that was typed ends one too."""
    start, text, raw, offsets = 0, utterance.text, utterance.raw, utterance.offsets
    for at in range(1, len(text)):
        if text[at - 1] in breaks or any(map(str.isspace, raw[offsets[at - 1][1] : offsets[at][0]])):
            yield start, at
            start = at
    yield start, len(text)


def _places(text: str, word: str, last: int) -> Iterator[int]:
    """Where a word begins in a text, up to a place."""
    at = text.find(word)
    while 0 <= at <= last:
        yield at
        at = text.find(word, at + 1)
