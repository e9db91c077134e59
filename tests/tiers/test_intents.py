"""The classifier of packs without a grammar: slots from marks, confidence from evidence, nothing that was not said."""

import json
import shutil
from pathlib import Path
from typing import Any

import labelled_kit as kit
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade import Cascade
from cascade.answers import IntentAnswer, SlotValue
from cascade.bundle import MANIFEST, seal
from cascade.errors import BundleCorrupt, BundleIncompatible
from cascade.testing import FakeBackend
from cascade.text import Normalizer
from cascade.tiers.calibration import Curve, energy
from cascade.tiers.intents import SpokenSlots, marked

TAGS = ("O", "B-city", "I-city", "B-day", "I-day")


@pytest.mark.parametrize(
    ("numbers", "slots"),
    [
        ([0, 1, 2, 0], [("city", (1, 3))]),
        ([1, 1, 2], [("city", (0, 1)), ("city", (1, 3))]),
        ([2, 2, 4], [("city", (0, 2)), ("day", (2, 3))]),
        ([1, 0, 2], [("city", (0, 1)), ("city", (2, 3))]),
        ([0, 0, 0], []),
        ([], []),
    ],
)
def test_marks_become_slots(numbers: list[int], slots: list[Any]) -> None:
    assert list(marked(numbers, TAGS, [(at, at + 1) for at in range(len(numbers))])) == slots


@given(st.lists(st.integers(0, 4), max_size=30))
def test_slots_lie_in_order_side_by_side_and_cover_what_is_marked(numbers: list[int]) -> None:
    slots = marked(numbers, TAGS, [(at, at + 1) for at in range(len(numbers))])
    ends = [0, *(end for _, (_, end) in slots)]
    assert all(left <= start < end for left, (_, (start, end)) in zip(ends, slots, strict=False))
    covered = {at for _, (start, end) in slots for at in range(start, end)}
    assert covered == {at for at, number in enumerate(numbers) if number}


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=9))
def test_energy_is_finite_and_at_least_the_top_score(scores: list[float]) -> None:
    assert energy(np.array(scores, np.float32)) >= np.float32(max(scores)) - 1e-3


def test_more_evidence_is_never_worse() -> None:
    curve = Curve(bias=-1, weights={"intent": 0.5, "energy": 0.2}, intents={"a": 1.0})
    assert curve.confidence("b", {"intent": 1.0}) < curve.confidence("b", {"intent": 2.0})
    assert curve.confidence("b", {"intent": 1.0}) < curve.confidence("a", {"intent": 1.0, "unheard": 9.0})


def test_a_slot_that_was_not_said_is_no_slot() -> None:
    normalizer = Normalizer()
    checker = SpokenSlots(normalizer, ["city"])
    utterance = normalizer("Fly me to New York!")
    said = (("city", "new york"), ("city", "Oslo"), ("day", "fly"), ("city", "\u200b"))
    slots = tuple(SlotValue(name=name, value=value) for name, value in said)
    found = checker.check(utterance, IntentAnswer(intent="book", slots=slots))
    assert [problem.kind for problem in found] == ["unsaid", "unknown_slot", "unsaid"]
    assert checker.check(utterance, IntentAnswer(intent="book", slots=slots[:1])) == ()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of the made-up travel set."""
    for library in ("onnx", "scipy", "safetensors"):
        pytest.importorskip(library)
    from training.__main__ import main

    folder = tmp_path_factory.mktemp("travel")
    kit.write(folder / "travel.jsonl", kit.rows(200))
    assert main(["all", str(kit.recipe(folder))]) == 0
    return folder / "travel-bundle"


@pytest.fixture
def copied(bundle: Path, tmp_path: Path) -> Path:
    """One that a test may change."""
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


class TestBundle:
    def test_the_large_model_is_asked_where_the_classifier_is_not_sure(self, bundle: Path) -> None:
        said = {"intent": "book_flight", "slots": [{"name": "city", "value": "曼谷"}]}
        backend = FakeBackend([said])
        with Cascade.load(bundle, answer_model=IntentAnswer, llm=backend) as cascade:
            result = cascade.classify("订一张去曼谷的机票")
            assert (result.status, result.tier, result.intent) == ("answered", "llm", "book_flight")
            assert result.answer is not None
            assert result.answer.values("city") == ("曼谷",)
        assert "book_flight: book flight" in backend.requests[0].messages[0].content

    def test_the_large_model_may_not_invent_a_slot(self, bundle: Path) -> None:
        backend = FakeBackend([{"intent": "book_flight", "slots": [{"name": "city", "value": "火星"}]}])
        with Cascade.load(bundle, answer_model=IntentAnswer, llm=backend) as cascade:
            assert cascade.classify("订一张去曼谷的机票").status != "answered"

    def test_rules_of_ones_own_answer_first(self, copied: Path) -> None:
        rules = "version: 1\nphrases:\n  - intent: cancel\n    texts: [stop, scratch that]\n"
        (copied / "rules.yaml").write_text(rules)
        seal(copied)
        with Cascade.load(copied, answer_model=IntentAnswer) as cascade:
            assert cascade.classify("Scratch that!").tier == "rules"
            assert cascade.classify("book a flight to oslo today").tier == "classifier"

    def test_a_text_longer_than_the_model_takes_is_refused_or_passed_on(self, bundle: Path) -> None:
        with Cascade.load(bundle) as cascade:
            assert cascade.classify("book a flight " * 30).reason == "too_long"

    @pytest.mark.parametrize(
        ("file", "change", "error"),
        [
            ("vocab.txt", "[NGRAMS]\nzz\n", BundleCorrupt),
            ("vocab.txt", "[NGRAMS AND WINDOWS]\n00000001\n", None),
            ("calibration.json", "{}", BundleCorrupt),
            ("model.onnx", "not a model", BundleCorrupt),
        ],
    )
    def test_a_broken_bundle_is_refused(
        self, copied: Path, file: str, change: str, error: type[Exception] | None
    ) -> None:
        (copied / file).write_text(change)
        seal(copied)
        if error is None:  # a shorter list of n-grams looks up less: it is a bundle, of another model
            Cascade.load(copied).close()
            return
        with pytest.raises(error):
            Cascade.load(copied)

    def test_features_that_the_library_does_not_compute_are_named(self, copied: Path) -> None:
        manifest = json.loads((copied / MANIFEST).read_text())
        (copied / MANIFEST).write_text(json.dumps({**manifest, "features": "ngrams-9"}))
        with pytest.raises(BundleIncompatible, match="'ngrams-9', this library computes 'chars-1'"):
            Cascade.load(copied)
