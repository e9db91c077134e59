"""A snapshot as JSON-able data and back, without loss: to add up the ledgers of several processes or machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from cascade.errors import ConfigurationError
from cascade.histogram import Histogram
from cascade.ledger.listener import Ledger
from cascade.ledger.snapshot import LedgerSnapshot
from cascade.ledger.tally import Cell, Group, Tally
from cascade.result import Cost

VERSION = 1


def to_wire(snapshot: LedgerSnapshot) -> dict[str, Any]:
    """All counts of the snapshot; prices stay where they are."""
    tally = snapshot._tally
    return {
        "v": VERSION,
        "latency": tally.latency.to_wire(),
        "turns": [[turn, histogram.to_wire()] for turn, histogram in tally.turns.items()],
        "cells": [[key, astuple(cell)] for key, cell in tally.cells.items()],
        "spent": [
            [under, group, turns, astuple(cost)] for (under, group), (turns, cost) in tally.spent.items()
        ],
    }


def from_wire(data: Mapping[str, Any], beside: Ledger) -> LedgerSnapshot:
    """The snapshot again, by the prices, currency and assumption of ``beside``.

    Raises :class:`~cascade.errors.ConfigurationError` for data of another version or shape.
    """
    if data.get("v") != VERSION:
        raise ConfigurationError(f"a ledger of version {data.get('v')!r}, this reads {VERSION}")
    tally = Tally()
    try:
        tally.latency = Histogram.from_wire(data["latency"])
        for turn, histogram in data["turns"]:
            tally.turns[tuple(turn)] = Histogram.from_wire(histogram)
        for key, cell in data["cells"]:
            tally.cells[tuple(key)] = Cell(*cell)
        for under, group, turns, cost in data["spent"]:
            tally.spent[tuple(under), Group._make([*group[:-1], tuple(group[-1])])] = turns, Cost(*cost)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"not a ledger: {type(error).__name__}") from error
    return LedgerSnapshot(beside.prices, beside.currency, beside.assume, tally)
