"""The rivals' threshold rules, by their own code, on confidences that are handed in."""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    """Read samples of (confidence, correct) and print each rule's threshold for each of them."""
    given = json.load(sys.stdin)
    chosen: dict[str, list[float | None]] = {"distilroute": [], "semantic": []}
    for sure, right in given["samples"]:
        chosen["distilroute"].append(_distilroute(sure, right, given["risk"]))
        chosen["semantic"].append(_semantic(sure, right, given["risk"]))
    print(json.dumps(chosen))


def _distilroute(sure: list[float], right: list[int], risk: float) -> float | None:
    from distilroute.core.trainer import _best_threshold

    predicted = [("yes", one) for one in sure]
    truth = ["yes" if good else "no" for good in right]
    threshold: float | None = _best_threshold(predicted, truth, 1 - risk)["threshold"]
    return threshold


def _semantic(sure: list[float], right: list[int], risk: float) -> float | None:
    """The raw score where its calibrated confidence is the bound's: it passes what is at least that."""
    import numpy as np
    from semantic_router.calibration import Calibrator

    calibrator = Calibrator.fit(np.array(sure), np.array(right, float), "platt")
    scores: Any = np.unique(np.array([*sure, 1.0]))
    passed = scores[calibrator(scores) >= 1 - risk]
    return float(passed[0]) if len(passed) else None


if __name__ == "__main__":
    main()
