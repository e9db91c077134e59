"""Which utterances of the log are worth a person's time, and for how many others each of them stands.

Every distinct utterance falls into one stratum: ``corrected`` by a user, ``disputed`` by an audit, ``audited``,
``escalated``, ``uncertain`` (the classifier answered without being sure) or ``control`` (everything else). From each
stratum a sample is drawn by priority sampling (Duffield, Lund and Thorup, 2007): the more often something was said the
likelier it is drawn, and sums over the drawn ones, at the weights given here, estimate sums over the traffic without
bias. That sure answers are among them is what keeps a comparison honest: after a promotion only the hard tail would
be labelled.

A certificate rests on independent draws from the traffic, all alike. Its sample is drawn so, decision by decision.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl
from pydantic import ValidationError

from cascade.orders import OrderIntent
from training.annotation import format_order
from training.retraining.plan import Mining
from training.retraining.queue import Item

STRATA: Final = ("corrected", "disputed", "audited", "escalated", "uncertain", "control")
"""In the order in which they claim an utterance that belongs to several."""

Part = Literal["train", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "test")


@dataclass(frozen=True, slots=True)
class Unit:
    """A distinct utterance of the test window, or a group of nearly the same ones to learn from."""

    id: str
    text: str
    said: str
    group: int
    part: Part
    stratum: str
    times: int
    traffic: float
    """Decisions of its window that it stands for, by the log's own sampling."""
    guess: str | None
    """JSON of what was last made of it."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A unit that was drawn, and the decisions it stands for among those of its stratum."""

    unit: Unit
    weight: float


def utterance_id(said: str) -> str:
    """The id of a normalised text, the same in every log and queue."""
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def units(frame: pl.DataFrame, mining: Mining) -> list[Unit]:
    """The distinct utterances of the rows of :func:`~training.retraining.split.by_time`, in order of their ids."""
    rows = (
        frame.with_columns(
            part=pl.when(pl.col("learnable")).then(pl.lit("train")).otherwise(pl.col("window"))
        )
        .filter(pl.col("part").is_in(PARTS) & (pl.col("learnable") | (pl.col("window") == "test")))
        .with_columns(rank=_rank(mining), guess=_guess(), often=pl.len().over("said"))
        .with_columns(unit=pl.when(pl.col("part") == "train").then(pl.lit("")).otherwise(pl.col("said")))
        .sort("often", "said", "time", descending=[True, False, True])
        .group_by("part", "group", "unit", maintain_order=True)
        .agg(
            pl.col("text", "said").first(),
            pl.col("guess").drop_nulls().first(),
            pl.col("rank").min(),
            pl.len().alias("times"),
            pl.col("weight").sum().alias("traffic"),
        )
    )
    found = [
        Unit(
            id=utterance_id(row["said"]),
            stratum=STRATA[row["rank"]],
            **{name: row[name] for name in ("text", "said", "group", "part", "times", "traffic", "guess")},
        )
        for row in rows.iter_rows(named=True)
    ]
    return sorted(found, key=lambda unit: (unit.id, unit.part))


def _rank(mining: Mining) -> pl.Expr:
    """The number of the stratum of a row."""
    agrees = pl.col("audit").str.json_path_match("$.agrees")
    answered = pl.col("status") == "answered"
    unsure = (pl.col("tier") == "classifier") & (pl.col("confidence") < mining.sure)
    return (
        pl.when(pl.col("corrected").is_not_null())
        .then(0)
        .when(agrees == "false")
        .then(1)
        .when(pl.col("audit").is_not_null())
        .then(2)
        .when(~answered | (pl.col("tier") == "llm"))
        .then(3)
        .when(unsure)
        .then(4)
        .otherwise(5)
    )


def _guess() -> pl.Expr:
    """JSON of an answer: the one given, or else the best candidate's."""
    return pl.coalesce("answer", pl.col("candidates").str.json_path_match("$[0].answer"))


def draw(found: Iterable[Unit], mining: Mining, seed: int) -> list[Drawn]:
    """The sample of every part and stratum, the heaviest priority first; the same for the same units and seed."""
    cells: dict[tuple[Part, str], list[tuple[float, Unit]]] = {}
    for unit in found:
        cells.setdefault((unit.part, unit.stratum), []).append((_priority(unit, seed), unit))
    drawn: list[Drawn] = []
    for part in PARTS:
        for stratum in STRATA:
            ranked = sorted(cells.get((part, stratum), ()), key=lambda pair: (-pair[0], pair[1].id))
            quota = mining.quota(stratum)
            bar = ranked[quota][0] if quota < len(ranked) else 0.0
            drawn += [Drawn(unit, max(unit.traffic, bar)) for _, unit in ranked[:quota]]
    return drawn


