"""The project's linear student in the contest: trained on the job's rows by the project's own stages, with no encoder.

python -m benchmarks.ours < job.json
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.harness import ROOT
from benchmarks.rivals.job import Job, Scores, timed
from cascade.answers import IntentAnswer
from cascade.bundle import Bundle
from cascade.config import Cascade
from cascade.tiers.intents import IntentTier

STAGES: Final = ("train", "export", "calibrate")
_RECIPE: Final = """
name = "bench"
root = "."
bundle = "bundle"
work = "work"
student = "linear"
threads = 1
seed = {seed}
max_chars = 1000

[data]
train = "{folder}/train.jsonl"
dev = "{folder}/dev.jsonl"
test = "{folder}/test.jsonl"
conflicts = "keep"
{outside}

[linear]
least_texts = {least}
"""


class Ours:
    """The classifier tier of a bundle; its own confidence is kept beside the intents' probabilities."""

    def __init__(self, folder: Path, classes: Sequence[str]) -> None:
        from training.labelled.sets import names

        bundle = Bundle.open(folder)
        with Cascade.load(bundle, answer_model=IntentAnswer) as cascade:
            tier = next(one for one in cascade.tiers if isinstance(one, IntentTier))
        self._tier, self._normalizer = tier, bundle.normalizer
        named = names(classes)
        at = {name: number for number, name in enumerate(named.values())}
        self._columns = [at[name] for name in tier.calibration.intents]
        self._classes = len(classes)

    def scores(self, texts: Sequence[str]) -> Scores:
        """Probabilities of the intents."""
        return self.read(texts)[0]

    def read(self, texts: Sequence[str]) -> tuple[Scores, Scores]:
        """Probabilities of the intents, and the confidence of each row's answer."""
        found = np.zeros((len(texts), self._classes), np.float32)
        sure = np.zeros(len(texts), np.float32)
        for row, text in enumerate(texts):
            reading = self._tier.read(self._normalizer(text).text)
            found[row, self._columns] = reading.intents
            best = self._tier.calibration.intents[int(reading.intents.argmax())]
            sure[row] = self._tier.confidence(best, reading.evidence)
        return found, sure


def main() -> None:
    """Train, then :func:`report`."""
    job = Job.read()
    with tempfile.TemporaryDirectory() as scratch:
        began = time.perf_counter()
        folder = _linear(job, Path(scratch))
        report(job, folder, {}, fit_s=time.perf_counter() - began)


def report(job: Job, folder: Path, tuned: Mapping[str, Any], **extra: Any) -> None:
    """Score a bundle, keep its scores and confidences, print, as :func:`benchmarks.rivals.job.serve` does."""
    ours = Ours(folder, job.classes)
    dev, dev_sure = ours.read([text for text, _ in job.dev])
    test, test_sure = ours.read(job.test)
    size = sum(path.stat().st_size for path in folder.iterdir())
    np.savez_compressed(job.out, dev=dev, test=test, dev_confidence=dev_sure, test_confidence=test_sure)
    told: dict[str, Any] = {
        "tuned": {**tuned, "bundle_bytes": size},
        "probability": True,
        "package": "intent-cascade",
        "classes": job.classes,
        **extra,
        **(timed(ours, job.test) if job.timed else {}),
    }
    print(json.dumps(told))


def _linear(job: Job, scratch: Path) -> Path:
    recipe = scratch / "recipe.toml"
    outside = f'out_of_scope = "{job.out_of_scope}"' if job.out_of_scope else ""
    least = 2 if len(job.train) > 5000 else 1
    recipe.write_text(
        _RECIPE.format(seed=job.seed, folder=job.folder, outside=outside, least=least), encoding="utf-8"
    )
    for stage in STAGES:
        _train(stage, recipe)
    return scratch / "bundle"


def _train(stage: str, recipe: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training", stage, str(recipe)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"training {stage}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
