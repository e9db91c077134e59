"""Where an utterance commands what an intent does, and which words around the command only say why.

没人喝了，把那单取消 denies, in a clause that commands nothing: it gives the reason of the one that does.
What stands in the command itself forbids it (别取消), and so does what leads to it (我没说，取消订单).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cascade.grammar import Guard
from cascade.grammar.spec import AroundWords, CommandSpec, GrammarSpec
from cascade.text import Utterance

_BREAKS: Final = ",.;:!?。、~ …"
"""Characters that end a clause."""
_FARTHEST: Final = 20
"""Most characters between what a command begins with and what it says to do."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command in a text: from what it begins with to the end of its clause."""

    start: int
    end: int
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
        for start, end in _clauses(utterance):
            found = _in_clause(text[start:end].rstrip(_BREAKS), start, words, self._around) or found
        if found is None:
            return None
        before = text[: found.start].rstrip(_BREAKS)
        return (
            None
            if before.endswith(self._around.governs) and not before.endswith(self._around.leads)
            else found
        )

    def denied(self, guard: Guard, utterance: Utterance, intent: str) -> bool:
        """Whether a word right before a command makes it somebody's words or a question: 他说，取消订单, 谁让你取消."""
        words, text = self._commands.get(intent), utterance.text
        if words is None or guard.reason not in ("quotation", "question"):
            return False
        said = text[guard.end :].lstrip(_BREAKS + "过")
        return _governed(text[: guard.end], self._around) and said.startswith((*words.acts, *words.frames))

    def reason(self, guard: Guard, utterance: Utterance, intent: str, command: Command) -> bool:
        """Whether a guard stands outside of a command and only says why."""
        if command.start < guard.end and guard.start < command.end:
            return False
        text, around = utterance.text, self._around
        start, end = next(place for place in _clauses(utterance) if place[0] <= guard.start < place[1])
        before = guard.start < command.start
        start, end = (start, min(end, command.start)) if before else (max(start, command.end), end)
        word, ahead, rest = text[guard.start : guard.end], text[start : guard.start], text[guard.end : end]
        acts = self._commands[intent].acts
        acted = any(act in text[guard.start : end] for act in acts)
        denied = word.startswith(around.denials)
        if acted and (denied or not (before and command.addressed)):
            return False  # 别取消，… and 没取消，取消订单
        if before:
            return self._leads(guard.reason, word, ahead, rest, addressed=command.addressed)
        if rest.startswith(tuple(act[0] for act in acts)):
            return False  # 退单?不退
        more = (ahead + rest).strip(around.particles + _BREAKS)
        return guard.reason == "negation" and not denied and bool(more)

    def _leads(self, reason: str, word: str, ahead: str, rest: str, *, addressed: bool) -> bool:
        """Whether a word in a clause before a command only says why."""
        around, said = self._around, ahead + word + rest
        match reason:
            case "negation" | "correction":
                return True
            case "past":
                return bool(ahead.strip(around.own))  # 同学都领了, not 我已经领了
            case "question":
                complains = any(one in said for one in around.complaints)
                return complains or (addressed and not any(one in said for one in around.wonders))
            case "quotation":
                return (
                    addressed and word in around.passing and len(rest.strip(around.particles + _BREAKS)) > 1
                )
            case _:
                return word in around.passing


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
    if (
        said.endswith("了")
        and clause[at:stop] in (act, act + "了")
        and not any(one in said for one in words.urged)
    ):
        return None  # 订单取消了 may only tell
    if not begins and _governed(clause[:at], around):
        return None  # 我没有按取消
    closed = clause[:stop].rstrip(around.particles).endswith(words.closes or (act,))
    if not (begins or closed or clause.startswith(words.opens)):
        return None
    return Command(start + begin, start + stop, any(one in said for one in words.addressed))


def _governed(before: str, around: AroundWords) -> bool:
    """Whether what stands before a command makes it none."""
    return before.endswith(around.governs) and not before.endswith(around.leads)


def _may_begin(before: str, frame: str, words: CommandSpec) -> bool:
    """Whether a command may begin after these words of its clause: 没人喝了把那单取消, not 他把那单取消."""
    return not before or before.endswith(words.ends) or frame in words.anywhere


def _clauses(utterance: Utterance) -> Iterator[tuple[int, int]]:
    """Places of clauses, each with the sign that ends it; a space that was typed ends one too."""
    start, text, raw, offsets = 0, utterance.text, utterance.raw, utterance.offsets
    for at in range(1, len(text)):
        if text[at - 1] in _BREAKS or any(map(str.isspace, raw[offsets[at - 1][1] : offsets[at][0]])):
            yield start, at
            start = at
    yield start, len(text)


def _places(text: str, word: str, last: int) -> Iterator[int]:
    """Where a word begins in a text, up to a place."""
    at = text.find(word)
    while 0 <= at <= last:
        yield at
        at = text.find(word, at + 1)
