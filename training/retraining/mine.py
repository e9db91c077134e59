"""The mine stage: from the decision log to a labelling queue, step by step, each kept under the hash of its inputs.

read    rows.parquet         decisions, scrubbed, grouped, in their windows · problems.txt
queue   queue.json           Label Studio tasks · queue.csv · labelling.xml · drawn.json · decisions.json
words   new_words.json       what the crowd says and the pack does not know
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table

from cascade.bundle import Bundle
from cascade.errors import InputRejected
from cascade.observe.privacy import Scrubber
from training.annotation import read_all
from training.dataset import Pack
from training.recipe import Recipe
from training.retraining import logs, mining, newwords, queue, split
from training.retraining.cache import Cache, Done, hash_of
from training.retraining.mining import Drawn, Unit
from training.retraining.recipe import RetrainRecipe
from training.retraining.registry import Registry, version_of

CODE = 1
"""Raised when a step's code gives another result for the same inputs."""


@dataclass(frozen=True)
class Shop:
    """A retraining recipe, the training recipe it names, the champion, and the steps done so far."""

    recipe: RetrainRecipe
    training: Recipe
    pack: Pack
    cache: Cache
    registry: Registry
    console: Console

    @classmethod
    def open(cls, recipe: RetrainRecipe, console: Console) -> Shop:
        """The champion is the registry's current version; before there is one, the bundle of the training recipe."""
        training = Recipe.read(recipe.path(recipe.training), recipe.root)
        registry = Registry(recipe.path(recipe.registry))
        champion = registry.link if registry.link.exists() else recipe.path(training.bundle)
        cache = Cache(recipe.path(recipe.work))
        return cls(recipe, training, Pack.open(Bundle.open(champion)), cache, registry, console)

    @property
    def champion(self) -> Path:
        """Folder of the bundle that is to be beaten."""
        return self.pack.bundle.path

    def said(self, text: str) -> str | None:
        """The normalised text; ``None`` where the cascade would refuse it."""
        try:
            return self.pack.normalizer(text).text
        except InputRejected:
            return None


@dataclass(frozen=True)
class Mined:
    """What the log gave."""

    rows: Done
    queue: Done
    drawn: tuple[Drawn, ...]
    decisions: tuple[Unit, ...]

    def frame(self) -> pl.DataFrame:
        """The rows of the log."""
        return pl.read_parquet(self.rows.folder / "rows.parquet")


def mine(shop: Shop) -> Mined:
    """Read the log, draw the queue, look for new words; tell where they lie."""
    rows = read_log(shop)
    drawn = _queue(shop, rows)
    words = _words(shop, rows)
    found = Mined(rows, drawn, tuple(_drawn(drawn)), tuple(_units(drawn, "decisions.json")))
    shop.console.print(_overview(found))
    shop.console.print(f"queue: {drawn.folder / 'queue.json'} (Label Studio, with labelling.xml), queue.csv")
    _show_words(shop, words)
    return found


def learnable(shop: Shop, most: int) -> list[str]:
    """What was said in the log's training window alone, normalised, the most frequent first: what a model may label."""
    frame = pl.read_parquet(read_log(shop).folder / "rows.parquet", columns=["said", "weight", "learnable"])
    often = frame.filter(pl.col("learnable")).group_by("said").agg(pl.col("weight").sum())
    first = often.sort("weight", "said", descending=[True, False]).head(most)
    return [str(said) for said in first["said"]]


def read_log(shop: Shop) -> Done:
    """The log as rows. What could not be read is told and kept in ``problems.txt``."""
    files = logs.files(shop.recipe.path(shop.recipe.logs))

    def make(folder: Path) -> None:
        log = logs.read(files)
        with shop.console.status("scrubbing, normalising, grouping"):
            frame = logs.prepare(log.frame, Scrubber(), shop.said)
            frame = split.by_time(split.grouped(frame, shop.recipe.split.jaccard), shop.recipe.split)
        frame.write_parquet(folder / "rows.parquet")
        (folder / "problems.txt").write_text("".join(f"{line}\n" for line in log.problems), encoding="utf-8")

    manifest = shop.pack.bundle.manifest
    done = shop.cache.step(
        "read",
        {
            "code": CODE,
            "logs": hash_of(files),
            "split": shop.recipe.split.model_dump(mode="json"),
            "normalizer": [
                manifest.wake_words,
                manifest.leading_fillers,
                manifest.trailing_fillers,
                manifest.max_chars,
            ],
        },
        make,
    )
    problems = (done.folder / "problems.txt").read_text(encoding="utf-8").splitlines()
    if problems:
        shop.console.print(
            f"{len(problems)} lines of the log could not be read: {done.folder / 'problems.txt'}"
        )
    return done


