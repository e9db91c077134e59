"""Words that the crowd says and nobody told the pack: the new drink, the brand's nickname, the meme of the day.

jieba cuts the texts, with the lexicon's forms kept whole; a new name comes out in pieces, and often so. Runs of pieces
that come together much more often than their frequencies explain, in changing company, and that neither the lexicon nor
the training texts know, are reported. A person decides what they are.
"""

from __future__ import annotations

import math
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from cascade.errors import ConfigurationError

Cut = Callable[[str], Iterable[str]]

_EDGE: Final = "\x02"
_LONGEST_RUN: Final = 6
_EXAMPLES: Final = 3


class WordSearch(BaseModel):
    """When a run of pieces counts as a word."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    texts: int = Field(default=8, ge=2)
    """Distinct texts that it must be said in."""
    cohesion: float = Field(default=0.6, ge=-1, le=1)
    """Least normalised pointwise mutual information of its two halves, wherever it is cut: 0 for halves that meet by
    chance, 1 for halves that are never apart."""
    freedom: float = Field(default=0.9, ge=0)
    """Least entropy of what stands on either side of it, in nats."""
    longest: int = Field(default=8, ge=2)
    """Characters."""
    most: int = Field(default=100, ge=1)
    """Words reported."""


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word that was found, how often and how surely."""

    word: str
    texts: int
    traffic: float
    cohesion: float | None
    """``None`` for what was never cut apart."""
    freedom: float
    examples: tuple[str, ...]


def jieba_cut(forms: Iterable[str]) -> Cut:
    """Cut with jieba, the given forms kept whole. Raises :class:`~cascade.errors.ConfigurationError` without jieba."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # jieba's own source has escapes that Python complains of
            import jieba
    except ModuleNotFoundError as error:
        raise ConfigurationError("jieba is not installed", hint="pip install jieba") from error
    jieba.setLogLevel("ERROR")
    tokenizer: Any = jieba.Tokenizer()
    tokenizer.tmp_dir = tempfile.gettempdir()
    for form in sorted(forms):
        if len(form) > 1:
            tokenizer.add_word(form, freq=1_000_000)
    cut: Cut = tokenizer.lcut
    return cut


def new_words(
    traffic: Mapping[str, float], cut: Cut, forms: Iterable[str], known: Iterable[str], search: WordSearch
) -> list[NewWord]:
    """The words of ``traffic`` (normalised text to how often it was said), the most said first.

    ``forms`` are the lexicon's; ``known`` are texts whose words are no news.
    """
    pieces = {text: [piece for piece in cut(text) if piece.strip()] for text in sorted(traffic)}
    often = _frequent_runs(pieces.values(), search.texts)
    familiar, lexicon = "\n".join(known), frozenset(forms)
    possible = {
        run
        for run in often
        if _possible(word := "".join(run), search.longest) and word not in lexicon and word not in familiar
    }
    company = _company(pieces, possible)
    total = sum(map(len, pieces.values()))
    judged = (
        _judged(run, seen, often, total, traffic)
        for run, seen in company.items()
        if len(seen.texts) >= search.texts
    )
    found = [word for word in judged if _sticks(word, search)]
    found.sort(key=lambda word: (-word.traffic, -len(word.word), word.word))
    return _whole_ones(found)[: search.most]


Run = tuple[str, ...]


@dataclass(slots=True)
class _Company:
    """Where a run of pieces is said, and beside what."""

    texts: list[str]
    before: Counter[str]
    after: Counter[str]


def _frequent_runs(cuts: Iterable[list[str]], least: int) -> dict[Run, int]:
    """Runs of pieces that come at least so often. A longer one can only if both its shorter ends do."""
    cuts = list(cuts)
    found: dict[Run, int] = {}
    for length in range(1, _LONGEST_RUN + 1):
        counts = Counter(
            run
            for pieces in cuts
            for at in range(len(pieces) - length + 1)
            if (run := tuple(pieces[at : at + length]))[:-1] in found or length == 1
            if length == 1 or run[1:] in found
        )
        found |= {run: count for run, count in counts.items() if count >= least}
    return found


def _possible(word: str, longest: int) -> bool:
    return 2 <= len(word) <= longest and word.isalnum() and not word.isdigit()


def _company(cuts: Mapping[str, list[str]], runs: Collection[Run]) -> dict[Run, _Company]:
    company: dict[Run, _Company] = {}
    for text, pieces in cuts.items():
        edged = [_EDGE, *pieces, _EDGE]
        for start in range(1, len(edged) - 1):
            for end in range(start + 1, min(start + _LONGEST_RUN, len(edged) - 1) + 1):
                run = tuple(edged[start:end])
                if run in runs:
                    seen = company.setdefault(run, _Company([], Counter(), Counter()))
                    if not seen.texts or seen.texts[-1] is not text:
                        seen.texts.append(text)
                    seen.before[edged[start - 1]] += 1
                    seen.after[edged[end]] += 1
    return company


def _judged(
    run: Run, seen: _Company, often: Mapping[Run, int], total: int, traffic: Mapping[str, float]
) -> NewWord:
    surprise = math.log((total + 1) / often[run])
    cuts = (
        math.log(total * often[run] / (often[run[:at]] * often[run[at:]])) / surprise
        for at in range(1, len(run))
    )
    return NewWord(
        word="".join(run),
        texts=len(seen.texts),
        traffic=sum(traffic[text] for text in seen.texts),
        cohesion=round(min(cuts), 3) if len(run) > 1 else None,
        freedom=round(min(_entropy(seen.before), _entropy(seen.after)), 3),
        examples=tuple(seen.texts[:_EXAMPLES]),
    )


def _sticks(word: NewWord, search: WordSearch) -> bool:
    return word.freedom >= search.freedom and (word.cohesion is None or word.cohesion >= search.cohesion)


def _entropy(neighbours: Counter[str]) -> float:
    """Of the neighbours; every edge of a text is company of its own."""
    total = neighbours.total()
    edges = neighbours[_EDGE]
    shares = [count / total for neighbour, count in neighbours.items() if neighbour != _EDGE]
    return -sum(share * math.log(share) for share in shares) + (edges / total) * math.log(total)


def _whole_ones(found: list[NewWord]) -> list[NewWord]:
    """Without the parts of longer words: those that are hardly ever said outside of one."""
    return [
        word
        for word in found
        if not any(
            word.word != other.word and word.word in other.word and other.texts >= 0.8 * word.texts
            for other in found
        )
    ]
