"""A model bundle on disk: one folder, a manifest, and the files that the manifest names and hashes.

    manifest.json   format, name, version, intents, answer model, feature version, file hashes
    rules.yaml      exact phrases and patterns                      lexicon.yaml   what the trade calls its things
    grammar.yaml    slots and function words of the order grammar   policy.yaml    thresholds, margins
    model.onnx      the classifier                                  vocab.txt      its characters
    calibration.json  temperature and measured confidences          llm.yaml       prompt, few-shot examples, limits

A bundle is immutable once sealed: every file is checked against its SHA-256 when the bundle is opened. Nothing in it
is code or a pickle. This module knows the folder; each tier reads its own files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cascade.errors import BundleCorrupt, BundleIncompatible, BundleNotFound
from cascade.strict_yaml import Document, parse
from cascade.text import Normalizer

FORMAT = 1
MANIFEST = "manifest.json"
DEFAULT = "tea_order_zh"
MAX_FILE_BYTES = 256 * 1024 * 1024

_ModelT = TypeVar("_ModelT", bound=BaseModel)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class IntentSpec(_Record):
    """One intent of the pack."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    description: str = Field(max_length=400)
    """What the speaker wants, in words; the LLM's prompt is built from it."""
    acting: bool = False
    """Whether it spends money or changes an order: thresholds are tighter, errors counted apart."""
    carries_order: bool = False
    """Whether its answer has slots to fill."""


class FileEntry(_Record):
    """Size and hash of one file."""

    bytes: int
    sha256: str


class Manifest(_Record):
    """The bundle's table of contents."""

    format: int
    name: str
    version: str
    language: str
    answer_model: str
    """``module:Class`` of the pydantic answer; the caller passes the class when it is not the library's own."""
    features: str
    """Version of the feature definition that the classifier was trained with."""
    wake_words: tuple[str, ...] = ()
    leading_fillers: tuple[str, ...] = ()
    trailing_fillers: tuple[str, ...] = ()
    max_chars: int = Field(default=200, gt=0)
    """Longest utterance taken, in characters after normalisation."""
    intents: tuple[IntentSpec, ...]
    files: Mapping[str, FileEntry] = Field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """An opened, verified bundle."""

    path: Path
    manifest: Manifest

    @classmethod
    def open(cls, source: str | os.PathLike[str] = DEFAULT) -> Bundle:
        """Open a bundle by folder or by name (a bundle that ships with the library).

        Raises :class:`BundleNotFound`, :class:`BundleCorrupt` (with file and line) or :class:`BundleIncompatible`.
        """
        path = locate(source).resolve()  # a link that is switched meanwhile must not mix two bundles
        manifest = _read_manifest(path / MANIFEST)
        bundle = cls(path, manifest)
        for name, entry in manifest.files.items():
            _verify(path, name, entry)
        return bundle

    @property
    def id(self) -> str:
        """Name and version, as results carry it."""
        return f"{self.manifest.name}@{self.manifest.version}"

    @cached_property
    def intents(self) -> Mapping[str, IntentSpec]:
        """The pack's intents by name."""
        return {intent.name: intent for intent in self.manifest.intents}

    @cached_property
    def normalizer(self) -> Normalizer:
        """Brings text to the spelling that the bundle's files are written in, without its wake words and fillers."""
        manifest = self.manifest
        return Normalizer(
            wake_words=manifest.wake_words,
            leading_fillers=manifest.leading_fillers,
            trailing_fillers=manifest.trailing_fillers,
            max_chars=manifest.max_chars,
        )

    @property
    def acting(self) -> frozenset[str]:
        """Names of the intents that spend money or change an order."""
        return frozenset(intent.name for intent in self.manifest.intents if intent.acting)

    def has(self, name: str) -> bool:
        """Whether the bundle carries this file."""
        return name in self.manifest.files

    def file(self, name: str) -> Path:
        """Path of a file of the bundle. Raises :class:`BundleCorrupt` when the manifest does not name it."""
        if not self.has(name):
            raise BundleCorrupt(f"the bundle has no {name}", file=str(self.path / MANIFEST))
        return self.path / name

    def yaml(self, name: str) -> Document:
        """A YAML file of the bundle, parsed strictly, with line numbers; anew each time, since documents are large."""
        return parse(_read_text(self.file(name)), name)

    def json(self, name: str) -> Any:
        """A JSON file of the bundle."""
        return _parse_json(_read_text(self.file(name)), name)


def locate(source: str | os.PathLike[str]) -> Path:
    """Folder of a bundle given by path or by the name of one that ships with the library."""
    path = Path(source)
    if (path / MANIFEST).is_file():
        return path
    if isinstance(source, str) and os.sep not in source:
        here = Path(__file__).parent
        # A wheel carries the bundles inside the package; a checkout keeps them beside it.
        for home in (here / "_models", here.parent / "models"):
            if (home / source / MANIFEST).is_file():
                return home / source
    raise BundleNotFound(
        f"no bundle at {os.fspath(source)!r}",
        hint=f"a bundle is a folder with a {MANIFEST}; the one that ships is {DEFAULT!r}",
    )


def validated(model: type[_ModelT], document: Document, at: tuple[str | int, ...] = ()) -> _ModelT:
    """A pydantic model of (a part of) a YAML document.

    Raises :class:`BundleCorrupt` with the line of the first thing that does not fit.
    """
    data = document.data
    for key in at:
        data = data[key]
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise document.error(
            f"{where}: {first['msg']}" if where else first["msg"], (*at, *first["loc"])
        ) from error


def seal(path: Path) -> Manifest:
    """Write the sizes and hashes of the bundle's files into its manifest: the last step of making a bundle."""
    manifest = _read_manifest(path / MANIFEST)
    files = {
        entry.name: FileEntry(bytes=entry.stat().st_size, sha256=_sha256(entry))
        for entry in sorted(path.iterdir())
        if entry.is_file() and entry.name != MANIFEST and not entry.name.startswith(".")
    }
    sealed = manifest.model_copy(update={"files": files})
    (path / MANIFEST).write_text(
        json.dumps(sealed.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    return sealed


def _read_manifest(path: Path) -> Manifest:
    data = _parse_json(_read_text(path), path.name)
    found = data.get("format") if isinstance(data, dict) else None
    if found != FORMAT:
        raise BundleIncompatible(f"bundle format {found!r}, this library reads {FORMAT}", file=path.name)
    try:
        return Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise BundleCorrupt(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", file=path.name) from error


def _verify(path: Path, name: str, entry: FileEntry) -> None:
    if Path(name).name != name:
        raise BundleCorrupt(f"file name {name!r} leaves the bundle", file=MANIFEST)
    file = path / name
    if not file.is_file():
        raise BundleCorrupt("the file is missing", file=name)
    if file.stat().st_size != entry.bytes or _sha256(file) != entry.sha256:
        raise BundleCorrupt(
            "the file is not the one that was sealed",
            file=name,
            hint="seal the bundle again if you changed it on purpose",
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read_text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BundleCorrupt(f"larger than {MAX_FILE_BYTES} bytes", file=path.name)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BundleCorrupt(f"cannot be read: {error}", file=path.name) from error


def _parse_json(text: str, file: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise BundleCorrupt(f"not JSON: {error}", file=file, line=line) from error
