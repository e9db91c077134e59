"""The public sets and the project's own, as rows: read from a folder that the caller names, kept apart, cut to shots.

The folder has one folder a set with ``train.jsonl``, ``test.jsonl`` and, where the set has one, ``dev.jsonl``: one
object a line with ``text`` and ``intent``.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.harness import ROOT

Row = tuple[str, str]

DEV_SHARE: Final = 0.1


class SetMissing(RuntimeError):
    """A set is not in the folder; the message says where its official download is."""


@dataclass(frozen=True, slots=True)
class Source:
    """A public set."""

    language: str
    encoder: str
    """Which of the run's encoders systems share on it: ``zh`` or ``en``."""
    download: str
    out_of_scope: str | None = None


PUBLIC: Final = {
    "massive_zh_cn": Source(
        "zh", "zh", "https://amazon-massive-nlu-dataset.s3.amazonaws.com/amazon-massive-dataset-1.0.tar.gz"
    ),
    "clinc150": Source(
        "en", "en", "https://raw.githubusercontent.com/clinc/oos-eval/master/data/data_full.json", "oos"
    ),
    "banking77": Source(
        "en",
        "en",
        "https://github.com/PolyAI-LDN/task-specific-datasets/tree/master/banking_data",
    ),
}
OWN: Final = "tea_order_zh"
NAMES: Final = (*PUBLIC, OWN)


@dataclass(frozen=True, slots=True)
class Sets:
    """Three sets that share no text, and what was dropped to make it so."""

    name: str
    language: str
    train: tuple[Row, ...]
    dev: tuple[Row, ...]
    test: tuple[Row, ...]
    out_of_scope: str | None
    dropped: int

    @property
    def fingerprint(self) -> str:
        """Of all rows: figures belong together that were made of the same."""
        return hashlib.sha256(repr((self.train, self.dev, self.test)).encode()).hexdigest()[:16]

    def shots(self, number: int, seed: int) -> Sets:
        """``number`` rows an intent to learn from (all, where there are fewer); dev and test as they are."""
        by_intent: defaultdict[str, list[Row]] = defaultdict(list)
        for row in self.train:
            by_intent[row[1]].append(row)
        rng = random.Random(seed)
        kept = [row for rows in by_intent.values() for row in rng.sample(rows, min(number, len(rows)))]
        return replace(self, train=tuple(kept))

    def write(self, folder: Path) -> None:
        """One JSONL a set, for a system in another process."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in ("train", "dev", "test"):
            lines = (json.dumps({"text": t, "intent": i}, ensure_ascii=False) for t, i in getattr(self, part))
            (folder / f"{part}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def load(name: str, folder: Path) -> Sets:
    """A set by name. Raises :class:`SetMissing`."""
    if name == OWN:
        return _own()
    source = PUBLIC[name]
    home = folder / name
    if not (home / "train.jsonl").is_file() or not (home / "test.jsonl").is_file():
        raise SetMissing(
            f"{home}: train.jsonl and test.jsonl are not there. Download {source.download}, write one object a line "
            f'with "text" and "intent", and name the folder above it with --data.'
        )
    train, test = _rows(home / "train.jsonl"), _rows(home / "test.jsonl")
    dev = _rows(home / "dev.jsonl") if (home / "dev.jsonl").is_file() else []
    if not dev:
        dev = [row for row in train if _share(row[0]) < DEV_SHARE]
        train = [row for row in train if _share(row[0]) >= DEV_SHARE]
    return apart(name, source.language, train, dev, test, out_of_scope=source.out_of_scope)


def apart(
    name: str,
    language: str,
    train: Sequence[Row],
    dev: Sequence[Row],
    test: Sequence[Row],
    *,
    out_of_scope: str | None,
) -> Sets:
    """Without the train and dev rows whose text is in a later set, and without texts that have two intents."""
    taken = {text for text, _ in test}
    free_dev = _distinct([row for row in dev if row[0] not in taken])
    taken |= {text for text, _ in free_dev}
    free = _distinct([row for row in train if row[0] not in taken])
    known = {intent for _, intent in free}
    free_dev = [row for row in free_dev if row[1] in known]
    dropped = len(train) + len(dev) - len(free) - len(free_dev)
    return Sets(name, language, tuple(free), tuple(free_dev), tuple(test), out_of_scope, dropped)


def _distinct(rows: Sequence[Row]) -> list[Row]:
    intents: defaultdict[str, set[str]] = defaultdict(set)
    for text, intent in rows:
        intents[text].add(intent)
    return [(text, intent) for text, intent in dict.fromkeys(rows) if len(intents[text]) == 1]


def _own() -> Sets:
    """The project's labelled sets as training keeps them apart: intents only, calibration as dev."""
    from cascade.bundle import Bundle
    from training.dataset import Pack, load_splits
    from training.recipe import Recipe

    recipe = Recipe.read(ROOT / "training" / "recipes" / "tiny.toml", ROOT)
    splits = load_splits(recipe, Pack.open(Bundle.open(recipe.path(recipe.bundle))))
    train, dev, test = (
        [(example.text, example.intent) for example in part]
        for part in (splits.train, splits.calibration, splits.test)
    )
    return apart(OWN, "zh", train, dev, test, out_of_scope="out_of_scope")


def _rows(path: Path) -> list[Row]:
    lines = path.read_text(encoding="utf-8").split("\n")
    return [(row["text"], row["intent"]) for row in map(json.loads, filter(str.strip, lines))]


def _share(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
