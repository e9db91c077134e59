"""A name that nobody told the pack comes out whole, and what is known is no news."""

from __future__ import annotations

import random

import pytest

from training.retraining.newwords import NewWord, WordSearch, jieba_cut, new_words

FORMS = frozenset({"奶茶", "珍珠奶茶", "少糖", "去冰", "柠檬水", "果茶", "一杯", "两杯"})
KNOWN = [
    "帮我点一杯奶茶",
    "来两杯柠檬水谢谢",
    "我要少糖的果茶",
    "可以快一点吗",
    "昨天的订单到哪了",
    "给我来杯珍珠奶茶去冰",
]


def crowd(word: str, rng: random.Random) -> dict[str, float]:
    drinks = [*sorted(FORMS - {"少糖", "去冰", "一杯", "两杯"}), word, word]
    said: dict[str, float] = {}
    for _ in range(600):
        front = rng.choice(["帮我点", "来", "我要", "想喝", "给我来", "点", ""])
        count = rng.choice(["一杯", "两杯", "杯", ""])
        tail = rng.choice(["", "少糖", "去冰", "谢谢", "快一点", "吧", "多少钱"])
        said[f"{front}{count}{rng.choice(drinks)}{tail}"] = float(rng.randint(1, 5))
    return said


def by_characters(text: str) -> list[str]:
    """A stand-in for jieba that keeps the forms whole and cuts all else to characters."""
    pieces: list[str] = []
    while text:
        piece = max((form for form in FORMS if text.startswith(form)), key=len, default=text[0])
        pieces.append(piece)
        text = text[len(piece) :]
    return pieces


@pytest.mark.parametrize("word", ["芋泥啵啵", "雪山芭乐", "黑糖波波脏"])
def test_a_new_name_comes_out_whole(word: str) -> None:
    said = crowd(word, random.Random(3))
    found = new_words(said, by_characters, FORMS, KNOWN, WordSearch())
    first = found[0]
    assert first.word == word
    assert first.texts == sum(word in text for text in said)
    assert first.traffic == sum(times for text, times in said.items() if word in text)
    assert all(word in example for example in first.examples)
    assert not [other for other in found if other.word in word and other.word != word]


def test_what_is_known_is_no_news() -> None:
    said = crowd("芋泥啵啵", random.Random(3))
    words = {
        found.word for found in new_words(said, by_characters, FORMS, [*KNOWN, "来杯芋泥啵啵"], WordSearch())
    }
    assert "芋泥啵啵" not in words
    assert not words & FORMS


def test_a_name_in_always_the_same_company_is_no_word() -> None:
    said = {f"活动代码雪山芭乐大放送{number}号": 1.0 for number in range(50)}
    assert "雪山芭乐" not in {found.word for found in new_words(said, by_characters, FORMS, [], WordSearch())}


def test_the_same_crowd_gives_the_same_report() -> None:
    said = crowd("雪山芭乐", random.Random(5))
    shuffled = dict(sorted(said.items(), key=lambda pair: pair[0][::-1]))
    left, right = (new_words(each, by_characters, FORMS, KNOWN, WordSearch()) for each in (said, shuffled))
    assert left == right != []


def test_no_texts_have_no_words() -> None:
    assert new_words({}, by_characters, FORMS, [], WordSearch()) == []


def test_with_jieba() -> None:
    pytest.importorskip("jieba")
    cut = jieba_cut(FORMS)
    assert list(cut("来杯珍珠奶茶少糖"))[-2:] == ["珍珠奶茶", "少糖"]
    found: list[NewWord] = new_words(crowd("芋泥啵啵", random.Random(3)), cut, FORMS, KNOWN, WordSearch())
    assert found[0].word == "芋泥啵啵"
