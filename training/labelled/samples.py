"""Rows as a model learns them, and the list of characters or pieces that it knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from cascade.features import SPECIAL, Encoder, Pieces, Place, Vocabulary
from cascade.features.pieces import INSIDE
from training import pretrained
from training.dataset import Sample
from training.labelled.recipe import LabelledRecipe
from training.labelled.rows import Row, Slot
from training.labelled.sets import Sets

_LEAST_TEXTS = 2
"""A word is a piece of its own if so many texts have it."""


def samples(rows: Iterable[Row], sets: Sets, encoder: Encoder) -> list[Sample]:
    """Texts, numbers of intents, a number of a tag for each of the encoder's places."""
    intents = {label: number for number, label in enumerate(sets.intents)}
    tags = {tag: number for number, tag in enumerate(sets.tags)}
    return [
        Sample(
            row.text,
            (intents[row.intent],),
            tuple(tags[tag] for tag in tagged(encoder.places(row.text), row.slots)),
        )
        for row in rows
    ]


def tagged(places: Sequence[Place], slots: Sequence[Slot]) -> Iterator[str]:
    """BIO tags of the places; one that only touches a slot is part of it."""
    before: Slot | None = None
    for start, end in places:
        inside = next((slot for slot in slots if slot.place[0] < end and slot.place[1] > start), None)
        yield "O" if inside is None else f"{'I' if inside is before else 'B'}-{inside.name}"
        before = inside


def vocabulary(recipe: LabelledRecipe, texts: Sequence[str]) -> Vocabulary | Pieces:
    """What a transformer of this recipe knows: of the encoder's list where there is one, else of the texts."""
    listed = pretrained.entries(recipe.path(recipe.encoder)) if recipe.encoder is not None else None
    if recipe.features == Pieces.version:
        return Pieces(_pieces(texts) if listed is None else _usable(listed))
    used = set().union(*texts)
    if listed is not None:  # what an encoder has learned of characters that no text here has is worth keeping
        used |= {entry for entry in listed if len(entry) == 1 and entry == entry.lower()}
    return Vocabulary(sorted(char for char in used if char.isprintable()))


def _usable(listed: Sequence[str]) -> Iterator[str]:
    """An encoder's pieces without its special and unused entries; accents and capitals are never met."""
    for entry in listed:
        inside = entry.removeprefix(INSIDE)
        special = entry in SPECIAL or (entry.startswith("[") and entry.endswith("]") and len(entry) > 2)
        if inside and not special and entry.split() == [entry] and entry == entry.lower():
            yield entry


def _pieces(texts: Sequence[str]) -> list[str]:
    """Words that several texts have, and every character at the beginning and inside of a word."""
    bare = Pieces(())
    words = Counter(word for text in texts for word in {text[slice(*place)] for place in bare.places(text)})
    common = {word for word, count in words.items() if count >= _LEAST_TEXTS}
    letters = set().union(*words)
    return sorted(common | letters | {INSIDE + letter for letter in letters if letter.isalnum()})