def _queue(shop: Shop, rows: Done) -> Done:
    plan = shop.recipe.mining

    def make(folder: Path) -> None:
        frame = pl.read_parquet(rows.folder / "rows.parquet")
        drawn = mining.draw(mining.units(frame, plan), plan, shop.recipe.seed)
        decisions = mining.draw_decisions(frame, plan.certified, shop.recipe.seed)
        items = mining.items(drawn, decisions)
        model = shop.pack.bundle.id
        (folder / "queue.json").write_text(queue.to_label_studio(items, model), encoding="utf-8")
        (folder / "queue.csv").write_text(queue.to_csv(items), encoding="utf-8")
        (folder / "labelling.xml").write_text(queue.labelling_config(shop.pack.intents), encoding="utf-8")
        _write_json(
            folder / "drawn.json", [{"weight": one.weight, "unit": asdict(one.unit)} for one in drawn]
        )
        _write_json(folder / "decisions.json", [asdict(unit) for unit in decisions])

    depends = {
        "code": CODE,
        "rows": rows.key,
        "mining": plan.model_dump(mode="json"),
        "seed": shop.recipe.seed,
        "bundle": version_of(shop.champion),
    }
    return shop.cache.step("queue", depends, make)


def _words(shop: Shop, rows: Done) -> Done:
    lexicon = shop.pack.lexicon
    forms = {
        form
        for slot, names in lexicon.slots.items()
        for name in names
        for form in (name, *lexicon.forms(slot, name))
    }
    files = sorted(shop.training.path(shop.training.sets.train).glob("*.tsv"))

    def make(folder: Path) -> None:
        frame = pl.read_parquet(rows.folder / "rows.parquet", columns=["said", "weight"])
        traffic = dict(frame.group_by("said").agg(pl.col("weight").sum()).iter_rows())
        known = [
            shop.pack.normalised(one.text)
            for one in read_all(files, shop.pack.bundle.intents, files[0].parent)
        ]
        with shop.console.status("looking for new words"):
            found = newwords.new_words(traffic, newwords.jieba_cut(forms), forms, known, shop.recipe.words)
        _write_json(folder / "new_words.json", [asdict(word) for word in found])

    depends = {
        "code": CODE,
        "rows": rows.key,
        "words": shop.recipe.words.model_dump(mode="json"),
        "known": hash_of(files),
        "forms": sorted(forms),
    }
    return shop.cache.step("words", depends, make)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _drawn(done: Done) -> Iterable[Drawn]:
    for row in json.loads((done.folder / "drawn.json").read_text(encoding="utf-8")):
        yield Drawn(Unit(**row["unit"]), row["weight"])


def _units(done: Done, name: str) -> Iterable[Unit]:
    for row in json.loads((done.folder / name).read_text(encoding="utf-8")):
        yield Unit(**row)


def _overview(mined: Mined) -> Table:
    shown = Table(title="utterances to label")
    for head in ("", "to learn from", "to compare on"):
        shown.add_column(head, justify="left" if not head else "right")
    for stratum in mining.STRATA:
        counts = (
            sum(one.unit.stratum == stratum and one.unit.part == part for one in mined.drawn)
            for part in mining.PARTS
        )
        shown.add_row(stratum, *map(str, counts))
    distinct = len({unit.id for unit in mined.decisions})
    shown.caption = f"and {distinct} for {len(mined.decisions)} decisions drawn for a certificate"
    return shown


def _show_words(shop: Shop, done: Done) -> None:
    words: list[Mapping[str, Any]] = json.loads((done.folder / "new_words.json").read_text(encoding="utf-8"))
    if not words:
        return
    shown = Table(title=f"words nobody told the pack ({done.folder / 'new_words.json'})")
    for head in ("word", "said", "texts", "for example"):
        shown.add_column(head)
    for word in words[:20]:
        shown.add_row(word["word"], f"{word['traffic']:.0f}", str(word["texts"]), word["examples"][0])
    shop.console.print(shown)
