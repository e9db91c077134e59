"""The retrain stage: a challenger from the log's labels, put beside the champion, and made a version if it passes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from cascade.bundle import MANIFEST, Bundle, seal
from cascade.certificate import Certificate
from cascade.config import Cascade
from training import stages
from training.annotation import AnnotationError, Example, read_all
from training.certificate import Registration
from training.certify import registration_for
from training.evaluate import pairs
from training.judging import Judged, judge
from training.retraining import labels, queue, sets
from training.retraining.cache import Done, hash_of
from training.retraining.compare import Comparison, Verdict, Weighed, compare, judge_gates, summary
from training.retraining.labels import Label, Labelled, Source
from training.retraining.mine import CODE, Mined, Shop, mine
from training.retraining.mining import llm_answers, order_of, settled_weights, suggestion, utterance_id
from training.retraining.registry import Event
from training.retraining.sets import Material
from training.retraining.teach import from_answers

TRAINING_STAGES = ("train", "export", "calibrate", "certify", "evaluate", "package")
CHUNK = 50
"""Utterances that one model is asked before the other gets its turn: both meet the same noise of the machine."""


def retrain(shop: Shop) -> bool:
    """Everything from the log to a new version; false when a gate refused the challenger."""
    mined = mine(shop)
    with shop.cache.timed("labels"):
        material = gather(shop, mined)
    challenger, counts = train_challenger(shop, mined, material)
    shop.console.print(counts)
    with shop.cache.timed("compare"):
        comparisons = both_comparisons(shop, challenger, material)
    verdicts = gates(shop, challenger, comparisons)
    shop.console.print(gate_table(verdicts))
    report = {"sets": counts, **summary(comparisons, verdicts)}
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    path = challenger.folder.with_name(f"{challenger.folder.name}.report.json")
    path.write_text(text, encoding="utf-8")
    if report["outcome"] != "passed":
        shop.console.print(f"refused; the report: {path}")
        return False
    with shop.cache.timed("register"):
        register(shop, challenger.folder / "bundle", text)
    return True


def register(shop: Shop, bundle: Path, report: str) -> Event | None:
    """Add the bundle as a version, and promote it where the recipe says so."""
    now = datetime.now(UTC)
    version = shop.registry.add(bundle, now, report=report.encode(), note=f"retrained by {shop.recipe.name}")
    shop.console.print(f"version {version} in {shop.registry.folder(version)}")
    if not shop.recipe.promote:
        return None
    if shop.registry.state().current == version:
        return None
    event = shop.registry.promote(version, now, note="passed every gate")
    shop.console.print(f"promoted; runtimes reload {shop.registry.link}")
    return event


def gather(shop: Shop, mined: Mined) -> Material:
    """Labels of people and of models, apart, and what they are for."""
    frame = mined.frame()
    home = shop.recipe.path(shop.recipe.labels)
    human = _settled(shop, human_labels(home / "human"))
    logged = [
        Label(
            text=text,
            intent=said["suggested_intent"],
            order=said.get("suggested_order", ""),
            source="llm",
            by=model,
        )
        for text, answer, model in llm_answers(frame)
        if (said := suggestion(answer)) and order_of(answer) is not None
    ]
    files = sorted((home / "llm").glob("*.jsonl"))
    answered = [label for path in sorted((home / "llm").glob("*.parquet")) for label in from_answers(path)]
    llm = _settled(shop, [*labels.read(files, "llm"), *answered, *logged])
    later = {utterance_id(said) for said in frame.filter(~frame["learnable"])["said"].unique()}
    return Material(human, llm, mined.drawn, mined.decisions, later)


def human_labels(home: Path) -> list[Label]:
    """What came back from people. Raises :class:`~training.annotation.AnnotationError` with the file's name."""
    found: list[Label] = []
    for path in sorted(home.glob("*")):
        try:
            if path.suffix == ".jsonl":
                found += labels.read([path], "human")
            elif path.suffix == ".json":
                found += queue.from_label_studio(path.read_text(encoding="utf-8")).labels
            elif path.suffix == ".csv":
                found += queue.from_csv(path.read_text(encoding="utf-8")).labels
        except (OSError, UnicodeDecodeError) as error:
            raise AnnotationError(f"{path}: cannot be read: {error}") from error
        except AnnotationError as error:
            message = str(error)
            raise error if path.name in message else AnnotationError(f"{path}: {message}") from error
    return found


