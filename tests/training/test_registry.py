"""Versions do not change, one is current, and a rollback takes back what was promoted last."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cascade.bundle import Bundle, seal
from cascade.errors import BundleCorrupt
from training.retraining import registry
from training.retraining.cache import Cache, hash_of
from training.retraining.registry import Registry, RegistryError

AT = datetime(2026, 2, 7, 9, tzinfo=UTC)


def bundle(home: Path, version: str) -> Path:
    folder = home / version
    folder.mkdir(parents=True)
    manifest = {"format": 1, "name": "demo", "version": version, "language": "zh", "answer_model": "m:A"}
    intents = [{"name": "decline", "description": ""}]
    (folder / "manifest.json").write_text(
        json.dumps({**manifest, "features": "f", "intents": intents}), encoding="utf-8"
    )
    (folder / "rules.yaml").write_text(f"v: {version}\n", encoding="utf-8")
    seal(folder)
    return folder


@pytest.fixture
def versions(tmp_path: Path) -> tuple[Registry, list[str]]:
    made = Registry(tmp_path / "registry")
    return made, [made.add(bundle(tmp_path, name), AT, report=b"{}") for name in ("a", "b", "c")]


def test_promoted_is_what_a_runtime_opens(versions: tuple[Registry, list[str]]) -> None:
    made, (a, b, _) = versions
    assert made.state().current is None
    assert not made.link.exists()
    assert made.promote(a, AT).before is None
    assert Bundle.open(made.link).id == "demo@a"
    assert made.promote(b, AT, "looks well").before == a
    assert Bundle.open(made.link).id == "demo@b"
    assert made.roll_back(AT).version == a
    assert Bundle.open(made.link).id == "demo@a"
    with pytest.raises(RegistryError, match="no earlier version"):
        made.roll_back(AT)
    rows = [(action, bundle, note) for _, action, _, bundle, note in registry.table(made.state().history)]
    assert rows == [
        *(("added", f"demo@{name}", "") for name in "abc"),
        ("promoted", "demo@a", ""),
        ("promoted", "demo@b", "looks well"),
        ("rolled back", "demo@a", ""),
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([0, 1, 2, "back"]), max_size=12))
def test_a_rollback_takes_back_the_last_promotion(
    tmp_path_factory: pytest.TempPathFactory, moves: list[int | str]
) -> None:
    home = tmp_path_factory.mktemp("registry")
    made = Registry(home / "registry")
    names = [made.add(bundle(home, name), AT) for name in ("a", "b", "c")]
    stack: list[str] = []
    for move in moves:
        before = made.state()
        try:
            if isinstance(move, str):
                made.roll_back(AT)
                stack.pop()
            else:
                made.promote(names[move], AT)
                stack.append(names[move])
        except RegistryError:
            assert made.state() == before
            assert len(stack) < 2 if isinstance(move, str) else stack[-1] == names[move]
        assert made.state().current == (stack[-1] if stack else None)


def test_the_same_bundle_is_the_same_version(versions: tuple[Registry, list[str]], tmp_path: Path) -> None:
    made, (a, _, _) = versions
    assert made.add(tmp_path / "a", AT) == a
    assert len(made.state().history) == 3
    assert (made.folder(a).parent / f"{a}.report.json").read_bytes() == b"{}"


def test_a_version_cannot_be_written_to(versions: tuple[Registry, list[str]]) -> None:
    made, (a, _, _) = versions
    for file in made.folder(a).iterdir():
        assert not file.stat().st_mode & 0o222


@pytest.mark.parametrize("spoilt", ["rules.yaml", "manifest.json"])
def test_a_spoilt_version_is_not_promoted(versions: tuple[Registry, list[str]], spoilt: str) -> None:
    made, (a, b, _) = versions
    made.promote(a, AT)
    file = made.folder(b) / spoilt
    file.chmod(0o644)
    file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises((RegistryError, BundleCorrupt)):
        made.promote(b, AT)
    assert made.state().current == a
    assert Bundle.open(made.link).id == "demo@a"


def test_what_is_not_there_or_is_current_is_not_promoted(versions: tuple[Registry, list[str]]) -> None:
    made, (a, _, _) = versions
    with pytest.raises(RegistryError, match="no version 'zzz'"):
        made.promote("zzz", AT)
    made.promote(a, AT)
    made.link.unlink()  # as a crash between the two steps leaves it
    with pytest.raises(RegistryError, match="already"):
        made.promote(a, AT)
    assert Bundle.open(made.link).id == "demo@a"


def test_a_bundle_that_does_not_open_is_not_added(tmp_path: Path) -> None:
    folder = bundle(tmp_path, "a")
    (folder / "rules.yaml").write_text("other\n", encoding="utf-8")
    made = Registry(tmp_path / "registry")
    with pytest.raises(BundleCorrupt):
        made.add(folder, AT)
    assert not made.home.exists()


def test_a_crash_while_writing_leaves_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, made = bundle(tmp_path, "a"), Registry(tmp_path / "registry")

    def full(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("shutil.copyfile", full)
        with pytest.raises(OSError, match="No space"):
            made.add(folder, AT)
    assert list((made.home / "versions").iterdir()) == []
    assert made.state().history == ()
    assert made.folder(made.add(folder, AT)).is_dir()


def test_a_registry_that_cannot_be_read_is_told(versions: tuple[Registry, list[str]]) -> None:
    made, (a, _, _) = versions
    (made.home / "registry.json").write_text("{", encoding="utf-8")
    with pytest.raises(RegistryError, match="cannot be read"):
        made.promote(a, AT)


def test_many_at_once_leave_every_event(tmp_path: Path) -> None:
    folders = [bundle(tmp_path, f"v{number}") for number in range(12)]
    made = Registry(tmp_path / "registry")
    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(lambda folder: made.add(folder, AT), folders))
    assert {event.version for event in made.state().history} == set(names)
    assert len(made.state().history) == 12


def test_a_step_is_done_once_and_only_whole(tmp_path: Path) -> None:
    cache, runs = Cache(tmp_path / "work"), []

    def fails(folder: Path) -> None:
        (folder / "half.txt").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    def works(folder: Path) -> None:
        runs.append(folder)
        (folder / "whole.txt").write_text("whole", encoding="utf-8")

    with pytest.raises(KeyboardInterrupt):
        cache.step("read", {"seed": 1}, fails)
    assert list(cache.home.iterdir()) == []
    first, again = cache.step("read", {"seed": 1}, works), cache.step("read", {"seed": 1}, works)
    assert (first.folder, first.key, first.fresh, again.fresh) == (again.folder, again.key, True, False)
    assert len(runs) == 1
    assert cache.step("read", {"seed": 2}, works).key != first.key
    assert os.listdir(first.folder) == ["whole.txt"]  # noqa: PTH208


def test_what_is_done_now_is_timed(tmp_path: Path) -> None:
    ticks = iter(range(100))
    cache = Cache(tmp_path, clock=lambda: float(next(ticks)))
    cache.step("read", 1, lambda folder: None)
    cache.step("read", 1, lambda folder: None)
    with cache.timed("compare"), cache.timed("inner"):
        pass
    assert cache.seconds == {"read": 1.0, "inner": 1.0, "compare": 3.0}


def test_hashes_tell_contents_and_names(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "x" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "x" / name).write_text(name, encoding="utf-8")
    files = [tmp_path / "x" / "a", tmp_path / "x" / "b"]
    assert hash_of(files) == hash_of(files[::-1]) != hash_of(files[:1])
    before = hash_of([tmp_path / "x"])
    files[0].rename(tmp_path / "x" / "c")
    assert hash_of([tmp_path / "x"]) != before
