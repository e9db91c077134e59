"""A bundle is opened whole or not at all."""

import json
import shutil
from pathlib import Path

import pytest

from cascade.bundle import Bundle, locate, seal
from cascade.errors import BundleCorrupt, BundleIncompatible, BundleNotFound

MANIFEST = {
    "format": 1,
    "name": "demo",
    "version": "1",
    "language": "zh",
    "answer_model": "cascade.orders:OrderIntent",
    "features": "chars-1",
    "intents": [
        {"name": "order_drink", "acting": True, "carries_order": True, "description": "要下单"},
        {"name": "chitchat", "description": "闲聊"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    (tmp_path / "rules.yaml").write_text("a: 1\n", encoding="utf-8")
    seal(tmp_path)
    return tmp_path


def test_opens_by_folder_and_knows_its_intents(folder: Path) -> None:
    bundle = Bundle.open(folder)
    assert bundle.id == "demo@1"
    assert bundle.acting == {"order_drink"}
    assert list(bundle.intents) == ["order_drink", "chitchat"]
    assert bundle.yaml("rules.yaml").data == {"a": 1}
    assert bundle.has("rules.yaml")
    assert not bundle.has("model.onnx")


def test_the_bundle_that_ships_opens_by_name() -> None:
    bundle = Bundle.open()
    assert bundle.manifest.name == "tea_order_zh"
    assert len(bundle.intents) == 14
    assert bundle.acting == {"order_drink", "modify_order", "cancel_order", "claim_coupon"}


def test_an_altered_file_is_refused(folder: Path) -> None:
    (folder / "rules.yaml").write_text("a: 2\n", encoding="utf-8")
    with pytest.raises(BundleCorrupt, match="not the one that was sealed") as caught:
        Bundle.open(folder)
    assert caught.value.file == "rules.yaml"


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "rules.yaml").unlink()
    with pytest.raises(BundleCorrupt, match="missing"):
        Bundle.open(folder)


def test_a_file_that_the_manifest_does_not_name_is_not_there(folder: Path) -> None:
    (folder / "late.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(BundleCorrupt, match=r"no late\.yaml"):
        Bundle.open(folder).file("late.yaml")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/b"])
def test_a_manifest_cannot_name_a_file_outside(folder: Path, name: str) -> None:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = {name: {"bytes": 1, "sha256": "0" * 64}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleCorrupt, match="leaves the bundle"):
        Bundle.open(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 2}', "[" * 100_000])
def test_a_manifest_that_is_not_one_is_refused(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises((BundleCorrupt, BundleIncompatible)):
        Bundle.open(folder)


def test_a_field_that_does_not_fit_is_named(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({**MANIFEST, "max_chars": 0}), encoding="utf-8")
    with pytest.raises(BundleCorrupt, match="max_chars"):
        Bundle.open(folder)


def test_no_such_bundle_says_what_a_bundle_is(tmp_path: Path) -> None:
    with pytest.raises(BundleNotFound, match=r"manifest\.json"):
        locate(tmp_path)
    with pytest.raises(BundleNotFound):
        locate("no_such_bundle")


def test_a_moved_bundle_is_the_same_bundle(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("moved") / "b"
    shutil.copytree(folder, elsewhere)
    assert Bundle.open(elsewhere).manifest == Bundle.open(folder).manifest


def test_sealing_twice_changes_nothing(folder: Path) -> None:
    before = (folder / "manifest.json").read_bytes()
    seal(folder)
    assert (folder / "manifest.json").read_bytes() == before