def _priority(unit: Unit, seed: int) -> float:
    """Traffic over a number between 0 and 1 that the id and the seed decide."""
    digest = hashlib.sha256(f"{seed}/{unit.id}".encode()).digest()
    return unit.traffic / ((int.from_bytes(digest[:8], "big") + 1) / 2**64)


def draw_decisions(frame: pl.DataFrame, count: int, seed: int) -> list[Unit]:
    """Independent draws from the decisions of the calibration window, each as likely as the log's weights say.

    With replacement: what is said often comes often, and is labelled once.
    """
    rows = frame.filter((pl.col("window") == "calibration") & (pl.col("weight") > 0)).with_columns(
        guess=_guess()
    )
    if rows.is_empty():
        return []
    chosen = random.Random(seed).choices(range(len(rows)), rows["weight"].to_list(), k=count)
    plain = rows.select("text", "said", "group", "guess", "weight")
    return [_decision(plain.row(at, named=True)) for at in chosen]


def _decision(row: Mapping[str, Any]) -> Unit:
    return Unit(
        id=utterance_id(row["said"]),
        text=row["text"],
        said=row["said"],
        group=row["group"],
        part="test",
        stratum="certified",
        times=1,
        traffic=row["weight"],
        guess=row["guess"],
    )


def items(drawn: Iterable[Drawn], decisions: Iterable[Unit] = ()) -> list[Item]:
    """The queue: each utterance once, with what the cascade made of it as a suggestion."""
    queue: dict[str, Item] = {}
    for one in (*drawn, *(Drawn(unit, unit.traffic) for unit in decisions)):
        if one.unit.id not in queue:
            queue[one.unit.id] = Item(
                id=one.unit.id,
                text=one.unit.text,
                reason=one.unit.stratum,
                weight=one.weight,
                times=one.unit.times,
                **suggestion(one.unit.guess),
            )
    return list(queue.values())


def suggestion(guess: str | None) -> dict[str, str]:
    """Intent and order of a logged answer, in the notation; empty where it is none."""
    answer = order_of(guess)
    if answer is None:
        return {}
    try:
        return {"suggested_intent": answer.intent, "suggested_order": format_order(answer)}
    except ValueError:
        return {"suggested_intent": answer.intent}


def order_of(guess: str | None) -> OrderIntent | None:
    """A logged answer as an order; ``None`` where it is none (a scrubbed quantity, another pack's answer)."""
    try:
        return None if guess is None else OrderIntent.model_validate_json(guess)
    except ValidationError:
        return None


def settled_weights(drawn: Sequence[Drawn], labelled: Collection[str]) -> dict[str, float]:
    """Weights of the labelled units of one part's sample, raised in each stratum for those not labelled yet.

    Those that are labelled stand for their whole stratum, as far as the order of labelling has nothing to do with what
    is labelled. A stratum without any label is stood for by nothing.
    """
    whole: dict[str, float] = {}
    known: dict[str, float] = {}
    for one in drawn:
        whole[one.unit.stratum] = whole.get(one.unit.stratum, 0.0) + one.weight
        if one.unit.id in labelled:
            known[one.unit.stratum] = known.get(one.unit.stratum, 0.0) + one.weight
    return {
        one.unit.id: one.weight * whole[one.unit.stratum] / known[one.unit.stratum]
        for one in drawn
        if one.unit.id in labelled and known[one.unit.stratum] > 0
    }


def llm_answers(frame: pl.DataFrame) -> list[tuple[str, str, str]]:
    """``(text, answer as JSON, model)`` of what the large model answered, in place of the others or as an audit."""
    answered = frame.filter((pl.col("tier") == "llm") & (pl.col("status") == "answered")).select(
        "text", "answer", "attempts"
    )
    audits = frame.drop_nulls("audit").select("text", "audit")
    found = [
        (text, answer, _model(json.loads(attempts or "[]")))
        for text, answer, attempts in answered.iter_rows()
    ]
    for text, told in audits.iter_rows():
        audit = json.loads(told)
        if audit.get("answer"):
            found.append(
                (text, json.dumps(audit["answer"], ensure_ascii=False), audit["cost"].get("model") or "llm")
            )
    return [(text, answer, model) for text, answer, model in found if answer]


def _model(attempts: Sequence[Mapping[str, Any]]) -> str:
    names = [attempt.get("cost", {}).get("model") for attempt in attempts]
    return next((str(name) for name in reversed(names) if name), "llm")
