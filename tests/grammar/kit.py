"""The bundled grammar, opened once, and small ways to ask it."""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cascade.bundle import MANIFEST, Bundle, seal
from cascade.grammar import OrderGrammar, Parse
from cascade.orders import OrderIntent
from cascade.text import Normalizer, Utterance

SOURCE = Path(__file__).resolve().parents[2] / "models" / "tea_order_zh"
CERTIFICATES = tuple(path.name for path in sorted(SOURCE.glob("certificate-*.json")))
"""Those that the policy names for its rungs."""
FILES = (MANIFEST, "grammar.yaml", "lexicon.yaml", "rules.yaml", "policy.yaml", "sounds.txt", *CERTIFICATES)


def sealed(folder: Path, files: dict[str, str]) -> Bundle:
    """The bundled rules, with some files replaced, as a bundle of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(SOURCE / name, folder / name)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    seal(folder)
    return Bundle.open(folder)


@cache
def bundle() -> Bundle:
    folder = Path(mkdtemp(prefix="grammar-tests-"))
    opened = sealed(folder, {})
    atexit.register(shutil.rmtree, folder)
    return opened


@cache
def grammar() -> OrderGrammar:
    return OrderGrammar.from_bundle(bundle(), OrderIntent)


@cache
def normalizer() -> Normalizer:
    return bundle().normalizer


def said(text: str) -> Utterance:
    return normalizer()(text)


def parsed(text: str, intent: str | None = None) -> Parse:
    return grammar().parse(said(text), intent)


def order(*items: dict[str, Any], intent: str = "order_drink", **rest: Any) -> OrderIntent:
    return OrderIntent.model_validate({"intent": intent, "items": items, **rest})
