"""The words of an utterance, found in one pass.

Lexicon forms, function words and guards go into one Aho-Corasick automaton; the longest word at the leftmost place
wins. Where that choice would hide another reading, the automaton carries the longer string too: 加冰淇淋 is 加 and
冰淇淋, not 加冰 and 淇淋, and a string that reads well both ways is a word of its own that the grammar abstains on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick, MatchKind

from cascade.bundle import Bundle
from cascade.grammar.compounds import MODIFIER, Compounds
from cascade.grammar.entry import UNKNOWN, Entry, Token
from cascade.grammar.spec import GrammarSpec
from cascade.grammar.vocabulary import vocabulary


class Lexicon:
    """Finds the words of an utterance. Safe to share between threads."""

    def __init__(self, entries: Iterable[Entry], spec: GrammarSpec) -> None:
        # modifiers last: one comparison a word tells whether there is one
        self._entries = tuple(sorted(entries, key=lambda entry: entry.kind == MODIFIER))
        self._modifiers = sum(entry.kind != MODIFIER for entry in self._entries)
        self._compounds = Compounds(spec)
        forms = [entry.form for entry in self._entries]
        self._find = AhoCorasick(forms, matchkind=MatchKind.LeftmostLongest).find_matches_as_indexes

    @classmethod
    def from_bundle(cls, bundle: Bundle, spec: GrammarSpec) -> Lexicon:
        """Read ``lexicon.yaml`` and put the words of the grammar beside it.

        Raises :class:`~cascade.errors.BundleCorrupt` with the line of what is wrong.
        """
        return cls(vocabulary(bundle, spec), spec)

    @property
    def entries(self) -> Sequence[Entry]:
        """All words."""
        return self._entries

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def words(self) -> tuple[Entry, ...]:
        """Every word, in no order that means anything."""
        return self._entries

    def scan(self, text: str) -> list[Token]:
        """The words of a normalised text, in order; spaces are left out, what is no word is :data:`UNKNOWN`."""
        tokens, modified = self._words(text)
        return self._compounds.joined(text, tokens) if modified else tokens

    def compound(self, text: str) -> Entry | None:
        """A text that is one name, though no word of the lexicon: 芋圆椰奶."""
        return self._compounds.whole(text, self._words(text)[0])

    def _words(self, text: str) -> tuple[list[Token], bool]:
        """The words by themselves, and whether a modifier is among them."""
        tokens: list[Token] = []
        entries, done, modified = self._entries, 0, False
        for index, start, end in self._find(text):
            if start > done:
                tokens.append((UNKNOWN, done, start))
            done = end
            entry = entries[index]
            modified |= index >= self._modifiers
            if entry.latin and entry.kind != "numeral" and _inside_word(text, start, end):
                tokens.append((UNKNOWN, start, end))
            elif entry.pieces:
                for piece in entry.pieces:
                    _append(tokens, piece, start, start := start + len(piece.form))
            elif entry.form != " ":
                _append(tokens, entry, start, end)
        if done < len(text):
            tokens.append((UNKNOWN, done, len(text)))
        return tokens, modified


def _append(tokens: list[Token], entry: Entry, start: int, end: int) -> None:
    """Add a word; the characters of a number are one word."""
    if entry.kind == "numeral" and tokens and tokens[-1][0].kind == "numeral" and tokens[-1][2] == start:
        start = tokens.pop()[1]
    tokens.append((entry, start, end))


def _inside_word(text: str, start: int, end: int) -> bool:
    """Whether a Latin word or an Arabic number goes on beyond the match: ``hot`` in ``hotel``."""
    return _joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1])


def _joined(left: str, right: str) -> bool:
    if not (left and right and left.isascii() and right.isascii()):
        return False
    return (left.isalpha() and right.isalpha()) or (left.isdigit() and right.isdigit())
