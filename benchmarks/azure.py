"""Arrivals as bursty as a real service saw them: a stretch of Azure's public LLM trace, set to the length of a
replay.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.sets import SetMissing

TRACE: Final = "AzureLLMInferenceTrace_code.csv"
DOWNLOAD: Final = "https://github.com/Azure/AzurePublicDataset/blob/master/data/" + TRACE


def arrivals(folder: Path, number: int, seconds: float) -> list[float]:
    """``number`` moments within ``seconds``: the stretch of the trace whose dispersion is the median of all stretches.

    Raises :class:`~benchmarks.sets.SetMissing`.
    """
    path = folder / "azure_llm_traces" / TRACE
    if not path.is_file():
        raise SetMissing(f"{path} is not there: download {DOWNLOAD}")
    with path.open(encoding="utf-8-sig") as lines:
        stamps = [datetime.fromisoformat(row["TIMESTAMP"][:26]).timestamp() for row in csv.DictReader(lines)]
    times = np.array(stamps)
    stretches = [
        _scaled(times[at : at + number], seconds) for at in range(0, len(times) - number, number // 2)
    ]
    chosen = sorted(stretches, key=lambda one: dispersion(one.tolist(), seconds))[len(stretches) // 2]
    return [float(moment) for moment in chosen]


def dispersion(moments: list[float], seconds: float) -> float:
    """Variance over mean of the arrivals in each second; 1 for a Poisson crowd."""
    counts = np.bincount(np.array(moments).astype(int), minlength=int(seconds))
    return float(counts.var() / counts.mean())


def _scaled(times: npt.NDArray[np.float64], seconds: float) -> npt.NDArray[np.float64]:
    span = times[-1] - times[0]
    return np.asarray((times - times[0]) / span * (seconds - 1e-6))
