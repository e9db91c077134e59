"""What the classifier sees: one id a character, the same in training and at run time, whatever the text."""

import numpy as np
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from cascade import features
from cascade.features import CLS, SPECIAL, UNK, Vocabulary
from cascade.text import Normalizer

CHARACTERS = "一两三奶茶点杯少糖去冰abc129,。! "
VOCABULARY = Vocabulary(CHARACTERS)
ALPHABETS = st.lists(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), unique=True)


@given(strategies.any_text())
def test_ids_are_rows_of_the_table_and_one_more_than_characters(text: str) -> None:
    ids = VOCABULARY.ids(text)
    assert len(ids) == len(text) + 1
    assert ids[0] == SPECIAL.index(CLS)
    assert all(SPECIAL.index(UNK) <= number < len(VOCABULARY) for number in ids)
    assert SPECIAL.index(CLS) not in ids[1:]


@given(strategies.any_text())
def test_an_id_tells_the_character_or_that_it_is_unknown(text: str) -> None:
    for char, number in zip(text, VOCABULARY.ids(text)[1:], strict=True):
        known = VOCABULARY.characters[number - len(SPECIAL)] if number >= len(SPECIAL) else None
        assert known == (char if char in CHARACTERS else None)


@given(strategies.any_text())
def test_the_batch_holds_the_ids(text: str) -> None:
    batch = VOCABULARY.batch(text)
    assert batch.dtype == np.int64
    assert batch.tolist() == [VOCABULARY.ids(text)]


@given(ALPHABETS)
def test_a_vocabulary_reads_what_it_writes(characters: list[str]) -> None:
    vocabulary = Vocabulary(characters)
    again = Vocabulary.parse(str(vocabulary))
    assert again.characters == vocabulary.characters
    assert len(again) == len(SPECIAL) + len(characters)


@pytest.mark.parametrize("characters", [["ab"], [""], ["奶", "奶"], ["\n"], ["\r"]])
def test_what_is_no_vocabulary_is_refused(characters: list[str]) -> None:
    with pytest.raises(ValueError, match=r"not one character|stands twice"):
        Vocabulary(characters)


@pytest.mark.parametrize("text", ["", "奶\n茶\n", "[UNK]\n[PAD]\n[CLS]\n奶\n"])
def test_a_vocabulary_begins_with_the_special_entries(text: str) -> None:
    with pytest.raises(ValueError, match="begins with"):
        Vocabulary.parse(text)


def test_the_version_is_part_of_the_contract() -> None:
    normalised = Normalizer(wake_words=["千问"])("千問，點杯奶茶！").text
    assert features.VERSION == "chars-1"
    assert VOCABULARY.ids(normalised) == [2, *[3 + CHARACTERS.index(char) for char in "点杯奶茶"]]
