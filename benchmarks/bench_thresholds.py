"""Whose threshold keeps its promise?

The same confidences for all: those of one classifier on the dev and test rows of each public set. Again and
again (seeded) a calibration sample is drawn, each rule chooses its threshold on it for a bound on the error,
and the rows that were not drawn tell whether the bound held. A promise at delta 0.1 may be missed in one draw
of ten.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.bench_accuracy import judged
from benchmarks.contest import SYSTEMS, arena
from benchmarks.figures import wilson
from benchmarks.harness import ROOT, write
from benchmarks.options import Options
from benchmarks.sets import PUBLIC, load
from training.certificate import Record, Registration, Scope, certify

RISKS: Final = (0.05, 0.02)
DELTA: Final = 0.1
SAMPLE: Final = 1000
DRAWS: Final = 200
RULES: Final = {
    "cascade": "exact binomial tests in a fixed sequence (ours)",
    "naive": "lowest threshold whose error on the holdout is within the bound",
    "distilroute": "distilroute's own function",
    "semantic": "semantic-router: Platt calibration, confidence at least 1 - bound",
}
CLASSIFIER: Final = "frozen_lr"
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def run(options: Options) -> int:
    """Draw, choose, judge; write ``thresholds.json``."""
    held = arena(options.peers, options.encoder)
    found: dict[str, Any] = {}
    for name in options.sets or tuple(PUBLIC):
        sets = load(name, options.data)
        entry = held.run(CLASSIFIER, sets, label="full")
        dev = judged(entry, sets, part="dev")
        test = judged(entry, sets)
        confidence = np.r_[dev.confidence, test.confidence]
        correct = np.r_[dev.correct, test.correct]
        found[name] = {f"{risk:g}": _contest(confidence, correct, risk, held.peers_python) for risk in RISKS}
        for risk, rules in found[name].items():
            for rule, row in rules.items():
                print(
                    f"{name:14} {risk:>5} {rule:12} missed {row['missed']:.1%}  coverage {row['coverage']:.1%}"
                )
    result = {
        "delta": DELTA,
        "sample": SAMPLE,
        "draws": DRAWS,
        "rules": RULES,
        "classifier": SYSTEMS[CLASSIFIER].title,
        "sets": found,
    }
    print(write(options.out, "thresholds", result))
    return 0


def _contest(
    confidence: Floats, correct: Flags, risk: float, interpreter: Path | None
) -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(20260206)
    draws = [rng.permutation(len(correct)) for _ in range(DRAWS)]
    samples = [(confidence[rows[:SAMPLE]], correct[rows[:SAMPLE]]) for rows in draws]
    chosen: dict[str, list[float | None]] = {
        "cascade": [_fixed_sequence(sure, right, risk) for sure, right in samples],
        "naive": [_naive(sure, right, risk) for sure, right in samples],
    }
    chosen.update(_theirs(samples, risk, interpreter))
    rows: dict[str, dict[str, Any]] = {}
    for rule, thresholds in chosen.items():
        missed, covered, risks = 0, [], []
        for rest, threshold in zip(draws, thresholds, strict=True):
            sure, right = confidence[rest[SAMPLE:]], correct[rest[SAMPLE:]]
            given = sure >= threshold if threshold is not None else np.zeros(len(sure), bool)
            error = float((~right[given]).mean()) if given.any() else 0.0
            missed += error > risk
            covered.append(float(given.mean()))
            risks.append(error)
        rows[rule] = {
            "missed": missed / DRAWS,
            "missed_interval": wilson(missed, DRAWS),
            "coverage": float(np.mean(covered)),
            "coverage_range": [float(value) for value in np.percentile(covered, [5, 95])],
            "risk": float(np.mean(risks)),
            "risk_range": [float(value) for value in np.percentile(risks, [5, 95])],
            "gave_up": sum(threshold is None for threshold in thresholds) / DRAWS,
        }
    return rows


def _fixed_sequence(sure: Floats, right: Flags, risk: float) -> float | None:
    """The product's own certificate on the sample; a quarter of it says where the tests begin."""
    records = [Record("x", "x", float(one), bool(good)) for one, good in zip(sure, right, strict=True)]
    scope = Scope(intents=("x",), epsilon=risk)
    registration = Registration(scopes=(scope,), delta=DELTA)
    cut = len(records) // 4
    statement = certify(scope, registration, records[:cut], records[cut:])
    return statement.thresholds[-1] if statement.certified else None


def _naive(sure: Floats, right: Flags, risk: float) -> float | None:
    for threshold in np.unique(sure):
        given = sure >= threshold
        if (~right[given]).mean() <= risk:
            return float(threshold)
    return None


def _theirs(
    samples: Sequence[tuple[Floats, Flags]], risk: float, interpreter: Path | None
) -> Mapping[str, list[float | None]]:
    """Thresholds by the rivals' own code, in their environment."""
    given = {
        "risk": risk,
        "samples": [[sure.tolist(), right.astype(int).tolist()] for sure, right in samples],
    }
    assert interpreter is not None
    done = subprocess.run(
        [str(interpreter), "-m", "benchmarks.rivals.rules"],
        input=json.dumps(given),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the rivals' rules failed:\n{done.stderr}")
    thresholds: dict[str, list[float | None]] = json.loads(done.stdout.strip().splitlines()[-1])
    return thresholds