def _settled(shop: Shop, given: Sequence[Label]) -> dict[str, Labelled]:
    known = [label for label in given if shop.said(label.text) is not None]
    agreed, disputed = labels.agreed(known, shop.pack.bundle.intents, shop.pack.normalised)
    source: Source | str = given[0].source if given else "no"
    if disputed:
        shop.console.print(
            f"{len(disputed)} utterances are labelled in more than one way ({source}) and left out:"
        )
        for one in disputed[:10]:
            shop.console.print(f"  {one}", highlight=False, markup=False)
    return sets.by_id(agreed, {one.example.text: shop.pack.normalised(one.example.text) for one in agreed})


def train_challenger(shop: Shop, mined: Mined, material: Material) -> tuple[Done, dict[str, int]]:
    """The challenger's bundle, trained from the base sets and the log's labels by the training recipe's stages."""
    base, going_on = shop.training, shop.recipe.go_on
    folders = [base.path(folder) for folder in (base.sets.train, base.sets.calibration, base.sets.test)]
    depends = {
        "code": CODE,
        "queue": mined.queue.key,
        "base": hash_of(folders),
        "training": base.model_dump(mode="json", exclude={"root", "work", "bundle", "sets"}),
        "going_on": going_on.model_dump() if going_on else None,
        "champion": hash_of([shop.champion]),
        "human": _texts(material.human.values()),
        "llm": _texts(material.llm.values()) if shop.recipe.llm_labels else [],
        "most_llm": shop.recipe.llm_labels,
    }

    def make(folder: Path) -> None:
        plan, usual = _registration(shop, mined), _base_registration(shop).population
        made, counts = sets.build(folder / "sets", base, material, shop.recipe.llm_labels, plan.tuning_share)
        (folder / "counts.json").write_text(json.dumps(asdict(counts)) + "\n", encoding="utf-8")
        bundle = folder / "bundle"
        shutil.copytree(shop.champion, bundle)
        for file in (*bundle.iterdir(), bundle):
            file.chmod(0o755 if file.is_dir() else 0o644)  # versions in the registry are read-only
        _name(bundle, folder, mined)
        scratch = shop.cache.home / "training"
        recipe = base.model_copy(
            update={
                "bundle": bundle,
                "work": scratch,
                "teacher": None,  # a challenger's teacher is its own: the base recipe's stays where it is kept
                "sets": made,
                "go_on": shop.champion if going_on else None,
                "going_on": going_on or base.going_on,
                "certificate": plan if made.certified else plan.model_copy(update={"population": usual}),
            }
        )
        for stage in TRAINING_STAGES:
            with shop.cache.timed(f"challenger.{stage}"):
                stages.run(stage, recipe, shop.console)

    done = shop.cache.step("challenger", depends, make)
    counts: dict[str, int] = json.loads((done.folder / "counts.json").read_text(encoding="utf-8"))
    return done, counts


def _registration(shop: Shop, mined: Mined) -> Registration:
    """The base recipe's registration, for a sample of the log, and dated by it: the same log, the same certificate."""
    frame = mined.frame()
    window = frame.filter(frame["window"] == "calibration")["time"]
    population = f"decisions of the log from {window.min()} to {window.max()}"
    return _base_registration(shop).model_copy(
        update={"issued": frame["time"].max().date(), "population": population}
    )


def _base_registration(shop: Shop) -> Registration:
    return shop.training.certificate or registration_for(shop.pack.bundle)


