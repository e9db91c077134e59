"""What a user typed or said, brought to one spelling before the first tier sees it.

``Normalizer`` turns raw text into an :class:`Utterance`: normalised text, and the way back to the raw.

* **Characters**: NFKC, lower case, traditional to simplified. ``，！？：；（）`` become ASCII by that, ``。、``
  stay. Quotation marks become ``"`` or ``'``, dashes ``-``, waves ``~``, ``×`` an ``x``.
* **Invisible characters** go: controls, bidi marks, zero width, variation selectors, lone surrogates.
* **Emoji** that only decorate (faces, hearts, applause) become a space; others stay: 🙅 is a no.
* **Spaces** go beside Han and separators and stay between Latin words and numbers: people dictate with gaps.
* **Repeated punctuation** becomes one, but not dots before a digit: ``..5`` must not turn into half a cup.
* **Edges** lose separators (never ``?``), wake words and polite fillers, until nothing more comes off. An
  utterance made of nothing else keeps its last piece: "谢谢" is small talk, not emptiness.

Normalising twice changes nothing more.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, cast

from cascade._simplified import SIMPLIFIED, TRADITIONAL
from cascade.errors import ConfigurationError, InputRejected

RAW_CHARS_PER_CHAR: Final = 16
"""Raw text may be this many times ``max_chars`` long; beyond it nothing is even looked at."""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# Only what cannot change the sense of an order. Left out on purpose: what refuses (🙅 👎 🚫), disgust (🤢),
# heat and cold (🥵 🥶 🔥), things. A tier that does not know those must be able to see that they are there.
_DECORATION = (
    "\u2639\u263a\u2661\u2665\u2728\u2763\u2764\u270c\u2b50\U0001f31f"  # ☹☺♡♥✨❣❤✌⭐🌟
    "\U0001f339\U0001f389\U0001f38a\U0001f47b\U0001f490\U0001f4aa\U0001f4ab\U0001f4af"  # 🌹🎉🎊👻💐💪💫💯
    "\U0001f448\U0001f449\U0001f44b-\U0001f44d\U0001f44f"  # 👈👉 👋👌👍 👏
    "\U0001f48b\U0001f48c\U0001f493\U0001f495-\U0001f49f\U0001f5a4"  # kisses and hearts, not the broken one
    "\U0001f600-\U0001f644\U0001f647-\U0001f64c\U0001f64f\U0001f90d\U0001f90e"  # faces, 🙇🙈🙉🙊🙋🙌🙏 🤍🤎
    "\U0001f910-\U0001f915\U0001f917-\U0001f919\U0001f91d-\U0001f921\U0001f923-\U0001f925\U0001f927-\U0001f92d"
    "\U0001f92f\U0001f970-\U0001f974\U0001f978-\U0001f97a\U0001f9d0\U0001f9e1\U0001fa75-\U0001fa77"
    "\U0001fae0-\U0001fae5\U0001fae8\U0001faf0\U0001faf6"
)
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u20e3\u2640\u2642\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff"
)  # with the keycap frame (1️⃣ is a digit) and the gender signs (🙅‍♀️ is 🙅)
_SPACES = "\t\n\x0b\x0c\r\x1c-\x1f\x85\u1680\u2028\u2029"  # those that NFKC leaves alone
_SAME = ("'‘’‛", '"“”„‟「」『』〝〞', "-‐‑‒–—―−─━", "~〜∼〰", "·•‧・∙⋅", "x×", ".⋯", "?❓❔", "!❗❕")
_REPLACED = {other: same[0] for same in _SAME for other in same[1:]}

_TO_CLEAN = re.compile(f"([{_DECORATION}{_SPACES}])|[{_INVISIBLE}{''.join(_REPLACED)}]")
_TO_LAST_DECORATION = re.compile(f".*([{_DECORATION}])", re.DOTALL)

_SEPARATORS = "!,;~。、"
_EDGES = " ." + _SEPARATORS
_REPEATABLE = r"!?,;:~。、\-"
_SURPLUS = (
    re.compile("(?<= ) +"),
    re.compile(rf"^ | (?=[?{_SEPARATORS}{_HAN}]|\Z)|(?<=[?{_SEPARATORS}{_HAN}]) "),
    re.compile(rf"(?<=([{_REPEATABLE}]))\1+|(?<=(?<!\.)\.)\.++(?!\d)"),
)  # applied in this order; each finds characters to take out, and nothing else is changed after folding

# Plain text is what a single pass over characters settles: nothing combines, nothing repeats, no spaces.
_PLAIN_CHAR = rf"[^\x00- !,.:;?A-Z~\-\x7f-\u4dff\ua000-\U0010ffff{TRADITIONAL}]"
_PLAIN_MARK = r"[!,.:;?~\-。、]"
_PLAIN = re.compile(f"(?:{_PLAIN_MARK}?{_PLAIN_CHAR}++)*{_PLAIN_MARK}?")


def _one_to_one() -> array[int]:
    """For every character of the basic plane the one it stands for; smaller and faster than a dict."""
    table = array("H", range(0x10000))
    for char in map(chr, chain(range(ord("A"), ord("Z") + 1), range(0xFF01, 0xFF66))):
        table[ord(char)] = ord(unicodedata.normalize("NFKC", char).lower())
    for char, same in chain(zip(TRADITIONAL, SIMPLIFIED, strict=True), _REPLACED.items()):
        table[ord(char)] = ord(same)
    return table


_ONE_TO_ONE = _one_to_one()

_Cell = tuple[str, int, int]  # a character on its way through normalisation, and the raw span behind it


@dataclass(slots=True, unsafe_hash=True)
class Utterance:
    """A normalised utterance; to be read, not written. Equal when raw and normalised text are equal.

    ``wake`` says that a wake word opened it. All positions are in characters.
    """

    raw: Final[str]
    text: Final[str]
    wake: Final[bool] = field(default=False, compare=False)
    _start: int = field(default=0, compare=False, repr=False)
    _plain: bool = field(default=True, compare=False, repr=False)
    _offsets: Sequence[tuple[int, int]] | None = field(default=None, compare=False, repr=False, init=False)
    _memo: dict[Any, Any] | None = field(default=None, compare=False, repr=False, init=False)

    @property
    def memo(self) -> dict[Any, Any]:
        """Scratch space shared by the tiers: what one worked out about the utterance serves the next."""
        if self._memo is None:
            self._memo = {}
        return self._memo

    @property
    def offsets(self) -> Sequence[tuple[int, int]]:
        """For each character of ``text`` the ``[start, end)`` of the raw characters it was made from."""
        if self._offsets is None:
            first, last = self._start, self._start + len(self.text)
            if self._plain:
                self._offsets = tuple(zip(range(first, last), range(first + 1, last + 1), strict=True))
            else:
                self._offsets = tuple(cell[1:] for cell in _traced(self.raw)[first:last])
        return self._offsets

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """The ``[start, end)`` in ``raw`` behind ``text[start:end]``, with what was dropped inside it.

        Raises ``IndexError`` unless ``0 <= start <= end <= len(text)``.
        """
        if not 0 <= start <= end <= len(self.text):
            raise IndexError(f"span {start}..{end} is outside a text of {len(self.text)} characters")
        if start == end:
            at = self.offsets[start][0] if start < len(self.text) else self.offsets[-1][1]
            return at, at
        return self.offsets[start][0], self.offsets[end - 1][1]

    def raw_text(self, start: int, end: int) -> str:
        """The raw characters behind ``text[start:end]``; raises as :meth:`raw_span` does."""
        return self.raw[slice(*self.raw_span(start, end))]


class Normalizer:
    """Turns raw text into an :class:`Utterance`; built once for a bundle, safe to share between threads.

    ``wake_words`` and ``leading_fillers`` come off the front, ``trailing_fillers`` off the end, the longest
    first, none out of the middle. They are plain strings in any spelling that normalises to the same. A word
    that is a filler only beside a pause is listed with it: ``"那个,"`` leaves "那个多少钱" alone.
    ``max_chars`` bounds the normalised text, since normalising may lengthen what was written.

    Raises :class:`~cascade.errors.ConfigurationError` for a bare string as a list, or ``max_chars`` below 1.
    """

    def __init__(
        self,
        *,
        wake_words: Iterable[str] = (),
        leading_fillers: Iterable[str] = (),
        trailing_fillers: Iterable[str] = (),
        max_chars: int = 200,
    ) -> None:
        if max_chars < 1:
            raise ConfigurationError(f"max_chars is {max_chars}", hint="allow at least one character")
        self.max_chars = max_chars
        self._max_raw = max_chars * RAW_CHARS_PER_CHAR
        wakes, leading = _pieces(wake_words), _pieces(leading_fillers)
        trailing = _pieces(trailing_fillers, backwards=True)
        self._front = re.compile(rf"(?:[ {_SEPARATORS}]|\.++(?!\d)|({_any(wakes)})|({_any(leading)}))+")
        self._back = re.compile(rf"(?:[{_EDGES}]|({_any(trailing)}))+")  # runs over reversed text
        self._first = frozenset(_EDGES).union(piece[0] for piece in wakes + leading)
        self._last = frozenset(_EDGES).union(piece[0] for piece in trailing)

    def __call__(self, raw: object) -> Utterance:
        """Normalise what a caller passed on.

        Raises :class:`~cascade.errors.InputRejected`, and nothing else whatever the input, with the reason
        ``not_text`` (not a ``str``), ``empty`` (nothing visible) or ``too_long`` (more than ``max_chars``
        characters after, or ``RAW_CHARS_PER_CHAR`` times as many before normalising).
        """
        if type(raw) is not str:
            raw = _exact_str(raw)
        if len(raw) > self._max_raw:
            raise self._too_long()
        plain = _PLAIN.fullmatch(text := raw) or _PLAIN.fullmatch(text := raw.translate(_ONE_TO_ONE))
        if not (text := text if plain else _squeezed(raw)):
            raise InputRejected("the utterance is empty", reason="empty")
        start, end, wake = 0, len(text), False
        if text[0] in self._first or text[-1] in self._last:  # one look spares most utterances the patterns
            start, end, wake = self._stripped(text)
        if end - start > self.max_chars:
            raise self._too_long()
        return Utterance(raw, text[start:end], wake, start, plain is not None)

    def _too_long(self) -> InputRejected:
        return InputRejected(f"the utterance is longer than {self.max_chars} characters", reason="too_long")

    def _stripped(self, text: str) -> tuple[int, int, bool]:
        """``[start, end)`` of ``text`` without its edges, and whether a wake word opened it. Never empty."""
        start, end, wake = 0, len(text), False
        while True:
            if text[start] in self._first and (found := self._front.match(text, start, end)):
                wake = wake or found[1] is not None
                if found.end() == end:
                    return *_last_piece(found, start, end), wake
                start = found.end()
            shorter = self._without_back(text, start, end) if text[end - 1] in self._last else (start, end)
            if shorter == (start, end):
                return start, end, wake
            start, end = shorter

    def _without_back(self, text: str, start: int, end: int) -> tuple[int, int]:
        """The same for the end alone. The pattern reads backwards: looking for an end is quadratic."""
        length = len(text)
        found = self._back.match(text[::-1], length - end, length - start)
        if found is None or found.end() < length - start:
            return start, length - found.end() if found else end
        first, last = _last_piece(found, length - end, length - start)
        return length - last, length - first


def _last_piece(found: re.Match[str], start: int, end: int) -> tuple[int, int]:
    """Of a match that ate everything: the wake word or filler eaten last, or all of it if it has none."""
    groups = range(1, found.re.groups + 1)
    piece = max((found.span(group) for group in groups), key=lambda span: span[1])
    return piece if piece[0] >= 0 else (start, end)


def _pieces(given: Iterable[str], *, backwards: bool = False) -> list[str]:
    """The strings of a list as normalised text has them, longest first, without edges that come off before."""
    if isinstance(given, str):
        raise ConfigurationError("wake words and fillers are lists, not one string", hint="put it in a list")
    pieces = {_squeezed(piece)[:: -1 if backwards else 1].lstrip(_EDGES) for piece in given} - {""}
    return sorted(pieces, key=lambda piece: (-len(piece), piece))


def _any(pieces: list[str]) -> str:
    """A pattern for any of the strings, tried in order; a Latin word only where it ends."""
    ends = (r"(?![a-z0-9])" if re.match("[a-z0-9]", piece[-1]) else "" for piece in pieces)
    return "|".join(map(str.__add__, map(re.escape, pieces), ends)) or "(?!)"  # which matches nothing


def _exact_str(raw: object) -> str:
    """A subclass of ``str`` without what it overrides. ``isinstance`` would run code of the object's own."""
    if not issubclass(type(raw), str):
        raise InputRejected("the utterance is not a str", reason="not_text")
    return str.__str__(cast("str", raw))


