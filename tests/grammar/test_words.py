"""Finding the words: nothing overlooked, Latin words whole, and lexicons that do not fit refused with their line."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from strategies import any_text

from cascade.errors import BundleCorrupt, InputRejected
from cascade.grammar import OrderGrammar
from cascade.grammar.entry import UNKNOWN
from cascade.orders import OrderIntent
from grammar.kit import SOURCE, grammar, said, sealed


def words(text: str) -> list[str]:
    return [text[start:end] for _, start, end in grammar().lexicon.scan(text)]


@settings(deadline=None)
@given(any_text())
def test_the_words_leave_no_gap_but_spaces(raw: str) -> None:
    try:
        text = said(raw).text
    except InputRejected:
        return
    end = 0
    for _, start, stop in grammar().lexicon.scan(text):
        assert start >= end
        assert text[end:start].strip(" ") == ""
        assert stop > start
        end = stop
    assert text[end:].strip(" ") == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("加冰淇淋", ["加", "冰淇淋"]),
        ("加冰", ["加冰"]),
        ("二十五分钟", ["二十五", "分钟"]),
        ("一点点奶茶", ["一点点", "奶茶"]),
        ("12杯latte", ["12", "杯", "latte"]),
    ],
)
def test_the_longest_word_does_not_cut_the_next_one(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize("text", ["hotel", "latter", "xlatte", "cocos"])
def test_a_latin_word_counts_only_whole(text: str) -> None:
    assert all(entry is UNKNOWN for entry, _, _ in grammar().lexicon.scan(text))


def lexicon_of(lines: str) -> str:
    return "brand: {}\n" + lines


@pytest.mark.parametrize(
    ("name", "text", "line", "says"),
    [
        ("lexicon.yaml", "drink:\n  奶茶: [奶茶]\nmood:\n  甜: [甜]\n", 3, "no slot 'mood'"),
        ("lexicon.yaml", "drink:\n  奶茶:\n    - 奶茶\n    - 珍珠 奶茶\n", 4, "not what the normaliser leaves"),
        ("lexicon.yaml", "drink:\n  奶茶: 奶茶\n", 2, "drink.奶茶"),
        ("lexicon.yaml", "drink:\n  奶茶: [奶茶]\n  奶茶: []\n", 3, "stands twice"),
        ("grammar.yaml", "intent: order_drink\n", 1, "items"),
        ("grammar.yaml", "intent: order_pizza\nitems: items\nquantity: {field: quantity}\nwords: {}\n"
         "slots:\n  drink: {role: head, field: drink}\n", 1, "order_pizza"),
        ("grammar.yaml", "intent: order_drink\nitems: items\nquantity: {field: quantity}\nwords: {}\n"
         "slots:\n  drink: {role: head}\n", 6, "needs a field"),
        ("grammar.yaml", "intent: order_drink\nitems: items\nquantity: {field: quantity}\nwords: {}\n"
         "slots:\n  drink: {role: part, field: toppings}\n", 6, "left out"),
        ("grammar.yaml", "intent: order_drink\nitems: items\nquantity: {field: quantity}\nwords: {}\n"
         "slots:\n  size: {role: attribute, field: size}\n", 1, "exactly one slot"),
        ("grammar.yaml", "intent: order_drink\nitems: items\nquantity: {field: quantity}\nwords: {}\n"
         "slots:\n  drink: {role: head, field: drink}\n  flavour: {role: modifier}\n  milk: {role: modifier}\n",
         1, "at most one slot"),
        ("grammar.yaml", "intent: order_drink\nitems: items\nquantity: {field: quantity}\nwords: {verb: [来]}\n"
         "slots:\n  drink: {role: head, field: drink}\n", 4, "verb"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, line: int, says: str
) -> None:
    with pytest.raises(BundleCorrupt, match=says) as caught:
        OrderGrammar.from_bundle(sealed(tmp_path / "b", {name: text}), OrderIntent)
    assert (caught.value.file, caught.value.line) == (name, line)


HEAD = "intent: order_drink\nitems: items\nquantity: {field: quantity}\nslots:\n  drink: {role: head, field: drink}\n"


@pytest.mark.parametrize(
    ("rest", "line", "says"),
    [
        ("words: {carrier: [来, [[我, 1], [要]]]}\n", 6, "lists of words"),
        ("words:\n  carrier: [[[" + "a, " * 150 + "a], [" + "b, " * 150 + "b]]]\n", 7, "combinations"),
        ("words: {}\nphrasings:\n  sugar: {half: [半糖]}\n", 8, "no slot 'sugar'"),
    ],
)
def test_combinations_that_do_not_fit_are_refused_with_their_line(
    tmp_path: Path, rest: str, line: int, says: str
) -> None:
    with pytest.raises(BundleCorrupt, match=says) as caught:
        OrderGrammar.from_bundle(
            sealed(tmp_path / "b", {"grammar.yaml": HEAD + rest, "lexicon.yaml": "drink: {}\n"}), OrderIntent
        )
    assert (caught.value.file, caught.value.line) == ("grammar.yaml", line)


def test_combinations_stand_for_all_their_words(tmp_path: Path) -> None:
    text = (
        HEAD + "words:\n  carrier: [[[来, 点], ['', 一下]]]\nphrasings: {drink: {奶茶: [[[奶, 牛奶], 茶]]}}\n"
    )
    lexicon = sealed(tmp_path / "b", {"grammar.yaml": text, "lexicon.yaml": "drink: {}\n"})
    found = {entry.form for entry in OrderGrammar.from_bundle(lexicon, OrderIntent).lexicon._entries}
    assert {"来", "点", "来一下", "点一下", "奶茶", "牛奶茶"} <= found


def test_every_drink_of_the_lexicon_can_be_ordered_by_name() -> None:
    from cascade.strict_yaml import parse

    lexicon = parse((SOURCE / "lexicon.yaml").read_text(encoding="utf-8"), "lexicon.yaml").data
    lost = []
    for name in lexicon["drink"]:
        parsed = grammar().parse(said(f"帮我点一杯{name}"))
        if not (parsed.complete and parsed.answer.items[0].drink == name) and parsed.reason != "tie":
            lost.append(name)
    assert lost == []
