"""The certify stage: thresholds that keep the error of whole orders under its bound, into ``certificate.json`` and
``policy.yaml`` of the bundle.

It looks at the labelled calibration utterances that calibration itself left alone (all but the tuning part) and puts
them to rules and classifier as the bundle ships them. Where a bound is shown, its loosest threshold goes into the
policy. Where none is, the policy keeps what it had, or takes what the tuning part speaks for, as the registration says;
the certificate says how many labels are missing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from cascade.bundle import Bundle, seal
from cascade.certificate import FILE, RUNG_FILES, Certificate, Statement, certified_files
from cascade.orders import OrderIntent
from cascade.policy import LoadedRung, PolicySpec, RungThresholds, Threshold
from training.annotation import Example, format_order
from training.certificate import Record, Registration, Scope, tuned
from training.certificate import certify as certify_scope
from training.dataset import load_splits
from training.judging import policy_spec, records
from training.recipe import RecipeError
from training.scoring import Spelling
from training.workshop import Workshop

ACTING_EPSILON = 0.01
EPSILON = 0.02


@dataclass(frozen=True, slots=True)
class Sample:
    """Labelled utterances in two parts that have none in common."""

    tuning: tuple[Example, ...]
    """What calibration may look at, and what decides where the tests begin."""
    certified: tuple[Example, ...]
    """What the statements rest on: looked at once."""


def certify(workshop: Workshop, console: Console) -> None:
    """Certify the bundle on the calibration set's own part, and print what was shown and what is missing."""
    pack, recipe = workshop.pack, workshop.recipe
    registration = recipe.certificate or registration_for(pack.bundle)
    issued = registration.issued or datetime.now(UTC).date()
    made = make_certificate(
        pack.bundle.path, sample_of(workshop), registration, pack.normalised, issued, answers=pack.answers
    )
    report(made, console)


def sample_of(workshop: Workshop) -> Sample:
    """What calibrating may look at and what a certificate rests on, as the recipe keeps them apart.

    A sample of its own is taken as it is, repetitions and all: it is drawn from the traffic, decision by decision.
    """
    recipe, pack = workshop.recipe, workshop.pack
    splits = load_splits(recipe, pack)
    if recipe.sets.certified is None:
        return split(splits.calibration, recipe.certificate or registration_for(pack.bundle), pack.normalised)
    return Sample(splits.calibration, splits.certified)


def registration_for(bundle: Bundle) -> Registration:
    """What is registered where a recipe says nothing: acting intents together at 1 %, all others at 2 %."""
    intents = bundle.manifest.intents
    parts = (
        (tuple(intent.name for intent in intents if intent.acting), ACTING_EPSILON),
        (tuple(intent.name for intent in intents if not intent.acting), EPSILON),
    )
    return Registration(scopes=tuple(Scope(intents=names, epsilon=bound) for names, bound in parts if names))


def split(examples: Iterable[Example], registration: Registration, spelling: Spelling) -> Sample:
    """The two parts, decided by each utterance's own text."""
    tuning: list[Example] = []
    certified: list[Example] = []
    for example in examples:
        (tuning if registration.for_tuning(spelling(example.text)) else certified).append(example)
    return Sample(tuple(tuning), tuple(certified))


def make_certificate(
    folder: Path,
    sample: Sample,
    registration: Registration,
    spelling: Spelling,
    issued: date,
    *,
    answers: type[BaseModel] = OrderIntent,
) -> Certificate:
    """Certify the bundle in ``folder``, and its rungs: write the certificates and the policy's thresholds, seal it."""
    bundle = Bundle.open(folder)
    tuning = records(bundle, sample.tuning, spelling, answers=answers)
    certified = records(bundle, sample.certified, spelling, answers=answers)
    sha256 = fingerprint(sample.certified)
    return issue(bundle, tuning, certified, registration, sample_sha256=sha256, issued=issued)


def issue(
    bundle: Bundle,
    tuning: Sequence[Record],
    certified: Sequence[Record],
    registration: Registration,
    *,
    sample_sha256: str,
    issued: date,
) -> Certificate:
    """Certify an opened bundle and its rungs by what it said to two samples: write the certificates, put the thresholds
    into its policy, seal it. ``sample_sha256`` is of the certified one.
    """
    folder, spec = bundle.path, policy_spec(bundle)
    margin = partial(_margin, bundle=bundle, spec=spec)

    def made(scopes: Sequence[Scope]) -> Certificate:
        statements = tuple(
            certify_scope(scope, registration, tuning, certified, margin(scope)) for scope in scopes
        )
        return Certificate(
            bundle=bundle.id,
            issued=issued,
            valid_until=issued + timedelta(days=registration.valid_days),
            family=registration.family,
            population=registration.population,
            rows=len(certified),
            split_sha256=sample_sha256,
            files=certified_files(bundle),
            statements=statements,
            apart=_apart(scopes, registration, tuning, certified, margin),
        )

    certificate = made(registration.scopes)
    (folder / FILE).write_text(_json(certificate), encoding="utf-8")
    found = _tuned(registration.scopes, registration, tuning, margin)
    policy = with_thresholds(spec, certificate.statements, found)
    rungs: dict[LoadedRung, RungThresholds] = {}
    for rung, scopes in registration.rungs.items():
        shown, name = made(scopes), f"{RUNG_FILES}{rung}.json"
        (folder / name).write_text(_json(shown), encoding="utf-8")
        loose = _tuned(scopes, registration, tuning, margin)
        intents = with_thresholds(policy, shown.statements, loose).intents
        rungs[rung] = RungThresholds(
            default=spec.default, acting=spec.acting, intents=intents, certificate=name
        )
    policy = policy.model_copy(update={"rungs": {**spec.rungs, **rungs}})
    (folder / "policy.yaml").write_text(policy_text(policy), encoding="utf-8")
    seal(folder)
    return certificate


