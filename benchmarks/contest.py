"""One system on one set: a job for another process, its scores kept, so that a run that was ended goes on where it
was.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import peers
from benchmarks.finished import RECIPES
from benchmarks.harness import ROOT, when
from benchmarks.sets import NAMES, OWN, Sets

WORK: Final = ROOT / ".work" / "bench"
TIMEOUT_S: Final = 7200


@dataclass(frozen=True, slots=True)
class System:
    """A system of the contest."""

    title: str
    module: str
    arguments: tuple[str, ...] = ()
    ours: bool = False
    sets: tuple[str, ...] = NAMES
    """What it can be asked about."""
    anew: bool = False
    """Whether it is scored in every run: it may change though its rows do not."""


SYSTEMS: Final[Mapping[str, System]] = {
    "cascade_shipped": System(
        "intent-cascade, the bundle that ships", "benchmarks.shipped", ours=True, sets=(OWN,), anew=True
    ),
    "cascade_linear": System("intent-cascade, linear student", "benchmarks.ours", ours=True),
    "cascade_transformer": System(
        "intent-cascade, transformer",
        "benchmarks.finished",
        ("transformer",),
        ours=True,
        sets=tuple(RECIPES["transformer"]),
        anew=True,
    ),
    "cascade_distilled": System(
        "intent-cascade, two-layer transformer",
        "benchmarks.finished",
        ("distilled",),
        ours=True,
        sets=tuple(RECIPES["distilled"]),
        anew=True,
    ),
    "fast_text": System("fastText", "benchmarks.rivals.fast_text"),
    "tfidf_lr": System("scikit-learn TF-IDF + LR", "benchmarks.rivals.tfidf", ("lr",)),
    "tfidf_svc": System("scikit-learn TF-IDF + SVC", "benchmarks.rivals.tfidf", ("svc",)),
    "nearest": System("nearest neighbours, same encoder", "benchmarks.rivals.nearest"),
    "frozen_lr": System("frozen encoder + LR", "benchmarks.rivals.frozen_lr"),
    "semantic": System("semantic-router", "benchmarks.rivals.semantic"),
    "set_fit": System("SetFit", "benchmarks.rivals.set_fit"),
    "micro": System("microresolve", "benchmarks.rivals.micro"),
    "distil": System("distilroute", "benchmarks.rivals.distil"),
    "desk": System("localdesk", "benchmarks.rivals.desk"),
}


@dataclass(frozen=True)
class Entry:
    """What a system made of a set."""

    told: dict[str, Any]
    dev: Any
    test: Any
    dev_confidence: Any
    test_confidence: Any
    """Confidences where a system states them apart from its scores, else ``None``."""


class SystemFailed(RuntimeError):
    """A system ended with an error; the message is the end of what it said."""


class NotKept(RuntimeError):
    """There are no scores of a system from an earlier run."""


@dataclass(frozen=True)
class Arena:
    """Where the contest is held."""

    peers_python: Path | None
    encoders: Mapping[str, Path]
    """Sentence encoders by language."""
    budget_s: float = 600.0
    """Processor time for those that could learn for as long as one lets them."""
    kept_only: bool = False
    """Whether scores of earlier runs are all that is wanted."""

    def run(
        self,
        name: str,
        sets: Sets,
        *,
        label: str,
        seed: int = 1,
        again: bool = False,
        timed: bool = False,
    ) -> Entry:
        """A system's scores, from this run or from one that had the same rows and the same source, unless ``again``."""
        system = SYSTEMS[name]
        folder = WORK / "jobs" / sets.name / label
        home = WORK / "scores" / sets.name / label
        key = self._key(system, sets, seed)
        kept = home / f"{name}-{key}.json"
        scores = kept.with_suffix(".npz")
        again = again or system.anew
        if self.kept_only and not again and not kept.is_file():
            raise NotKept(name)
        if again or not kept.is_file():
            sets.write(folder)
            home.mkdir(parents=True, exist_ok=True)
            job = self._job(sets, folder, scores, seed) | {"timed": timed}
            told = self._ask(system, job) | {"scored": when()["date"]}
            kept.write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")
        told = json.loads(kept.read_text(encoding="utf-8"))
        with np.load(scores) as found:
            parts = dict(found.items())
        confidences = (parts.get(f"{part}_confidence") for part in ("dev", "test"))
        return Entry(told, parts["dev"], parts["test"], *confidences)

    def _job(self, sets: Sets, folder: Path, out: Path, seed: int) -> dict[str, Any]:
        return {
            "folder": str(folder),
            "cache": str(WORK / "emb" / sets.name),
            "out": str(out),
            "language": sets.language,
            "encoder": str(self.encoders.get(sets.language, "")),
            "seed": seed,
            "budget_s": self.budget_s,
            "out_of_scope": sets.out_of_scope,
        }

    def _ask(self, system: System, job: Mapping[str, Any]) -> dict[str, Any]:
        interpreter = sys.executable if system.ours or self.peers_python is None else str(self.peers_python)
        quiet = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [interpreter, "-m", system.module, *system.arguments],
            input=json.dumps(job),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env={**os.environ, **quiet},
        )
        if done.returncode != 0:
            raise SystemFailed("\n".join((done.stderr or done.stdout).strip().splitlines()[-4:]))
        told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return told

    def _key(self, system: System, sets: Sets, seed: int) -> str:
        """Of all that the scores hang on: the labels of test are not part of it, no system is told them."""
        source = (ROOT / (system.module.replace(".", "/") + ".py")).read_bytes()
        asked = [text for text, _ in sets.test]
        rows = repr((sets.train, sets.dev, asked, seed, self.budget_s, system.arguments)).encode()
        return hashlib.sha256(source + rows).hexdigest()[:12]


def arena(given_peers: Path | None, encoder_zh: Path, *, kept_only: bool = False) -> Arena:
    """The arena with the peers' environment. Raises :class:`~benchmarks.peers.PeersMissing`."""
    interpreter = peers.python(given_peers)
    return Arena(
        interpreter, {"zh": encoder_zh, "en": peers.english_encoder(interpreter)}, kept_only=kept_only
    )
