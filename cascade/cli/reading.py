"""Utterances from a file or a pipe: one a line, UTF-8, empty lines skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, TypeVar

MAX_LINE_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number (1-based), what it says, and what is wrong with it, if something is.

    ``said`` is ``bytes`` when the line is no text; a cascade rejects it as such.
    """

    number: int
    said: str | bytes
    problem: str = ""

    @property
    def text(self) -> str:
        """The line to be shown, with what is not text replaced."""
        return self.said if isinstance(self.said, str) else self.said[:400].decode("utf-8", "replace")


def read_lines(stream: BinaryIO) -> Iterator[Line]:
    """The lines of ``stream`` that are not blank. Never holds more than one line, of at most 1 MiB."""
    number = 0
    while raw := stream.readline(MAX_LINE_BYTES):
        number += 1
        if number == 1:
            raw = raw.removeprefix(_BOM)
        whole = raw.endswith(b"\n") or len(raw) < MAX_LINE_BYTES
        if not whole:
            _skip_line(stream)
            yield Line(number, raw, f"longer than {MAX_LINE_BYTES} bytes")
            continue
        raw = raw.rstrip(b"\r\n")
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            yield Line(number, raw, f"not UTF-8 at byte {error.start + 1}")
            continue
        if text.strip():
            yield Line(number, text)


def argument(number: int, text: str) -> Line:
    """A command-line argument as a line. Python hides bytes in it that are no text; they are not to be dropped."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return Line(
            number, text.encode("utf-8", "surrogatepass"), f"not UTF-8 at character {error.start + 1}"
        )
    return Line(number, text)


def _skip_line(stream: BinaryIO) -> None:
    while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
        pass


def batches(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Lists of up to ``size`` consecutive values."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
