"""The labelled sets as training sees them: parsed, aligned, kept apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from pydantic import BaseModel

from cascade.bundle import Bundle
from cascade.errors import InputRejected
from cascade.grammar import OrderGrammar
from cascade.grammar.sounds import Sounds
from cascade.orders import OrderIntent
from cascade.text import Normalizer
from training.alignment import KINDS, Aligner, Find, tags_of
from training.annotation import AnnotationError, Example, Parse, read_all
from training.fields import FieldAligner, details_of, fields_of, parse_fields
from training.leakage import Collision, separate
from training.lexicon import Lexicon
from training.recipe import Recipe

ORDER_DETAILS = frozenset({"quantity", "size", "sugar", "temperature", "toppings", "without"})
"""Fields that only an order has; a drink or a brand is also named by who cancels or claims."""
UNKNOWN_TAG = -100
"""In place of a tag where the label does not say one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One utterance to learn from: its characters, the intents it may have, a tag a character."""

    text: str
    intents: tuple[int, ...]
    """Numbers of the intents that are right; more than one where the source does not tell them apart."""
    tags: tuple[int, ...]
    sure: bool = True
    """False where no single answer is lawful: the model should not be confident."""


@dataclass(frozen=True, slots=True)
class Unaligned:
    """A labelled value that is not found in its text."""

    example: Example
    kind: str
    value: str

    def __str__(self) -> str:
        return f"{self.example.where}: {self.kind} {self.value!r} is not found in {self.example.text!r}"


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A labelled name that is no canonical name of the lexicon; ``canonical`` is the one it is a form of."""

    example: Example
    slot: str
    name: str
    canonical: str | None

    def __str__(self) -> str:
        advice = f"is a form of {self.canonical!r}" if self.canonical else "is not in the lexicon"
        return f"{self.example.where}: {self.slot} {self.name!r} {advice}"


@dataclass(frozen=True, slots=True)
class Splits:
    """Sets with nothing in common, and what had to go."""

    train: tuple[Example, ...]
    calibration: tuple[Example, ...]
    test: tuple[Example, ...]
    collisions: tuple[Collision, ...]
    certified: tuple[Example, ...] = ()
    """Taken as it is, repetitions and all: it is drawn from the traffic, decision by decision."""


