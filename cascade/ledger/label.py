"""What a result is counted under besides itself: the campaign and the rung of the moment."""

from __future__ import annotations

from collections.abc import Callable

from cascade.ledger.tally import Label

Name = str | Callable[[], str | None] | None
"""A name, or what tells it at every result."""


def label_of(campaign: Name, rung: Name) -> Callable[[], Label]:
    """One function for both names, quick where neither has to be asked for."""
    if not callable(campaign) and not callable(rung):
        fixed = campaign, rung
        return lambda: fixed
    ask_campaign, ask_rung = _asking(campaign), _asking(rung)
    return lambda: (ask_campaign(), ask_rung())


def _asking(name: Name) -> Callable[[], str | None]:
    return name if callable(name) else lambda: name
