"""Personal data out of utterances before anything keeps them: each piece becomes a placeholder such as ``<phone>``.

    scrub = Scrubber()
    scrub("送到建国路88号，电话幺三八零零一三八零零零")      # "送到<address>，电话<phone>"

Kinds: ``phone`` (mobile, landline, spelled out, with gaps, masked), ``id`` (identity number with
its check digit), ``card`` (bank card, Luhn), ``email``, ``wechat``, ``qq``, ``plate``, ``address`` (down to a house
or room), ``name`` (after 我叫, 收件人 and the like, or before 先生/女士), ``code``, ``number`` (any other nine digits
in a row, and the tail of one).

Not recognised: a name nobody announces ("王磊那里"), a workplace, a place without a number. Matching is linear in the
length of the text, scrubbing twice changes nothing more, and a text that hides data inside data for more than
eight rounds is withheld whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cascade.errors import ConfigurationError
from cascade.observe.privacy_fold import Folded, Rule, pattern_rule
from cascade.observe.privacy_rules import KINDS, RULES, may_match

_ROUNDS: Final = 8
_SURROGATE = re.compile("[\ud800-\udfff]")
_KIND = re.compile("[a-z][a-z0-9_]{0,23}")
_WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data: its kind, and ``[start, end)`` in characters of the text it was found in."""

    kind: str
    start: int
    end: int

    @property
    def placeholder(self) -> str:
        """What stands in its place."""
        return f"<{self.kind}>"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A text, what was found in it, and ways to speak of both without telling it."""

    raw: str
    found: tuple[Found, ...]

    @property
    def text(self) -> str:
        """The whole text with placeholders."""
        return self.slice(0, len(self.raw))

    def slice(self, start: int, end: int) -> str:
        """``raw[start:end]`` with a placeholder for every piece it touches, however little of it."""
        if not self.found:
            return self.raw[start:end]
        parts, at = [], start
        for piece in self.found:
            if piece.end <= start or piece.start >= end:
                continue
            parts += [self.raw[at : max(at, piece.start)], piece.placeholder]
            at = piece.end
        return "".join([*parts, self.raw[at:end]])


class Scrubber:
    """Finds and replaces personal data. Built once, safe to share among threads.

    ``kinds`` limits it to some of :data:`KINDS`; ``extra`` adds rules of your own as RE2 patterns by kind (a
    membership number, say), matched on text in lower case, half width and simplified characters, of which the first
    group, or else all, is replaced.

    Raises :class:`~cascade.errors.ConfigurationError` for an unknown kind or a pattern that RE2 does not take.
    """

    def __init__(self, kinds: Iterable[str] = KINDS, *, extra: Mapping[str, str] | None = None) -> None:
        wanted = frozenset(kinds)
        if unknown := wanted - set(KINDS):
            raise ConfigurationError(
                f"no such kind of personal data: {sorted(unknown)}", hint=f"known: {list(KINDS)}"
            )
        extra = extra or {}
        for kind in extra:
            if not _KIND.fullmatch(kind):
                raise ConfigurationError(f"kind {kind!r} is not a lower-case word")
        self._kinds = wanted | set(extra)
        self._extra: tuple[Rule, ...] = tuple(pattern_rule(kind, pattern) for kind, pattern in extra.items())
        self._rules: tuple[Rule, ...] = tuple(
            rule
            for kind, rule in RULES
            if kind in wanted or (kind == "number" and wanted & {"phone", "id", "card"})
        )
        known = "|".join(sorted({*KINDS, *extra, _WITHHELD}))
        self._placeholder = re.compile(f"<({known})>")

    def __call__(self, text: str) -> str:
        """``text`` with placeholders in place of personal data; lone surrogates become U+FFFD."""
        return self.scrub(text).text

    def scrub(self, text: str) -> Scrubbed:
        """What is personal in ``text``, with its positions."""
        text = _SURROGATE.sub("\ufffd", text)
        given = [Found(found[1], *found.span()) for found in self._placeholder.finditer(text)]
        folded = Folded.of(text)
        pending = list(_between(given, 0, len(text)))
        found = given
        for _ in range(_ROUNDS):
            fresh: list[Found] = []
            left: list[tuple[int, int]] = []
            for start, end in pending:
                pieces = self._in_segment(folded, start, end)
                fresh += pieces
                if pieces:
                    left += _between(pieces, start, end)
            if not fresh:
                return Scrubbed(text, _joined(found))
            found = found + fresh
            pending = left
        return Scrubbed(text, (Found(_WITHHELD, 0, len(text)),))

    def _in_segment(self, folded: Folded, start: int, end: int) -> list[Found]:
        """Pieces between two placeholders. A placeholder ends the text for every rule, so that none spans it."""
        part = folded if (start, end) == (0, len(folded.letters)) else folded.part(start, end)
        rules = self._extra + self._rules if may_match(part) else self._extra
        matches = [match for rule in rules for match in rule(part) if match[0] in self._kinds]
        pieces: list[Found] = []
        for kind, first, last in sorted(matches, key=lambda match: (match[1], -match[2])):
            if pieces and start + first < pieces[-1].end:
                if start + last > pieces[-1].end:
                    pieces[-1] = Found(pieces[-1].kind, pieces[-1].start, start + last)
            else:
                pieces.append(Found(kind, start + first, start + last))
        return pieces


def _between(pieces: list[Found], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The non-empty stretches of ``[start, end)`` that no piece covers."""
    at = start
    for piece in pieces:
        if at < piece.start:
            yield at, piece.start
        at = piece.end
    if at < end:
        yield at, end


def _joined(pieces: list[Found]) -> tuple[Found, ...]:
    """In order, with neighbours of one kind made one."""
    joined: list[Found] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if joined and joined[-1].kind == piece.kind and joined[-1].end == piece.start:
            joined[-1] = Found(piece.kind, joined[-1].start, piece.end)
        else:
            joined.append(piece)
    return tuple(joined)
