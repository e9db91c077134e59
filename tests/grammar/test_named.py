"""Lists of the grammar that are written once and named elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import RootModel

from cascade.bundle import validated
from cascade.errors import BundleCorrupt
from cascade.grammar.forms import Forms
from cascade.grammar.named import written_out
from cascade.strict_yaml import Document, parse
from grammar.kit import bundle


class _Words(RootModel[Mapping[str, Forms]]):
    """Classes of words."""


def written(text: str) -> Any:
    return written_out(parse(text, "grammar.yaml")).data


def test_a_name_among_words_adds_the_words_of_its_list() -> None:
    assert written("lists: {drinks: [奶茶, [[热, 冰], [茶]]]}\nwords: {order: [水, $drinks, 汁]}") == {
        "words": {"order": ["水", "奶茶", [["热", "冰"], ["茶"]], "汁"]}
    }


def test_a_name_as_a_place_of_a_combination_is_that_place() -> None:
    assert written("lists: {verbs: [点, 买]}\nwords: [[[刚, 才], $verbs, 的]]") == {
        "words": [[["刚", "才"], ["点", "买"], "的"]]
    }


def test_a_name_among_the_alternatives_of_a_place_adds_to_them() -> None:
    assert written("lists: {verbs: [点, 买]}\nwords: [[[$verbs, 订], [的]]]") == {
        "words": [[["点", "买", "订"], ["的"]]]
    }


def test_a_list_may_name_one_above_it() -> None:
    assert written("lists: {soon: [刚], earlier: [$soon, 才]}\nwords: {past: [$earlier]}") == {
        "words": {"past": ["刚", "才"]}
    }


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("lists: {a: [x]}\nwords:\n  past: [$a]\n  more: [$b]\n", 4, r"\$b"),
        ("lists:\n  b: [$a]\n  a: [x]\nwords: [$a, $b]\n", 2, r"\$a"),  # named before it is there
        ("lists:\n  a: [x]\n  b: [y]\nwords: [$a]\n", 3, r"nothing names the list \$b"),
        ("lists: [x]\nwords: []\n", 1, "by their names"),
        ("lists: {a: x}\nwords: [$a]\n", 1, "by their names"),
    ],
)
def test_a_name_or_a_list_that_leads_nowhere_is_an_error_of_its_line(text: str, line: int, says: str) -> None:
    with pytest.raises(BundleCorrupt, match=says) as caught:
        written(text)
    assert (caught.value.file, caught.value.line) == ("grammar.yaml", line)


def test_lists_of_lists_do_not_grow_without_bound() -> None:
    names = "abcdefghij"
    levels = "".join(f"  {name}: [{', '.join(['$' + before] * 9)}]\n" for before, name in pairwise(names))
    with pytest.raises(BundleCorrupt, match="more than") as caught:
        written(f"lists:\n  a: [{', '.join(['奶茶'] * 9)}]\n{levels}words: [$j]\n")
    assert caught.value.line is not None


def test_a_list_of_words_is_spelled_out_to_so_many_and_no_more() -> None:
    digits = ", ".join("一二三四五六七八九十")
    combination = f"[[{digits}], [{digits}], [{digits}], [{digits}]]"  # ten thousand
    words = f"{{polite: [{', '.join([combination] * 3)}]}}"
    with pytest.raises(BundleCorrupt, match="more than"):
        validated(_Words, parse(words, "grammar.yaml"))


def test_a_document_without_lists_is_left_as_it_is() -> None:
    document = parse("words: [一, [[二], [三]]]\n", "grammar.yaml")
    assert written_out(document) is document


plain = st.recursive(
    st.text("一二三四", max_size=3) | st.integers(0, 9) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(plain, st.lists(st.text("一二三四", min_size=1, max_size=3), max_size=4))
def test_what_names_no_list_stays_as_it_is(value: Any, words: list[str]) -> None:
    data = {"lists": {"a": words}, "words": ["$a"], "rest": value}
    assert written_out(Document("grammar.yaml", data, {})).data == {"words": words, "rest": value}


def test_the_grammar_that_ships_writes_every_shared_list_once() -> None:
    document = bundle().yaml("grammar.yaml")
    seen: set[str] = set()
    for node in _combinations(document.data):
        text = str(node)
        assert text not in seen, text
        seen.add(text)


def _combinations(value: Any, depth: int = 0) -> list[Any]:
    """Combinations of more than two places that a file writes down."""
    if isinstance(value, dict):
        return [found for child in value.values() for found in _combinations(child)]
    if not isinstance(value, list):
        return []
    if depth == 1 and len(value) > 2:
        return [value]
    return [found for child in value for found in _combinations(child, depth + 1)]
