"""A bundle is put in another's place while requests run: none sees parts of both, and a bad one changes nothing."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cascade.bundle import Bundle, Manifest, seal
from cascade.config import Cascade
from cascade.engine import Engine, Setup
from cascade.errors import BundleError, ConfigurationError
from cascade.orders import OrderIntent
from cascade.policy import PolicySpec, Threshold, ThresholdPolicy
from cascade.result import Outcome, Proposal
from cascade.text import Normalizer, Utterance
from cascade.tiers.base import Context, Steps


@dataclass
class Stamped:
    """A tier that answers with the name of its bundle."""

    stamp: str
    name: str = "rules"

    def propose(self, utterance: Utterance, context: Context) -> Outcome:
        return Proposal(self.stamp, OrderIntent(intent=self.stamp))


@dataclass
class Slow:
    """A tier that waits for a gate, then answers with the name of its bundle."""

    stamp: str
    gate: asyncio.Event
    began: threading.Event
    name: str = "llm"

    def propose(self, utterance: Utterance, context: Context) -> Steps:
        self.began.set()
        yield self.gate.wait
        return Proposal(self.stamp, OrderIntent(intent=self.stamp))


def setup_of(name: str, *tiers: Any) -> Setup:
    policy = ThresholdPolicy(
        PolicySpec(default=Threshold(confidence=0.8), acting=Threshold(confidence=0.9)), {name: False}
    )
    manifest = Manifest(
        format=1, name=name, version="1", language="zh", answer_model="m:A", features="f", intents=()
    )
    return Setup(tiers or (Stamped(name),), policy, Normalizer(), Bundle(Path(name), manifest))


def engine_of(setup: Setup) -> Engine[OrderIntent]:
    return Engine(setup.tiers, setup.policy, setup.normalizer, bundle=setup.bundle)


def test_a_request_never_sees_parts_of_two_setups() -> None:
    setups = [setup_of(name) for name in ("one", "two", "three")]
    made, stop = engine_of(setups[0]), threading.Event()

    def ask() -> set[tuple[str | None, str]]:
        seen: set[tuple[str | None, str]] = set()
        while not stop.is_set():
            result = made.classify("你好")
            assert result.status == "answered"
            seen.add((result.intent, result.bundle))
        return seen

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask) for _ in range(4)]
        for turn in range(300):
            assert made.swap(setups[(turn + 1) % 3]) == setups[turn % 3]
        stop.set()
        seen = set[tuple[str | None, str]]().union(*(future.result(10) for future in asking))
    assert seen <= {("one", "one@1"), ("two", "two@1"), ("three", "three@1")}
    assert (made.tiers, made.policy, made.bundle) == (setups[0].tiers, setups[0].policy, setups[0].bundle)


def test_a_request_under_way_ends_as_it_began() -> None:
    gate, began = asyncio.Event(), threading.Event()
    made = engine_of(setup_of("old", Slow("old", gate, began)))

    async def open_gate() -> None:
        gate.set()

    with made, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(made.classify, "你好")
        assert began.wait(5)
        made.swap(setup_of("new"))
        assert made.classify("你好").bundle == "new@1"
        made._portal.run(open_gate)
        late = waiting.result(5)
    assert (late.intent, late.bundle) == ("old", "old@1")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "next"
    shutil.copytree(Bundle.open().path, folder)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "version": "next"}), encoding="utf-8")
    return folder


def test_a_new_version_decides_after_a_reload(copied: Path) -> None:
    seal(copied)
    with Cascade.load() as cascade:
        before = cascade.classify("来一杯奶茶")
        assert cascade.reload(copied).id == "tea_order_zh@next"
        after = cascade.classify("来一杯奶茶")
    assert (before.answer, before.tier) == (after.answer, after.tier)
    assert before.bundle != after.bundle == "tea_order_zh@next"


def altered(folder: Path) -> None:
    (folder / "policy.yaml").write_text("default: {confidence: 0}\n", encoding="utf-8")


def no_lexicon(folder: Path) -> None:
    (folder / "lexicon.yaml").unlink()
    seal(folder)


def foreign_answers(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**manifest, "answer_model": "x:Y"}), encoding="utf-8")
    seal(folder)


def no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


@pytest.mark.parametrize("spoil", [altered, no_lexicon, foreign_answers, no_folder])
def test_a_bad_bundle_is_refused_and_the_old_one_stays(copied: Path, spoil: Callable[[Path], None]) -> None:
    spoil(copied)
    with Cascade.load() as cascade:
        before = cascade.bundle
        with pytest.raises((BundleError, ConfigurationError)):
            cascade.reload(copied)
        assert cascade.bundle is before
        assert cascade.classify("来一杯奶茶").status == "answered"


def test_a_bundle_whose_tier_fails_is_refused(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seal(copied)
    with Cascade.load() as cascade:
        before = cascade.bundle

        def broken(self: Any, utterance: Utterance, context: Context) -> Outcome:
            raise ZeroDivisionError

        monkeypatch.setattr("cascade.tiers.rules.RulesTier.propose", broken)
        with pytest.raises(BundleError, match="first utterance"):
            cascade.reload(copied)
        assert cascade.bundle is before


def test_a_link_that_is_switched_later_still_gives_whole_bundles(copied: Path, tmp_path: Path) -> None:
    seal(copied)
    link = tmp_path / "current"
    link.symlink_to(copied)
    opened = Bundle.open(link)
    link.unlink()
    link.symlink_to(Bundle.open().path)
    assert opened.path == copied
    assert opened.yaml("policy.yaml").data


def test_an_engine_put_together_by_hand_has_nothing_to_reload_from(copied: Path) -> None:
    setup = setup_of("one")
    made: Cascade[OrderIntent] = Cascade(setup.tiers, setup.policy, setup.normalizer)
    with pytest.raises(ConfigurationError, match=r"Cascade\.load"):
        made.reload(copied)
