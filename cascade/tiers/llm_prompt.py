"""What the model is told: the bundle's ``llm.yaml``, the few-shot examples, and the utterance fenced as data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.backends.base import Message
from cascade.bundle import Bundle, validated
from cascade.tiers.llm_schema import INTENT, Bounds

FILE = "llm.yaml"
INTENTS_PLACE = "{intents}"

_TOKENS_AROUND_MESSAGE = 16
"""Of a chat template: role, marks of beginning and end. Templates in use need five to ten."""

# Chat templates know their special tokens by these characters (<|im_end|>, [INST], <start_of_turn>): written as JSON
# escapes they stay readable to the model, and the server's tokenizer sees text.
_UNFORGEABLE = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>[]&|\u2028\u2029"})


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(_Record):
    """What a turn of this tier may take."""

    timeout_s: float = Field(gt=0, le=600)
    """For the whole turn, a repair included; a caller's deadline may shorten it."""
    max_items: int = Field(ge=1, le=32)
    """Objects in a list of the answer."""
    max_values: int = Field(ge=1, le=32)
    """Plain values in a list of the answer."""
    string_chars: int = Field(ge=4, le=200)
    """Characters of a string that room is left for in the reply."""
    complaint_chars: int = Field(ge=40, le=2000)
    """Of what was wrong, told to the model when it is asked to repair its answer."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    seed: int | None = 1

    @property
    def bounds(self) -> Bounds:
        """The part of the limits that shapes the schema."""
        return Bounds(self.max_items, self.max_values, self.string_chars)


class Example(_Record):
    """A few-shot example: an utterance and its right answer, slots not said left out."""

    utterance: str = Field(min_length=1, max_length=200)
    answer: dict[str, Any]


class PromptSpec(_Record):
    """``llm.yaml``."""

    system: str = Field(min_length=1, max_length=20_000)
    examples: tuple[Example, ...] = ()
    limits: Limits


@dataclass(frozen=True, slots=True)
class Prompt:
    """The part of every request that does not change, and how an utterance is added to it."""

    opening: tuple[Message, ...]
    limits: Limits

    @classmethod
    def from_bundle(cls, bundle: Bundle, answer_model: type[BaseModel]) -> Prompt:
        """Read ``llm.yaml``. Raises :class:`~cascade.errors.BundleCorrupt` with the line of what is wrong."""
        document = bundle.yaml(FILE)
        spec = validated(PromptSpec, document)
        if INTENTS_PLACE not in spec.system:
            raise document.error(f"the system prompt has no {INTENTS_PLACE}", ("system",))
        listing = "\n".join(f"- {intent.name}: {intent.description}" for intent in bundle.manifest.intents)
        messages = [Message("system", spec.system.replace(INTENTS_PLACE, listing).strip())]
        for index, example in enumerate(spec.examples):
            where = ("examples", index, "answer")
            try:
                answer = answer_model.model_validate(example.answer)
            except ValidationError as error:
                first = error.errors()[0]
                raise document.error(first["msg"], (*where, *first["loc"])) from error
            if example.answer.get(INTENT) not in bundle.intents:
                raise document.error("its intent is not in the manifest", (*where, INTENT))
            messages.append(Message("user", fenced(example.utterance)))
            messages.append(Message("assistant", compact_json(answer.model_dump(mode="json"))))
        return cls(tuple(messages), spec.limits)

    def messages(self, text: str, complaints: Sequence[str] = ()) -> tuple[Message, ...]:
        """The request for one utterance; with ``complaints``, the request to repair what was wrong with the answer."""
        return (*self.opening, Message("user", fenced(text, complaints, self.limits.complaint_chars)))


def fenced(text: str, complaints: Sequence[str] = (), complaint_chars: int = 0) -> str:
    """User text as a JSON object, which nothing inside the text can close.

    ``complaints`` go into the same object, at most ``complaint_chars`` of them: they quote the model, which may quote
    the user.
    """
    data: dict[str, Any] = {"utterance": text}
    if complaints:
        data["previous_answer_was_wrong"] = "; ".join(complaints)[:complaint_chars]
    return compact_json(data).translate(_UNFORGEABLE)


def compact_json(data: Any) -> str:
    """JSON without a needless byte, Han as itself."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def token_bound(messages: Iterable[Message]) -> int:
    """More tokens than these messages can have, whatever the tokenizer: none makes more tokens than bytes."""
    size = sum(
        len(message.content.encode("utf-8", "surrogatepass")) + _TOKENS_AROUND_MESSAGE for message in messages
    )
    return size + _TOKENS_AROUND_MESSAGE
