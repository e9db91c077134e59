"""YAML files of a bundle are read strictly, and errors point at the line."""

import pytest

from cascade.errors import BundleCorrupt
from cascade.strict_yaml import parse


def test_reads_plain_data_with_the_line_of_each_node() -> None:
    document = parse("a: 1\nb:\n  - x\n  - {c: true}\n", "f.yaml")
    assert document.data == {"a": 1, "b": ["x", {"c": True}]}
    assert document.line(("b", 1, "c")) == 4
    assert document.line(("b", 1, "missing")) == 4


@pytest.mark.parametrize("text", ["no", "yes", "on", "12:30", "0x1f", "1_000", "2026-02-06", "1e3", "010"])
def test_words_that_yaml_would_turn_into_something_else_stay_words(text: str) -> None:
    assert parse(f"k: {text}", "f.yaml").data == {"k": text}


def test_numbers_and_nothing() -> None:
    assert parse("{a: 0, b: -3, c: 0.25, d: null, e: ~, f: }", "f.yaml").data == {
        "a": 0,
        "b": -3,
        "c": 0.25,
        "d": None,
        "e": None,
        "f": None,
    }


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "stands twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "stands twice"),
        ("a: [1, 2\nb: 3\n", 2, "expected"),
        ("? [a]\n: 1\n", 1, "plain word"),
        ("a: !!python/object:os.system x\n", 1, "could not determine a constructor"),
    ],
)
def test_errors_name_file_and_line(text: str, line: int, message: str) -> None:
    with pytest.raises(BundleCorrupt, match=message) as caught:
        parse(text, "rules.yaml")
    assert (caught.value.file, caught.value.line) == ("rules.yaml", line)


def test_deep_nesting_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(BundleCorrupt):
        parse("[" * 20_000, "deep.yaml")


def test_an_alias_bomb_stays_small() -> None:
    text = "a: &a [x, x]\n" + "".join(f"{chr(98 + i)}: [*{'a'}, *{'a'}]\n" for i in range(5))
    with pytest.raises(BundleCorrupt, match="alias"):
        parse(text, "bomb.yaml")
