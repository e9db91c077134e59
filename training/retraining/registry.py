"""Versions of a bundle: immutable folders, one of them current, and what became of each.

    registry/
      registry.json        current version and history, replaced by an atomic rename
      current              link to the current version, for a runtime that reloads: Cascade.reload("registry/current")
      versions/VERSION/    a sealed bundle, read-only; VERSION is the hash of its manifest

A version is written beside its place and moved there whole; one that exists is never written again. Two processes
cannot change the registry at the same time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cascade.bundle import MANIFEST, Bundle
from training.recipe import RecipeError

_FILE: Final = "registry.json"
_REPORT_SUFFIX: Final = ".report.json"
_ID_CHARS: Final = 16


class RegistryError(RecipeError):
    """What was asked of the registry cannot be done; nothing was changed."""


class Event(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    action: Literal["added", "promoted", "rolled_back"]
    version: str
    bundle: str
    """Name and version in the manifest, as results carry it."""
    before: str | None = None
    """The version that was current until then."""
    note: str = ""


class State(BaseModel):
    """``registry.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    current: str | None = None
    history: tuple[Event, ...] = ()


class Registry:
    """The versions in a folder, which is made with the first of them."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def link(self) -> Path:
        """What a runtime opens and reloads."""
        return self.home / "current"

    def folder(self, version: str) -> Path:
        """Folder of a version, whether it exists or not."""
        return self.home / "versions" / version

    def state(self) -> State:
        """Current version and history. Raises :class:`RegistryError` for a file that cannot be read."""
        path = self.home / _FILE
        if not path.exists():
            return State()
        try:
            return State.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise RegistryError(f"{path} cannot be read: {error}") from error

    def add(self, bundle: Path, at: datetime, *, report: bytes = b"", note: str = "") -> str:
        """Copy a sealed bundle in as a new version and return its name; the same bundle is the same version.

        ``report`` is kept beside the version. Raises :class:`~cascade.errors.BundleError` for a bundle that does not
        open.
        """
        opened = Bundle.open(bundle)
        version = version_of(bundle)
        with self._locked():
            if not self.folder(version).exists():
                self._write(opened, version)
                if report:
                    _replace(self.folder(version).with_name(version + _REPORT_SUFFIX), report)
            if all(event.version != version for event in self.state().history):
                self._note(Event(at=at, action="added", version=version, bundle=opened.id, note=note))
        return version

    def promote(self, version: str, at: datetime, note: str = "") -> Event:
        """Make a version the current one. Raises :class:`RegistryError` where there is none, or it is spoilt."""
        with self._locked():
            return self._switch(version, at, "promoted", note)

    def roll_back(self, at: datetime, note: str = "") -> Event:
        """Make the version current that was so before the present one. Raises :class:`RegistryError` without one."""
        with self._locked():
            before = previous(self.state())
            if before is None:
                raise RegistryError("there is no earlier version to go back to")
            return self._switch(before, at, "rolled_back", note)

    def _switch(
        self, version: str, at: datetime, action: Literal["promoted", "rolled_back"], note: str
    ) -> Event:
        folder, state = self.folder(version), self.state()
        if not (folder / MANIFEST).is_file():
            raise RegistryError(f"there is no version {version!r}")
        if version_of(folder) != version:
            raise RegistryError(f"version {version} was altered: its manifest is another one")
        if state.current == version:
            self._mend(version)
            raise RegistryError(f"version {version} is the current one already")
        opened = Bundle.open(folder)
        event = Event(
            at=at, action=action, version=version, bundle=opened.id, before=state.current, note=note
        )
        self._note(event, current=version)
        _relink(self.link, Path("versions") / version)
        return event

    def _mend(self, version: str) -> None:
        """Point the link at the current version, where a crash came between the two."""
        target = Path("versions") / version
        if not self.link.is_symlink() or self.link.readlink() != target:
            _relink(self.link, target)

    def _write(self, bundle: Bundle, version: str) -> None:
        home = self.folder(version).parent
        home.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=home))
        try:
            for name in (MANIFEST, *bundle.manifest.files):
                shutil.copyfile(bundle.path / name, made / name)
                _sync(made / name)
                (made / name).chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
            Bundle.open(made)
            made.chmod(0o755)
            _sync(made)
            made.rename(self.folder(version))
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise

    def _note(self, event: Event, **change: Any) -> None:
        state = self.state()
        state = state.model_copy(update={**change, "history": (*state.history, event)})
        _replace(self.home / _FILE, (state.model_dump_json(indent=2) + "\n").encode())

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def version_of(bundle: Path) -> str:
    """The name of a bundle as a version: the hash of its manifest, which holds the hashes of all its files."""
    return hashlib.sha256((bundle / MANIFEST).read_bytes()).hexdigest()[:_ID_CHARS]


def previous(state: State) -> str | None:
    """The version to go back to: the one before the promotion that has not been taken back yet."""
    stack: list[str | None] = []
    current: str | None = None
    for event in state.history:
        if event.action == "promoted":
            stack.append(current)
            current = event.version
        elif event.action == "rolled_back":
            current = stack.pop() if stack else None
    return stack[-1] if stack else None


def table(events: Sequence[Event]) -> list[tuple[str, str, str, str, str]]:
    """The history as rows of text: time, action, version, bundle, note."""
    return [
        (
            event.at.isoformat(timespec="seconds"),
            event.action.replace("_", " "),
            event.version,
            event.bundle,
            event.note,
        )
        for event in events
    ]


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, and a crash leaves one of them."""
    handle, made = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    with os.fdopen(handle, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    Path(made).chmod(0o644)
    Path(made).replace(path)
    _sync(path.parent)


def _relink(link: Path, target: Path) -> None:
    made = link.with_name(f".new-{link.name}")
    made.unlink(missing_ok=True)
    made.symlink_to(target)
    made.replace(link)
    _sync(link.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
