"""Which utterances of a log are nearly the same: an exact join over character bigrams.

Two texts are near-duplicates when their bigram sets have a Jaccard similarity of at least a threshold. Every such pair
is found (prefix filter: Chaudhuri, Ganti and Kaushik, 2006; size and index bounds as in AllPairs and PPJoin, 2007-08),
and no other: two sets that are alike enough must share one of the few rarest bigrams of each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from fractions import Fraction

Skip = Callable[[int, int], bool]


def near_pairs(
    sets: Sequence[frozenset[Hashable]], threshold: float, skip: Skip = lambda left, right: False
) -> Iterator[tuple[int, int]]:
    """Pairs ``(i, j)`` with ``i < j`` of sets whose Jaccard similarity is at least ``threshold``, each once.

    ``skip`` may spare the comparison of a pair that is of no interest. Empty sets are like nothing.
    Raises ``ValueError`` unless ``0 < threshold <= 1``.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"a Jaccard threshold of {threshold}")
    share = Fraction(repr(threshold))  # as it is written: 0.7 is seven tenths
    above, below = share.numerator, share.denominator
    ranked = _rarest_first(sets)
    order = sorted((at for at, tokens in enumerate(ranked) if tokens), key=lambda at: len(ranked[at]))
    whole = [frozenset(tokens) for tokens in ranked]
    postings: defaultdict[int, list[int]] = defaultdict(list)
    for at in order:
        tokens = ranked[at]
        size = len(tokens)
        least = _ceil(share * size)  # a smaller set cannot be alike enough
        candidates: set[int] = set()
        for token in tokens[: size - least + 1]:
            candidates.update(postings[token])
        for other in candidates:
            theirs = len(ranked[other])
            if theirs < least or skip(at, other):
                continue
            if len(whole[at] & whole[other]) * (above + below) >= above * (size + theirs):
                yield (at, other) if at < other else (other, at)
        for token in tokens[
            : size - _ceil(2 * share / (1 + share) * size) + 1
        ]:  # those to come are no smaller
            postings[token].append(at)


def groups(texts: Sequence[str], bigrams: Callable[[str], Iterable[str]], threshold: float) -> list[int]:
    """For each text the number of its group: texts that a chain of near-duplicates joins are in one.

    Groups are numbered in the order of their first text.
    """
    places: dict[str, int] = {}
    for text in texts:
        places.setdefault(text, len(places))
    roots = list(range(len(places)))

    def root(at: int) -> int:
        while roots[at] != at:
            roots[at] = at = roots[roots[at]]
        return at

    sets = [frozenset[Hashable](bigrams(text)) for text in places]
    for left, right in near_pairs(sets, threshold, lambda left, right: root(left) == root(right)):
        first, second = sorted((root(left), root(right)))
        roots[second] = first
    numbers: dict[int, int] = {}
    return [numbers.setdefault(root(places[text]), len(numbers)) for text in texts]


def _rarest_first(sets: Sequence[frozenset[Hashable]]) -> list[list[int]]:
    """The sets as numbers that rise with how common an element is."""
    counts = Counter(token for tokens in sets for token in tokens)
    ranks = {token: rank for rank, (token, _) in enumerate(sorted(counts.items(), key=lambda item: item[1]))}
    return [sorted(ranks[token] for token in tokens) for tokens in sets]


def _ceil(number: Fraction) -> int:
    return -(-number.numerator // number.denominator)