def _squeezed(raw: str) -> str:
    """All of normalisation but the edges."""
    text = _folded(_TO_CLEAN.sub(_cleaned, raw))
    for surplus in _SURPLUS:
        text = surplus.sub("", text)
    decoration = _speaking_decoration(raw, text)
    return decoration[1] if decoration else text


def _cleaned(found: re.Match[str]) -> str:
    return " " if found[1] else _REPLACED.get(found[0], "")


def _speaking_decoration(raw: str, text: str) -> re.Match[str] | None:
    """The last decoration where nothing else is said: "👍" alone is an answer."""
    return None if text.strip(_EDGES) else _TO_LAST_DECORATION.match(raw)


def _folded(text: str) -> str:
    """NFKC, lower case, simplified. Lower case may compose anew, and NFKC brings dashes and quotes back."""
    text = unicodedata.normalize("NFKC", text).lower().replace("ς", "σ")  # a last sigma heeds its neighbours
    return _TO_CLEAN.sub(_cleaned, unicodedata.normalize("NFKC", text)).translate(_ONE_TO_ONE)


def _traced(raw: str) -> list[_Cell]:
    """What :func:`_squeezed` does, character by character, with the raw span of each."""
    cells = [(new, at, at + 1) for at, char in enumerate(raw) for new in _TO_CLEAN.sub(_cleaned, char)]
    cells = [
        (char, cluster[0][1], cluster[-1][2])
        for cluster in _clusters(cells)
        for char in _folded("".join(cell[0] for cell in cluster))
    ]
    for surplus in _SURPLUS:
        text = "".join(cell[0] for cell in cells)
        gone = {at for found in surplus.finditer(text) for at in range(*found.span())}
        cells = [cell for at, cell in enumerate(cells) if at not in gone]
    decoration = _speaking_decoration(raw, "".join(cell[0] for cell in cells))
    return [(decoration[1], *decoration.span(1))] if decoration else cells


def _clusters(cells: list[_Cell]) -> list[list[_Cell]]:
    """Runs that NFKC may compose or reorder; between two runs it never does."""
    clusters: list[list[_Cell]] = []
    for cell in cells:
        if clusters and _joins(cell[0]):
            clusters[-1].append(cell)
        else:
            clusters.append([cell])
    return clusters


def _joins(char: str) -> bool:
    """Whether a character may melt into the one before it: marks, and vowels and finals of Hangul."""
    first = unicodedata.normalize("NFKD", char)[0]
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff"
