"""The label queue: the newest decisions that nobody was sure of, for a person to say what was meant."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cascade.observe.privacy import Scrubber
from cascade.observe.recorder import Recorder
from cascade.result import Proposal, Result


@dataclass(slots=True)
class Waiting:
    """A decision that waits for a person. ``times`` counts how often the same was said."""

    id: str
    time_s: float
    result: Result[Any]
    times: int = 1

    @property
    def text(self) -> str:
        """The normalised text."""
        utterance = self.result.utterance
        assert utterance is not None
        return utterance.text

    @property
    def guesses(self) -> list[tuple[str, Any, str, float | None]]:
        """Intent, answer, tier and confidence of what the cascade took it for, the likeliest first."""
        result = self.result
        found = [(one.intent, one.answer, one.tier, one.confidence) for one in result.candidates]
        if result.status == "answered" and result.intent is not None and result.tier is not None:
            found.insert(0, (result.intent, result.answer, result.tier, result.confidence))
        return found


class LabelQueue:
    """A listener that keeps the last ``size`` decisions which no tier answered, or one tier dared not answer.

    The same utterance, normalised, waits once. Thread-safe; what is shown of an item is scrubbed of personal data.
    """

    def __init__(self, size: int = 200, *, clock: Callable[[], float] = time.time) -> None:
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._items: OrderedDict[str, Waiting] = OrderedDict()
        """By normalised text, the oldest first."""
        self._serial = 0
        self._recorder = Recorder(Scrubber())

    def __call__(self, result: Result[Any]) -> None:
        """Keep a decision that is worth a person's look."""
        if len(result.attempts) == 1 and result.status == "answered":
            return  # nearly all of them
        if result.utterance is None or not _doubtful(result):
            return
        text = result.utterance.text
        with self._lock:
            before = self._items.pop(text, None)
            self._serial += 1
            name = f"{os.getpid()}-{self._serial}" if before is None else before.id
            times = 1 if before is None else before.times + 1
            self._items[text] = Waiting(name, self._clock(), result, times)
            if len(self._items) > self._size:
                self._items.popitem(last=False)

    def __len__(self) -> int:
        return len(self._items)

    def newest(self, most: int) -> list[Waiting]:
        """The newest items first."""
        with self._lock:
            return [*reversed(self._items.values())][:most]

    def take(self, name: str) -> Waiting | None:
        """Take an item out; ``None`` when it is not there any more."""
        with self._lock:
            for text, item in self._items.items():
                if item.id == name:
                    return self._items.pop(text)
        return None

    def put_back(self, item: Waiting) -> None:
        """An item that was taken and could not be dealt with; it is the next to go when there are too many."""
        with self._lock:
            if item.text not in self._items:
                self._items[item.text] = item
                self._items.move_to_end(item.text, last=False)

    def forget(self, text: str) -> None:
        """Take out what was said in this normalised text, if it waits."""
        with self._lock:
            self._items.pop(text, None)

    def shown(self, item: Waiting) -> dict[str, Any]:
        """The item as plain data, its personal data scrubbed as the decision log's is."""
        result = item.result
        guesses = [
            {"intent": intent, "answer": answer, "tier": tier, "confidence": confidence}
            for intent, answer, tier, confidence in item.guesses
        ]
        line = self._recorder.line(result, item.time_s, {}, guesses=guesses, uncovered=_words(result))
        return {
            "id": item.id,
            "time": line["time"],
            "times": item.times,
            "text": line.get("text", ""),
            "status": result.status,
            "reason": result.reason,
            "tier": result.tier,
            "uncovered": line.get("uncovered", []),
            "guesses": line.get("guesses", []),
            "attempts": line.get("attempts", []),
        }


def _doubtful(result: Result[Any]) -> bool:
    if result.status in ("clarify", "unresolved"):
        return True
    return result.status == "answered" and any(
        attempt.verdict == "escalated" and isinstance(attempt.outcome, Proposal)
        for attempt in result.attempts
    )


def _words(result: Result[Any]) -> list[str]:
    return [span.text for span in result.uncovered]
