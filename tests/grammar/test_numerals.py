"""Numerals: what is a number, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade.grammar.numerals import NUMERAL_CHARS, TOO_LARGE, carries_measure, number_within, parse_numeral

ONES = "零一二三四五六七八九"


def spelled(number: int) -> str:
    """A number below a thousand as it is written in full."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    written = f"{ONES[hundreds]}百" if hundreds else ""
    if tens:
        written += f"{ONES[tens]}十"
    elif hundreds and ones:
        written += "零"
    return written + (ONES[ones] if ones else "")


@given(st.integers(1, 999))
def test_a_number_written_in_full_is_that_number(number: int) -> None:
    assert parse_numeral(spelled(number)) == number
    assert parse_numeral(str(number)) == number


@pytest.mark.parametrize(
    ("run", "number"),
    [
        ("两", 2),
        ("俩", 2),
        ("仨", 3),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("两百", 200),
        ("一百十五", 115),
        ("007", 7),
        ("0", 0),
    ],
)
def test_the_short_ways_to_write_a_number(run: str, number: int) -> None:
    assert parse_numeral(run) == number


@pytest.mark.parametrize(
    "run", ["两三", "二三十", "三五", "一百五", "二百二", "1百", "俩三", "百", "十零五", "一二三", "2两"]
)
def test_a_guess_is_no_number(run: str) -> None:
    assert parse_numeral(run) is None


@given(st.text(alphabet=sorted(NUMERAL_CHARS), min_size=1, max_size=300))
def test_any_run_of_numerals_is_a_number_or_none(run: str) -> None:
    number = parse_numeral(run)
    assert number is None or 0 <= number <= TOO_LARGE


def test_thousands_and_more_are_too_large() -> None:
    assert parse_numeral("一千") == parse_numeral("三万") == parse_numeral("9" * 50) == TOO_LARGE
    assert parse_numeral("100000") == 100_000


def test_a_pair_needs_no_measure_word() -> None:
    assert carries_measure("俩")
    assert not carries_measure("两")


@pytest.mark.parametrize(
    ("form", "number"), [("那两杯", 2), ("those 3", 3), ("那一杯", None), ("that one", None)]
)
def test_a_word_that_points_may_say_how_many(form: str, number: int | None) -> None:
    assert number_within(form) == number
