"""Pieces and n-grams: the other two definitions of what a classifier sees."""

import random
from itertools import pairwise
from zlib import crc32

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from cascade import features
from cascade.features import SPECIAL, NGrams, Pieces
from cascade.features.ngrams import HEAD, TAG_BUCKETS, WINDOW, grams, hashed

PIECES = Pieces(["play", "##ing", "##s", "song", "奶", "茶", "!", "a", "##b", "cafe"])
KNOWN = NGrams(sorted({hashed(gram) for gram in grams("play a song 奶茶")}), marking=True)


def words(text: str) -> list[str]:
    names = [*SPECIAL, *PIECES.entries]
    return [names[number] for number in PIECES.ids(text)]


def test_words_are_cut_into_the_longest_pieces() -> None:
    assert words("playing songs!奶茶") == ["[CLS]", "play", "##ing", "song", "##s", "!", "奶", "茶"]
    assert words("plays xplay café") == ["[CLS]", "play", "##s", "[UNK]", "cafe"]
    assert PIECES.places("playing  songs") == [(0, 4), (4, 7), (9, 13), (13, 14)]


def test_a_word_of_any_length_costs_little() -> None:
    assert words("a" + "b" * 200) == ["[CLS]", "[UNK]"]
    assert words("a" + "b" * 50) == ["[CLS]", "a", *["##b"] * 50]


@given(strategies.any_text())
def test_pieces_lie_side_by_side_and_cover_all_but_spaces(text: str) -> None:
    places = PIECES.places(text)
    assert len(PIECES.ids(text)) == len(places) + 1
    ends = [0, *(end for _, end in places)]
    assert all(left <= start < end for left, (start, end) in zip(ends, places, strict=False))
    covered = {at for start, end in places for at in range(start, end)}
    assert all(text[at].isspace() for at in set(range(len(text))) - covered)


@given(strategies.any_text())
def test_every_number_is_a_row_of_its_table(text: str) -> None:
    for encoder in (PIECES, KNOWN):
        assert all(0 <= number < len(encoder) for number in encoder.ids(text))
    feeds = KNOWN.feeds(text)
    assert feeds["ids"].tolist() == [KNOWN.ids(text)]
    assert feeds["windows"].shape == (1, len(text) + 1, WINDOW)
    assert feeds["windows"].dtype == np.int64
    assert ((feeds["windows"] >= 0) & (feeds["windows"] < TAG_BUCKETS)).all()


def test_unknown_characters_are_counted() -> None:
    assert PIECES.unknown("plays xplay 奶") == len("xplay")
    assert KNOWN.unknown("play 奶水") == 1
    assert features.Vocabulary("奶茶").unknown("奶水茶水") == 2


@given(strategies.any_text())
def test_rows_of_ngrams_rise_and_the_first_is_always_there(text: str) -> None:
    ids = KNOWN.ids(text)
    assert ids[0] == 0
    assert all(left < right for left, right in pairwise(ids))


def test_ngrams_are_runs_of_characters_words_and_pairs_of_words() -> None:
    found = grams("a 茶")
    assert {"\x02", "\x02a", "a 茶\x03", "\x1fa", "\x1f茶", "\x1fa\x1f茶"} <= found
    assert not any(len(gram) > 4 and "\x1f" not in gram for gram in grams("play a song"))
    assert hashed("奶茶") == crc32("奶茶".encode())


def test_the_same_text_gives_the_same_numbers_in_every_version_of_the_library() -> None:
    """Bundles are trained once: what these numbers are may only change together with the version's name."""
    assert NGrams([hashed("ab")]).ids("xaby") == [0, 1]
    rows = KNOWN.feeds("ab")["windows"][0].tolist()
    around = [
        "\x02",
        "\x02",
        "a",
        "b",
        "\x03",
        "\x02\x02",
        "\x02a",
        "ab",
        "b\x03",
        "\x02\x02a",
        "\x02ab",
        "ab\x03",
    ]
    assert rows[1] == [
        crc32(f"{number}\x1f{view}".encode()) % TAG_BUCKETS
        for number, view in enumerate([*around, "ab\x02", "\x02", "\x03", "\x02\x1fab"])
    ]


@given(st.sets(st.integers(0, 2**32 - 1), max_size=50))
def test_lists_read_what_they_write(hashes: set[int]) -> None:
    encoder = NGrams(sorted(hashes))
    assert list(NGrams.parse(str(encoder)).hashes) == sorted(hashes)
    assert NGrams.parse(str(NGrams(hashes=(), marking=True))).marking
    assert not NGrams.parse(str(encoder)).marking
    assert len(encoder) == len(hashes) + 1
    assert Pieces.parse(str(PIECES)).entries == PIECES.entries


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("pieces-1", "a\nb\n"),
        ("pieces-1", "[PAD]\n[UNK]\n[CLS]\na b\n"),
        ("pieces-1", "[PAD]\n[UNK]\n[CLS]\n##\n"),
        ("pieces-1", "[PAD]\n[UNK]\n[CLS]\na\na\n"),
        ("ngrams-1", "00000001\n"),
        ("ngrams-1", f"{HEAD}\n00000002\n00000001\n"),
        ("ngrams-1", f"{HEAD}\nfffffffff\n"),
        ("ngrams-1", f"{HEAD}\nxyz\n"),
    ],
)
def test_what_is_no_list_is_refused(version: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"piece|begins|rise|bits|invalid literal"):
        features.parse(version, text)


def test_a_model_without_tags_gets_no_windows() -> None:
    encoder = NGrams(KNOWN.hashes)
    assert set(encoder.feeds("ab")) == set(encoder.last_row()) == {"ids"}
    assert list(encoder.places("ab")) == []


def test_order_of_the_list_does_not_depend_on_the_order_of_the_texts() -> None:
    texts = ["play a song", "奶茶", "call me"]
    made = [str(NGrams(sorted({hashed(gram) for text in texts for gram in grams(text)})))]
    random.Random(1).shuffle(texts)
    made.append(str(NGrams(sorted({hashed(gram) for text in texts for gram in grams(text)}))))
    assert made[0] == made[1]
