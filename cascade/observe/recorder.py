"""Lines of the decision log out of results: plain, small, and without what was personal in the user's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from cascade.observe.privacy import Scrubbed, Scrubber
from cascade.observe.record import SCHEMA_VERSION
from cascade.result import Abstention, Attempt, Candidate, Cost, Failure, Proposal, Result, Span

_VOCABULARY = 4096  # canonical names come again and again and need no second look


class Recorder:
    """Makes plain lines of results. ``scrub`` is ``None`` to keep every text as it was typed."""

    def __init__(self, scrub: Scrubber | None) -> None:
        self._scrub = scrub
        self._scrub_string = None if scrub is None else lru_cache(_VOCABULARY)(scrub)

    def line(
        self, result: Result[Any], time_s: float, head: Mapping[str, Any], **more: Any
    ) -> dict[str, Any]:
        """The fields of a :class:`~cascade.observe.record.DecisionRecord`, defaults left out.

        ``head`` comes first as it is; ``time_s`` is Unix time; values of ``more`` are scrubbed like the rest.
        """
        words = self._words(result)
        stamp = datetime.fromtimestamp(time_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = {
            "v": SCHEMA_VERSION,
            "time": stamp,
            **head,
            "text": words.text,
            "scrubbed": None if words.scrubs else False,
            "text_hash": words.hash,
            "status": result.status,
            "tier": result.tier,
            "intent": result.intent,
            "answer": words.plain(result.answer),
            "confidence": result.confidence,
            "reason": result.reason,
            "candidates": [_candidate(candidate, words) for candidate in result.candidates],
            "attempts": [_attempt(attempt, words) for attempt in result.attempts],
            "bundle": result.bundle,
            **{name: words.plain(value) for name, value in more.items()},
        }
        return _spare(line)

    def _words(self, result: Result[Any]) -> _Words:
        utterance = result.utterance
        if utterance is None:
            return _Words(None, None, self._scrub_string)
        if self._scrub is None:
            return _Words(Scrubbed(utterance.raw, ()), Scrubbed(utterance.text, ()), None)
        return _Words(self._scrub.scrub(utterance.raw), self._scrub.scrub(utterance.text), self._scrub_string)


class _Words:
    """The words of one utterance, and how to repeat any of them elsewhere without telling what was scrubbed."""

    def __init__(
        self, raw: Scrubbed | None, normal: Scrubbed | None, scrub: Callable[[str], str] | None
    ) -> None:
        self._raw = raw
        self._sources = [source for source in (normal, raw) if source is not None]
        self._shown = "\n".join(source.text for source in self._sources)
        self._scrub = scrub
        self.scrubs = scrub is not None
        self.text = None if raw is None else raw.text
        self.hash = None if normal is None else blake2b(_utf8(normal.text), digest_size=8).hexdigest()

    def spans(self, spans: tuple[Span, ...]) -> list[str]:
        if self._raw is None:
            return [self.of(span.text) for span in spans]
        return [self._raw.slice(span.start, span.end) for span in spans]

    def of(self, text: str) -> str:
        """A string that may repeat part of the utterance."""
        if self._scrub is None or not text or text in self._shown:
            return text  # what the scrubbed text shows anyhow may be repeated
        hiding = [source for source in self._sources if source.found]
        for source in hiding:
            at = source.raw.find(text)
            if at >= 0:
                return source.slice(at, at + len(text))
        for source in hiding:
            for piece in source.found:
                text = text.replace(source.raw[piece.start : piece.end], piece.placeholder)
        return self._scrub(text)

    def plain(self, value: Any) -> Any:
        """JSON-able data of an answer or of any plain value, its strings scrubbed; keys are not the user's words."""
        if isinstance(value, str):
            return self.of(value)
        if isinstance(value, Mapping):
            return {str(key): self.plain(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(part) for part in value]
        dump: Callable[..., Any] | None = getattr(value, "model_dump", None)
        return value if dump is None else self.plain(dump(mode="json", exclude_defaults=True))


def _candidate(candidate: Candidate, words: _Words) -> dict[str, Any]:
    return {
        "tier": candidate.tier,
        "intent": candidate.intent,
        "answer": words.plain(candidate.answer),
        "confidence": candidate.confidence,
        "uncovered": words.spans(candidate.uncovered),
    }


def _attempt(attempt: Attempt, words: _Words) -> dict[str, Any]:
    outcome = attempt.outcome
    said: dict[str, Any]
    if isinstance(outcome, Proposal):
        said = {
            "intent": outcome.intent,
            "answer": words.plain(outcome.answer),
            "confidence": outcome.confidence,
            "score": outcome.score,
            "runner_up": outcome.runner_up,
            "complete": None if outcome.complete else False,
            "uncovered": words.spans(outcome.uncovered),
            "detail": words.of(outcome.detail),
        }
    elif isinstance(outcome, Abstention):
        said = {
            "answer": words.plain(outcome.partial),
            "uncovered": words.spans(outcome.uncovered),
            "detail": words.of(outcome.detail),
        }
    else:
        said = {"detail": words.of(str(outcome.error)), "retryable": outcome.retryable}
    kind = (
        "proposal"
        if isinstance(outcome, Proposal)
        else "failure"
        if isinstance(outcome, Failure)
        else "abstention"
    )
    head = {"tier": attempt.tier, "outcome": kind, "verdict": attempt.verdict, "reason": attempt.reason}
    return {**head, **said, "cost": cost_line(attempt.cost)}


def cost_line(cost: Cost) -> dict[str, Any]:
    """The fields of a :class:`~cascade.observe.record.CostRecord`; the latency alone where no server was asked."""
    return {"latency_us": cost.latency_ns / 1e3} if cost == Cost(cost.latency_ns) else cost.to_dict()


def _spare(line: dict[str, Any]) -> dict[str, Any]:
    """Without what is absent anyhow. Costs and answers keep their ``None``: there it says unknown."""
    spared = _filled(line)
    for name in {"candidates", "attempts"} & set(spared):
        spared[name] = [_filled(part) for part in spared[name]]
    return spared


def _filled(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value is not None and value not in ("", [])}


def encoded(line: Mapping[str, Any]) -> bytes:
    """One line of JSON as bytes, without its end."""
    return _utf8(json.dumps(line, ensure_ascii=False, separators=(",", ":")))


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")
