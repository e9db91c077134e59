"""The log in three windows of time: what is learned from, what is certified on, what models are compared on.

Time, because tomorrow's traffic is what counts, and nothing of tomorrow may be known today. The later two windows stay
as they were: their decisions are a sample of what people really say, the frequent and the rare. What is said in them,
or nearly the same, is not learned from, even where it was also said before.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import polars as pl

from training.leakage import bigrams
from training.retraining.duplicates import groups
from training.retraining.plan import TimeSplit

Window = Literal["train", "calibration", "test"]
WINDOWS: Final[tuple[Window, ...]] = ("train", "calibration", "test")
_BESIDE_THE_POINT = re.compile(r"[^\w<>]+")


def grouped(frame: pl.DataFrame, jaccard: float) -> pl.DataFrame:
    """The rows with the number of their group: those whose text is nearly the same are in one."""
    said: Sequence[str] = frame["said"].unique(maintain_order=True).to_list()
    numbers = groups([_BESIDE_THE_POINT.sub("", text) or text for text in said], bigrams, jaccard)
    table = pl.DataFrame({"said": said, "group": numbers}, schema={"said": pl.String, "group": pl.Int64})
    return frame.join(table, on="said", how="left", maintain_order="left")


def boundaries(frame: pl.DataFrame, plan: TimeSplit) -> tuple[datetime, datetime]:
    """When the calibration window and the test window begin. Raises ``ValueError`` for an empty log."""
    times = frame["time"].sort()
    if times.is_empty():
        raise ValueError("the log has no decisions to split")
    last = len(times) - 1
    first, second = plan.train, plan.train + plan.calibration
    return times[min(last, int(first * len(times)))], times[min(last, int(second * len(times)))]


def by_time(frame: pl.DataFrame, plan: TimeSplit) -> pl.DataFrame:
    """The rows of :func:`grouped` with their ``window``, and whether they are ``learnable``.

    Learnable are the rows of the first window whose group is not said in a later one.
    """
    calibration, test = boundaries(frame, plan)
    window = (pl.col("time") >= calibration).cast(pl.Int8) + (pl.col("time") >= test).cast(pl.Int8)
    return frame.with_columns(window=window).with_columns(
        learnable=pl.col("window").max().over("group") == 0,
        window=pl.col("window").replace_strict(dict(enumerate(WINDOWS)), return_dtype=pl.String),
    )
