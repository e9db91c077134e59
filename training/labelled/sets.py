"""The three sets of a labelled recipe: read, made apart, their intents and slots named."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cascade.bundle import IntentSpec
from cascade.text import Normalizer
from training.labelled.recipe import LabelledRecipe
from training.labelled.rows import Row, distinct, read
from training.recipe import RecipeError

_NAME_CHARS = 60
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Sets:
    """Rows of three sets that share no text, but for train and test of a recipe that keeps what is repeated."""

    train: tuple[Row, ...]
    dev: tuple[Row, ...]
    test: tuple[Row, ...]
    intents: tuple[str, ...]
    """Labels of the data, in the order of the model's outputs."""
    slots: tuple[str, ...]
    dropped: int
    """Rows that gave way because another set has their text."""

    @property
    def tags(self) -> tuple[str, ...]:
        """In the order of the model's outputs."""
        return ("O", *(f"{part}-{name}" for name in self.slots for part in "BI"))


def load(recipe: LabelledRecipe, told: Told = lambda message: None) -> Sets:
    """Read and divide. Raises :class:`~training.recipe.RecipeError` for anything that cannot be used."""
    normalizer = Normalizer(max_chars=recipe.max_chars)
    train = _file(recipe, recipe.data.train, normalizer, told)
    dev = _file(recipe, recipe.data.dev, normalizer, told) if recipe.data.dev else None
    test = _file(recipe, recipe.data.test, normalizer, told) if recipe.data.test else None
    shares = (0.0 if dev else recipe.data.dev_share, 0.0 if test else recipe.data.test_share)
    train, more_dev, more_test = divide(train, shares, recipe.seed)
    dev, test = dev or more_dev, test or more_test
    before = len(train) + len(dev)
    if recipe.data.repeated == "keep":
        dev = _without(dev, [*train, *test])
    else:
        dev = _without(dev, test)
        train = _without(train, [*dev, *test])
    dropped = before - len(train) - len(dev)
    sets = Sets(tuple(train), tuple(dev), tuple(test), _intents(train), _slots(train), dropped)
    _check(sets, recipe)
    return sets


def _file(recipe: LabelledRecipe, path: Path, normalizer: Normalizer, told: Told) -> list[Row]:
    return distinct(read(recipe.path(path), normalizer, path), recipe.data.conflicts, told)


def divide(
    rows: Sequence[Row], shares: tuple[float, float], seed: int
) -> tuple[list[Row], list[Row], list[Row]]:
    """Train, dev and test by each text's hash: the same text is never in two, and more rows move none.

    The first row of an intent, and of a slot, stays in train: what is not learned cannot be told.
    """
    if not any(shares):
        return list(rows), [], []
    parts: tuple[list[Row], list[Row], list[Row]] = ([], [], [])
    kept = _needed(rows)
    for row in rows:
        digest = hashlib.sha256(f"{seed}\0{row.text}".encode("utf-8", "surrogatepass")).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        part = 1 if place < shares[0] else 2 if place < sum(shares) else 0
        parts[0 if row.text in kept else part].append(row)
    return parts


def _needed(rows: Sequence[Row]) -> set[str]:
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        first.setdefault(("intent", row.intent), row.text)
        for slot in row.slots:
            first.setdefault(("slot", slot.name), row.text)
    return set(first.values())


def _without(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    taken = {row.text for row in others}
    return [row for row in rows if row.text not in taken]


def _intents(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted({row.intent for row in rows}))


def _slots(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted({slot.name for row in rows for slot in row.slots}))


def _check(sets: Sets, recipe: LabelledRecipe) -> None:
    known = set(sets.intents)
    if len(known) < 2:
        raise RecipeError(
            f"{recipe.data.train}: one intent alone ({', '.join(known)}): there is nothing to tell apart"
        )
    for name, rows in (("dev", sets.dev), ("test", sets.test)):
        if not rows:
            raise RecipeError(f"no rows are left for {name}: name a file for it, or give more rows")
        for row in rows:
            if row.intent not in known:
                raise RecipeError(f"{row.where}: intent {row.intent!r} is in no row of the train part")
    for intent in (*recipe.data.acting, *([recipe.data.out_of_scope] if recipe.data.out_of_scope else [])):
        if intent not in known:
            raise RecipeError(f"[data] names the intent {intent!r}, which no row of the train part has")
    if recipe.data.out_of_scope in recipe.data.acting:
        raise RecipeError("an out-of-scope intent does not act")
    names(sets.intents)


def names(labels: Sequence[str]) -> dict[str, str]:
    """Names of intents as a bundle has them, by label: small letters, digits, underscores.

    Raises :class:`~training.recipe.RecipeError` where two labels come to the same name.
    """
    found: dict[str, str] = {}
    for label in labels:
        name = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:_NAME_CHARS]
        name = name if name[:1].isalpha() and name[:1].isascii() else f"intent_{name}".rstrip("_")
        if name in found.values():
            other = next(known for known, taken in found.items() if taken == name)
            raise RecipeError(
                f"the intents {other!r} and {label!r} have the same name {name!r} in a bundle: rename one"
            )
        found[label] = name
    return found


def specs(sets: Sets, recipe: LabelledRecipe) -> tuple[IntentSpec, ...]:
    """The intents for the manifest, in the order of the model's outputs."""
    slotted = {row.intent for row in sets.train if row.slots}
    return tuple(
        IntentSpec(
            name=name,
            description=label.replace("_", " ")[:400],
            acting=label in recipe.data.acting,
            carries_order=label in slotted,
        )
        for label, name in names(sets.intents).items()
    )
