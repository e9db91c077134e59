"""The certify stage: thresholds that keep the error of whole answers under its bound, on dev rows nothing else saw."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime

from cascade.bundle import Bundle
from training.certify import issue, report
from training.labelled.judging import judge
from training.labelled.rows import Row
from training.labelled.workshop import LabelledWorkshop
from training.recipe import RecipeError


def certify(workshop: LabelledWorkshop) -> None:
    """Write the bundle's certificate and thresholds; say what was shown and what is missing."""
    registration, known = workshop.registration, set(workshop.names.values())
    unknown = {name for scope in registration.scopes for name in scope.intents} - known
    if unknown:
        raise RecipeError(
            f"[certificate] names intents that the bundle does not have: {', '.join(sorted(unknown))}"
        )
    tuning = [one.record for one in judge(workshop.bundle, workshop.tuning, workshop.names)]
    certified = [one.record for one in judge(workshop.bundle, workshop.certified, workshop.names)]
    issued = registration.issued or datetime.now(UTC).date()
    made = issue(
        Bundle.open(workshop.bundle),
        tuning,
        certified,
        registration,
        sample_sha256=fingerprint(workshop.certified),
        issued=issued,
    )
    report(made, workshop.console)


def fingerprint(rows: Iterable[Row]) -> str:
    """SHA-256 of labelled rows, whatever their order."""
    lines = sorted(
        json.dumps(
            [row.raw, row.intent, *([slot.name, *slot.place] for slot in row.slots)], ensure_ascii=False
        )
        for row in rows
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
