"""No utterance stands in two sets, as typed, as normalised, or nearly."""

import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from training.annotation import Example
from training.leakage import bigrams, separate

TEXTS = st.lists(strategies.orders() | st.text("奶茶点杯一两", min_size=1, max_size=6), max_size=12)


def examples(texts: list[str], file: str) -> list[Example]:
    return [Example(text, "chitchat", None, (), file, line) for line, text in enumerate(texts, 1)]


def plain(text: str) -> str:
    return text.lower()


def jaccard(left: str, right: str) -> float:
    mine, theirs = bigrams(left), bigrams(right)
    return len(mine & theirs) / len(mine | theirs)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("帮我点一杯珍珠奶茶", "exact"),
        ("帮我点,一杯珍珠奶茶!", "normalised"),
        ("帮我点一杯珍珠奶茶吧", "near"),
        ("珍珠奶茶多少钱一杯", None),
    ],
)
def test_kinds_of_repetition(text: str, kind: str | None) -> None:
    kept = examples(["帮我点一杯珍珠奶茶"], "test.tsv")
    stay, gone = separate(examples([text], "train.tsv"), kept, plain, 0.7)
    assert [collision.kind for collision in gone] == ([kind] if kind else [])
    assert len(stay) == 1 - len(gone)


@given(TEXTS, TEXTS)
def test_what_stays_is_unlike_everything_kept(mine: list[str], theirs: list[str]) -> None:
    stay, gone = separate(examples(mine, "a"), examples(theirs, "b"), plain, 0.7)
    assert len(stay) + len(gone) == len(mine)
    for example in stay:
        assert all(plain(example.text) != plain(other) for other in theirs)
    for collision in gone:
        assert collision.kept.text in theirs
        assert str(collision).startswith(collision.dropped.where)


def test_a_collision_names_both_lines() -> None:
    _, gone = separate(examples(["好的"], "train.tsv"), examples(["不要", "好的"], "test.tsv"), plain, 0.7)
    assert "train.tsv:1" in str(gone[0])
    assert "test.tsv:2" in str(gone[0])


def test_likeness_is_the_share_of_common_bigrams() -> None:
    left, right = "帮我点一杯珍珠奶茶", "帮我点一杯珍珠奶茶吧"
    _, gone = separate(examples([left], "a"), examples([right], "b"), plain, 0.5)
    assert gone[0].likeness == pytest.approx(jaccard(left, right))


def test_a_collision_does_not_show_the_line_that_is_held_out() -> None:
    _, gone = separate(
        examples(["帮我点一杯珍珠奶茶吧"], "train.tsv"),
        examples(["帮我点一杯珍珠奶茶"], "test.tsv"),
        plain,
        0.7,
    )
    (told,) = map(str, gone)
    assert (
        told.replace("帮我点一杯珍珠奶茶吧", "") == "train.tsv:1: '' is a near duplicate (0.75) of test.tsv:1"
    )


def test_the_nearest_of_many_alike_is_found_whatever_else_shares_more() -> None:
    mine = "帮我来一杯珍珠奶茶"
    # each shares as many bigrams as the double does, and is no double for its length
    longer = [f"帮我来一杯珍珠奶茶{letter * 9}呀{letter * 9}" for letter in "甲乙丙丁戊己"]
    _, gone = separate(examples([mine], "a"), examples([*longer, mine + "吧"], "b"), plain, 0.7)
    assert [collision.kept.text for collision in gone] == [mine + "吧"]