@dataclass(frozen=True)
class Pack:
    """What the sets are read with: the bundle's intents, normaliser and lexicon."""

    bundle: Bundle
    normalizer: Normalizer
    lexicon: Lexicon
    aligner: Aligner | FieldAligner
    answers: type[BaseModel] = OrderIntent
    """What the bundle answers with."""
    kinds: tuple[str, ...] = KINDS
    """Fields that are tagged."""
    details: frozenset[str] = ORDER_DETAILS
    """Those of them that only an order has."""
    parse: Parse | None = None
    """Reads the labels, where they are not in the notation of ``data/ANNOTATION.md``."""

    @classmethod
    def open(cls, bundle: Bundle, answers: type[BaseModel] = OrderIntent) -> Pack:
        """Take what training needs out of a bundle that answers with ``answers``."""
        if answers is not OrderIntent:
            return cls._of_another_trade(bundle, answers)
        lexicon = Lexicon.from_bundle(bundle)
        bare = Normalizer(max_chars=bundle.manifest.max_chars)
        aligner = Aligner(lexicon, lambda value: bare(value).text, Sounds.from_bundle(bundle).of)
        return cls(bundle, bundle.normalizer, lexicon, aligner)

    @classmethod
    def _of_another_trade(cls, bundle: Bundle, answers: type[BaseModel]) -> Pack:
        grammar = OrderGrammar.from_bundle(bundle, answers)
        bare = Normalizer(max_chars=bundle.manifest.max_chars)
        return cls(
            bundle,
            bundle.normalizer,
            Lexicon.from_bundle(bundle),
            FieldAligner(grammar, lambda value: bare(value).text),
            answers,
            fields_of(grammar.spec),
            details_of(grammar.spec),
            partial(parse_fields, answers=answers),
        )

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """What a character is tagged with, in the order of the model's output."""
        return tags_of(self.kinds)

    @cached_property
    def _number(self) -> dict[str, int]:
        return {tag: number for number, tag in enumerate(self.tags)}

    @property
    def intents(self) -> list[str]:
        """Names of the intents, in the order of the model's output."""
        return [intent.name for intent in self.bundle.manifest.intents]

    def normalised(self, text: str) -> str:
        """The text as the model sees it; unnormalised where the normaliser refuses it."""
        try:
            return self.normalizer(text).text
        except InputRejected:
            return text

    def sample(self, example: Example) -> tuple[Sample, tuple[Unaligned, ...]]:
        """An example as the model learns it. A value that is not found leaves the tags of the whole text unknown."""
        text = self.normalised(example.text)
        number = (self.intents.index(example.intent),)
        unknown = (UNKNOWN_TAG,) * len(text)
        if example.order is None or not self.bundle.intents[example.intent].carries_order:
            return Sample(text, number, unknown, sure=example.order is not None), ()
        alignment = self.aligner.align(text, example.order)
        if alignment.missing:
            return Sample(text, number, unknown), tuple(
                Unaligned(example, kind, value) for kind, value in alignment.missing
            )
        return Sample(text, number, tuple(self._number[tag] for tag in alignment.tags(len(text)))), ()

    def unknown_names(self, examples: Sequence[Example]) -> list[UnknownName]:
        """Labelled names that are not canonical in the lexicon."""
        return [
            UnknownName(example, slot, name, self.lexicon.canonical.get((slot, name.lower())))
            for example in examples
            for slot, name in _names(example)
            if not self.lexicon.knows(slot, name)
        ]


def _names(example: Example) -> list[tuple[str, str]]:
    names: list[tuple[str, str]] = []
    if not isinstance(example.order, OrderIntent):
        return names
    for item in example.order.items:
        names += [(slot, name) for slot, name in (("drink", item.drink), ("brand", item.brand)) if name]
        names += [("topping", name) for name in (*item.toppings, *item.without)]
    return names


def load_splits(recipe: Recipe, pack: Pack) -> Splits:
    """The sets, apart. Raises :class:`~training.annotation.AnnotationError` with every bad line."""
    sets = recipe.sets
    train, calibration, test = (
        _load(recipe, folder, pack) for folder in (sets.train, sets.calibration, sets.test)
    )
    certified = _load(recipe, sets.certified, pack) if sets.certified is not None else []
    distance = (_spelling(pack), recipe.leakage.jaccard)
    calibration, from_calibration = separate(calibration, [*test, *certified], *distance)
    train, from_train = separate(train, [*calibration, *test, *certified], *distance)
    return Splits(
        tuple(train),
        tuple(calibration),
        tuple(test),
        tuple(from_calibration + from_train),
        tuple(certified),
    )


def _load(recipe: Recipe, folder: Path, pack: Pack) -> list[Example]:
    home = recipe.path(folder)
    files = sorted(home.glob("*.tsv"))
    if not files:
        raise AnnotationError(f"{folder}: no *.tsv files there")
    return read_all(files, pack.bundle.intents, home.parent, pack.parse)


def _spelling(pack: Pack) -> Callable[[str], str]:
    return pack.normalised


def spans(tags: Sequence[str]) -> list[Find]:
    """The spans of a BIO sequence; an ``I`` with nothing before it begins one."""
    found: list[Find] = []
    for position, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if not kind:
            continue
        last = found[-1] if found else None
        if prefix == "I" and last is not None and last.end == position and last.kind == kind:
            found[-1] = Find(last.start, position + 1, kind, "")
        else:
            found.append(Find(position, position + 1, kind, ""))
    return found
