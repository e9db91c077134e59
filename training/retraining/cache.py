"""Steps that are not done twice: the result of a step is kept under the hash of everything that it depends on.

A run that was interrupted goes on where it stopped; a run with the same inputs does nothing again. A step's folder
appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_KEY_CHARS: Final = 16


@dataclass(frozen=True, slots=True)
class Done:
    """The folder of a step that is done, and the key that stands for it and all before it."""

    folder: Path
    key: str
    fresh: bool
    """Whether it was done now."""


class Cache:
    """Steps in a folder. ``seconds`` tells how long what was done now took, by name, on ``clock``."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.perf_counter) -> None:
        self.home = home
        self.seconds: dict[str, float] = {}
        self._clock = clock

    @contextlib.contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to ``seconds``."""
        started = self._clock()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + self._clock() - started

    def step(self, name: str, depends_on: Any, make: Callable[[Path], None]) -> Done:
        """The result of ``make``, which fills an empty folder; done only where there is none for ``depends_on``.

        ``depends_on`` is JSON data: keys of earlier steps, hashes of files, parameters, a version of the step's code.
        """
        text = json.dumps([name, depends_on], ensure_ascii=False, sort_keys=True)
        key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_KEY_CHARS]
        folder = self.home / f"{name}-{key}"
        if folder.is_dir():
            return Done(folder, key, fresh=False)
        self.home.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=self.home))
        try:
            with self.timed(name):
                make(made)
            made.rename(folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        return Done(folder, key, fresh=True)


def hash_of(paths: Iterable[Path]) -> str:
    """SHA-256 of files and their names, and of all files in folders, whatever the order they are given in."""
    total = hashlib.sha256()
    for name, file in sorted((name, file) for path in paths for name, file in _files(path)):
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{name}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _files(path: Path) -> Iterable[tuple[str, Path]]:
    if path.is_file():
        return [(path.name, path)]
    return [(f"{path.name}/{file.relative_to(path)}", file) for file in path.rglob("*") if file.is_file()]