def _name(bundle: Path, folder: Path, mined: Mined) -> None:
    """Give the bundle a version of its own: the log's last day, and the sets it was trained on."""
    last = mined.frame()["time"].max()
    day = last.strftime("%Y.%m.%d") if isinstance(last, datetime) else "0"
    manifest = json.loads((bundle / MANIFEST).read_text(encoding="utf-8"))
    manifest["version"] = f"{day}-{hash_of([folder / 'sets'])[:8]}"
    (bundle / MANIFEST).write_text(
        json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    seal(bundle)


def _texts(labelled: Iterable[Labelled]) -> list[str]:
    return sorted(labels.tsv(one.example) for one in labelled if sets.writable(one.example))


def both_comparisons(shop: Shop, challenger: Done, material: Material) -> dict[str, Comparison]:
    """Champion and challenger on the labelled traffic of the test window, and on the base recipe's held-out test."""
    tested = sets.tested(material)
    test_draw = [one for one in material.drawn if one.unit.part == "test"]
    weights = settled_weights(test_draw, {one.unit.id for one, _ in tested})
    traffic = [(label.example, weights.get(one.unit.id, 0.0), one.unit.group) for one, label in tested]
    files = sorted(shop.training.path(shop.training.sets.test).glob("*.tsv"))
    held_out = read_all(files, shop.pack.bundle.intents, files[0].parent) if files else []
    bundles = (Bundle.open(shop.champion), Bundle.open(challenger.folder / "bundle"))
    examples = [*(example for example, _, _ in traffic), *held_out]
    champion, new = side_by_side(shop, bundles, examples)
    cut = len(traffic)
    broken = tuple(len(pairs(judged[cut:])["wrong_pairs"]) for judged in (champion, new))
    sizes = tuple(
        (bundle.path / "model.onnx").stat().st_size if bundle.has("model.onnx") else 0 for bundle in bundles
    )

    def seen(at: slice, weighed: Weighed) -> Comparison:
        return compare(
            champion[at],
            new[at],
            weighed,
            bundles=(bundles[0].id, bundles[1].id),
            pairs=(broken[0], broken[1]),
            sizes=(sizes[0], sizes[1]),
            seed=shop.recipe.seed,
        )

    alone = Weighed([1.0] * len(held_out), list(range(len(held_out))))
    return {
        "traffic": seen(
            slice(0, cut), Weighed([weight for _, weight, _ in traffic], [group for *_, group in traffic])
        ),
        "held_out": seen(slice(cut, None), alone),
    }


def side_by_side(
    shop: Shop, bundles: tuple[Bundle, Bundle], examples: Sequence[Example]
) -> tuple[list[Judged], list[Judged]]:
    """Both models on the same utterances, in turns."""
    found: tuple[list[Judged], list[Judged]] = ([], [])
    with (
        Cascade.load(bundles[0]) as champion,
        Cascade.load(bundles[1]) as challenger,
        Progress(console=shop.console, transient=True) as progress,
    ):
        task = progress.add_task("champion and challenger", total=2 * len(examples))
        for model in (champion, challenger):
            judge(
                model, examples[:CHUNK], shop.pack.normalised
            )  # the first calls pay for what later ones find warm
        for start in range(0, len(examples), CHUNK):
            chunk = examples[start : start + CHUNK]
            for model, judged in zip((champion, challenger), found, strict=True):
                judged.extend(judge(model, chunk, shop.pack.normalised))
                progress.advance(task, len(chunk))
    return found


def gates(shop: Shop, challenger: Done, comparisons: dict[str, Comparison]) -> list[Verdict]:
    """Every gate on the traffic, and on the held-out test those that say whether it became worse."""
    plan = shop.recipe.gates
    certified = acting_certified(Bundle.open(challenger.folder / "bundle"))
    found = judge_gates("traffic", comparisons["traffic"], plan, certified=certified)
    kept = plan.model_copy(update={"utterances": 1, "certificate": False})
    once = {"order error", "acting error", "coverage", "calibration error"}
    return found + [
        one
        for one in judge_gates("held_out", comparisons["held_out"], kept, certified=certified)
        if one.gate in once and comparisons["held_out"].utterances
    ]


def acting_certified(bundle: Bundle) -> bool:
    """Whether a bound is shown for the answers of every acting intent."""
    certificate = Certificate.from_bundle(bundle)
    if certificate is None or not bundle.acting:
        return False
    found = [certificate.statement(intent) for intent in bundle.acting]
    return all(statement is not None and statement.certified for statement in found)


def gate_table(verdicts: Sequence[Verdict]) -> Table:
    """The gates, for people."""
    shown = Table(title="gates")
    for head in ("on", "gate", "", "measured", "allowed"):
        shown.add_column(head)
    for one in verdicts:
        mark = "[green]passed[/green]" if one.passed else "[red]refused[/red]"
        shown.add_row(one.on, one.gate, mark, one.measured, one.allowed)
    return shown
