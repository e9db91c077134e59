"""The answer of a pack that has no trade of its own: an intent, and slots as spoken.

Bundles made by the recipes for any labelled set name it; see ``docs/own-data.md``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

MAX_SLOTS = 32

SlotName = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SlotValue(_Model):
    """One piece of the utterance that fills a slot."""

    name: SlotName
    value: Spoken
    """As written or said: nothing is looked up, nothing is guessed."""


class IntentAnswer(_Model):
    """What the speaker wants: one of the pack's intents, and what was said for its slots. Immutable."""

    intent: str
    slots: tuple[SlotValue, ...] = Field(default=(), max_length=MAX_SLOTS)
    """In the order spoken; a slot may be said more than once."""

    def values(self, name: str) -> tuple[str, ...]:
        """What was said for one slot, in the order spoken."""
        return tuple(slot.value for slot in self.slots if slot.name == name)