def _json(certificate: Certificate) -> str:
    return certificate.model_dump_json(indent=2) + "\n"


def _tuned(
    scopes: Sequence[Scope],
    registration: Registration,
    tuning: Sequence[Record],
    margin: Callable[[Scope], float],
) -> dict[str, Threshold]:
    """Thresholds by intent that only the tuning utterances speak for, where the registration asks for them."""
    found: dict[str, Threshold] = {}
    for scope in scopes if registration.otherwise == "tuned" else ():
        limit = tuned(scope, registration, tuning)
        if limit is not None:
            threshold = Threshold(confidence=limit, margin=margin(scope))
            found |= dict.fromkeys(scope.intents, threshold)
    return found


def _apart(
    scopes: Sequence[Scope],
    registration: Registration,
    tuning: Sequence[Record],
    certified: Sequence[Record],
    margin: Callable[[Scope], float],
) -> tuple[Statement, ...]:
    alone = [
        Scope(intents=(intent,), epsilon=scope.epsilon)
        for scope in scopes
        if len(scope.intents) > 1
        for intent in scope.intents
    ]
    each = registration.model_copy(update={"family": "each"})
    return tuple(certify_scope(scope, each, tuning, certified, margin(scope)) for scope in alone)


def _margin(scope: Scope, bundle: Bundle, spec: PolicySpec) -> float:
    """The margin that the policy asks of the scope. Raises :class:`~training.recipe.RecipeError` for several."""
    found = {_limit(spec, bundle, intent).margin for intent in scope.intents}
    if len(found) != 1:
        raise RecipeError(
            f"policy.yaml asks different margins of {', '.join(scope.intents)}: certify them apart"
        )
    return found.pop()


def _limit(spec: PolicySpec, bundle: Bundle, intent: str) -> Threshold:
    return spec.intents.get(intent, spec.acting if intent in bundle.acting else spec.default)


def with_thresholds(
    spec: PolicySpec,
    statements: Iterable[Statement],
    otherwise: Mapping[str, Threshold] = MappingProxyType({}),
) -> PolicySpec:
    """The policy that answers where the statements allow it, and at the thresholds of ``otherwise`` where none does.

    Other intents keep their thresholds.
    """
    intents = {**spec.intents, **otherwise}
    for statement in statements:
        if statement.threshold is not None:
            limit = Threshold(confidence=statement.threshold, margin=statement.margin)
            intents |= dict.fromkeys(statement.intents, limit)
    return spec.model_copy(update={"intents": intents})


def policy_text(spec: PolicySpec) -> str:
    """``policy.yaml``: the same policy gives the same bytes."""
    lines = [
        "# When a proposal with a calibrated confidence may be the answer. Acting intents spend money or change",
        "# an order. Thresholds of single intents are those of certificate.json where it states a bound for them.",
        *_yaml(spec.model_dump(mode="json", exclude_none=True), ""),
    ]
    return "\n".join(lines) + "\n"


def _yaml(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Mappings as blocks, thresholds on one line, in the order of the fields and of the names."""
    for key, value in data.items():
        if not isinstance(value, dict):
            yield f"{indent}{key}: {_plain(value)}"
        elif not value or set(value) == set(Threshold.model_fields):
            inside = ", ".join(f"{name}: {_plain(number)}" for name, number in value.items())
            yield f"{indent}{key}: {{{inside}}}"
        else:
            yield f"{indent}{key}:"
            yield from _yaml(dict(sorted(value.items())) if key == "intents" else value, indent + "  ")


def _plain(value: float | str) -> str:
    """A scalar as the bundle's YAML reads it: the same float, never with an exponent; a string in quotes."""
    return (
        json.dumps(value, ensure_ascii=False) if isinstance(value, str) else format(Decimal(repr(value)), "f")
    )


def fingerprint(examples: Iterable[Example]) -> str:
    """SHA-256 of labelled utterances, whatever their order."""
    lines = sorted(
        json.dumps(
            [example.text, example.intent, "!" if example.order is None else format_order(example.order)],
            ensure_ascii=False,
        )
        for example in examples
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def table(certificate: Certificate) -> Table:
    """The statements, for people."""
    shown = Table(title=f"{certificate.bundle}, until {certificate.valid_until}")
    for head in (
        "answers as",
        "error at most",
        "delta",
        "shown",
        "threshold",
        "n",
        "errors",
        "coverage",
        "missing",
    ):
        shown.add_column(head)
    for statement in (*certificate.statements, *certificate.apart):
        missing = "fewer errors" if statement.more_labels is None else str(statement.more_labels or "")
        shown.add_row(
            ", ".join(statement.intents),
            f"{statement.epsilon:.1%}",
            f"{statement.delta:g}",
            "yes" if statement.certified else "no",
            "" if statement.threshold is None else f"{statement.threshold:g}",
            str(statement.n),
            str(statement.errors),
            f"{statement.coverage:.1%}",
            missing,
        )
    return shown


def report(certificate: Certificate, console: Console) -> None:
    """Print the statements, and what is missing for those that could not be made."""
    console.print(table(certificate))
    for statement in (*certificate.statements, *certificate.apart):
        if statement.reason == "too_few":
            console.print(
                f"{', '.join(statement.intents)}: at least {statement.more_labels} more labelled utterances"
            )
        elif statement.reason == "too_many_errors":
            console.print(f"{', '.join(statement.intents)}: wrong too often for {statement.epsilon:.1%}")
