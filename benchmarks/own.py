"""The project's own test, and the cascade in the variants that are compared on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from benchmarks.harness import ROOT
from cascade import Cascade
from cascade.bundle import Bundle
from cascade.engine import Engine
from cascade.policy import ThresholdPolicy
from training.annotation import Example
from training.dataset import Pack, Splits, load_splits
from training.judging import Judged, judge, unguarded
from training.recipe import Recipe

RECIPE: Final = ROOT / "training" / "recipes" / "tiny.toml"


@cache
def pack() -> Pack:
    """The bundle that ships, as training reads it."""
    recipe = Recipe.read(RECIPE, ROOT)
    return Pack.open(Bundle.open(recipe.path(recipe.bundle)))


@cache
def splits() -> Splits:
    """Train, calibration and test, kept apart as training keeps them."""
    return load_splits(Recipe.read(RECIPE, ROOT), pack())


def variant(tiers: Sequence[str], *, guarded: bool = True) -> Engine[Any]:
    """An engine of some of the bundle's tiers; unguarded, every complete proposal with its margin is answered."""
    bundle = pack().bundle
    with Cascade.load(bundle) as whole:
        chosen = [tier for tier in whole.tiers if tier.name in tiers]
    policy = ThresholdPolicy.from_bundle(bundle) if guarded else unguarded(bundle)
    return Engine(chosen, policy, bundle.normalizer, bundle=bundle)


def judged(engine: Engine[Any], examples: Iterable[Example]) -> list[Judged]:
    """What an engine says to labelled utterances."""
    return judge(engine, examples, pack().normalised)
