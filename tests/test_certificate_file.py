"""The certificate of a bundle is read strictly, and says when it does not speak for what runs."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cascade.bundle import Bundle, seal
from cascade.certificate import FILE, Certificate, Statement, certified_files
from cascade.errors import BundleCorrupt

DAY = date(2026, 11, 30)
INTENTS = ({"name": "order_drink", "description": "", "acting": True}, {"name": "decline", "description": ""})
SHOWN = Statement(
    intents=("order_drink",),
    epsilon=0.01,
    delta=0.05,
    certified=True,
    thresholds=(0.99, 0.98),
    margin=0.5,
    n=450,
    errors=0,
    upper_bound=0.0067,
    coverage=0.9,
    more_labels=0,
)
NOT_SHOWN = Statement(
    intents=("decline",),
    epsilon=0.02,
    delta=0.05,
    certified=False,
    n=40,
    errors=0,
    upper_bound=0.072,
    coverage=0.8,
    reason="too_few",
    more_labels=137,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    manifest = {
        **{
            "format": 1,
            "name": "demo",
            "version": "1",
            "language": "zh",
            "answer_model": "m:A",
            "features": "f",
        },
        "intents": INTENTS,
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "rules.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "policy.yaml").write_text("b: 1\n", encoding="utf-8")
    seal(tmp_path)
    certificate = Certificate(
        bundle="demo@1",
        issued=DAY,
        valid_until=date(2027, 2, 28),
        family="each",
        population="the calibration set",
        rows=600,
        split_sha256="0" * 64,
        files=certified_files(Bundle.open(tmp_path)),
        statements=(SHOWN, NOT_SHOWN),
    )
    (tmp_path / FILE).write_text(certificate.model_dump_json(), encoding="utf-8")
    seal(tmp_path)
    return tmp_path


def read(folder: Path) -> Certificate:
    certificate = Certificate.from_bundle(Bundle.open(folder))
    assert certificate is not None
    return certificate


def as_certified(intent: str) -> tuple[float, float]:
    return (0.98, 0.5)


def test_it_speaks_for_the_bundle_it_was_made_for(folder: Path) -> None:
    certificate = read(folder)
    assert certificate.problems(Bundle.open(folder), DAY, as_certified) == ()
    assert certificate.statement("order_drink") == SHOWN
    assert certificate.statement("no_such_intent") is None
    assert (SHOWN.threshold, NOT_SHOWN.threshold) == (0.98, None)


def test_a_bundle_without_one_has_none(folder: Path) -> None:
    (folder / FILE).unlink()
    seal(folder)
    assert Certificate.from_bundle(Bundle.open(folder)) is None


def test_it_ends(folder: Path) -> None:
    last = date(2027, 2, 28)
    assert read(folder).problems(Bundle.open(folder), last, as_certified) == ()
    assert read(folder).problems(Bundle.open(folder), date(2027, 3, 1), as_certified) == (
        f"it ended on {last}",
    )


@pytest.mark.parametrize("change", ["altered", "removed", "added", "other_wake_words"])
def test_other_files_are_not_the_certified_ones(folder: Path, change: str) -> None:
    certificate = read(folder)
    if change == "altered":
        (folder / "rules.yaml").write_text("a: 2\n", encoding="utf-8")
    elif change == "removed":
        (folder / "rules.yaml").unlink()
    elif change == "added":
        (folder / "model.onnx").write_bytes(b"x")
    else:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        (folder / "manifest.json").write_text(
            json.dumps({**manifest, "wake_words": ["喂"]}), encoding="utf-8"
        )
    seal(folder)
    (problem,) = certificate.problems(Bundle.open(folder), DAY, as_certified)
    assert {"added": "model.onnx", "other_wake_words": "manifest.json"}.get(change, "rules.yaml") in problem


def test_prompts_may_change_and_thresholds_are_compared_by_value(folder: Path) -> None:
    certificate = read(folder)
    (folder / "policy.yaml").write_text("b: 2\n", encoding="utf-8")
    (folder / "llm.yaml").write_text("c: 2\n", encoding="utf-8")
    seal(folder)
    bundle = Bundle.open(folder)
    assert certificate.problems(bundle, DAY, as_certified) == ()
    assert certificate.problems(bundle, DAY, lambda intent: (0.99, 0.5)) == ()
    for limit in ((0.97, 0.5), (0.985, 0.5), (0.98, 0.2)):
        (problem,) = certificate.problems(bundle, DAY, {"order_drink": limit}.get)
        assert "order_drink" in problem


@pytest.mark.parametrize("spoilt", [{}, {"format": 2}, {"format": 1, "statements": [{"epsilon": 2}]}])
def test_one_that_cannot_be_read_is_a_corrupt_bundle(folder: Path, spoilt: dict[str, Any]) -> None:
    (folder / FILE).write_text(json.dumps(spoilt), encoding="utf-8")
    seal(folder)
    with pytest.raises(BundleCorrupt, match=FILE):
        Certificate.from_bundle(Bundle.open(folder))
