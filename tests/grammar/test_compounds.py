"""Names that no menu was read for: a flavour and a kind of drink."""

from pathlib import Path

import pytest

from cascade.grammar import OrderGrammar
from cascade.grammar.hearing import Heard
from cascade.orders import OrderIntent
from grammar.kit import SOURCE, grammar, order, parsed, said, sealed


@pytest.mark.parametrize(
    ("text", "drink", "rest"),
    [
        ("来杯玉米奶茶", "玉米奶茶", {}),
        ("一杯竹蔗茅根水啦", "竹蔗茅根水", {}),
        ("来两杯香蕉味的奶昔", "香蕉奶昔", {"quantity": 2}),
        ("来两杯香蕉味奶昔", "香蕉奶昔", {"quantity": 2}),
        ("要个无花果奶昔，少糖", "无花果奶昔", {"sugar": "less"}),
        ("帮我点一杯胡萝卜苹果汁", "胡萝卜苹果汁", {}),
        ("来杯立枝冰茶", "荔枝冰茶", {}),
    ],
)
def test_a_flavour_and_a_kind_are_one_name(text: str, drink: str, rest: dict[str, object]) -> None:
    assert parsed(text).answer == order({"drink": drink, **rest})


@pytest.mark.parametrize(
    "text",
    ["来杯玉米", "苹果店来杯好的", "来杯玉米汁店", "苹果、奶茶", "樱花路茶楼", "来杯好奶茶"],
)
def test_a_flavour_alone_is_no_word(text: str) -> None:
    assert not any("modifier" in entry.kind for entry, _, _ in grammar().lexicon.scan(said(text).text))
    parse = parsed(text)
    assert parse.answer is None or not parse.complete or parse.answer == order({"drink": "奶茶"})


@pytest.mark.parametrize(
    ("text", "words"), [("我吃玉米了", ["我", "吃玉米", "了"]), ("玉米苹果店", ["玉米苹果店"])]
)
def test_what_makes_no_name_is_unknown_as_a_whole(text: str, words: list[str]) -> None:
    text = said(text).text
    assert [text[start:end] for _, start, end in grammar().lexicon.scan(text)] == words


@pytest.mark.parametrize("kind", ["果茶", "汁", "拿铁", "牛乳", "酸奶"])
def test_every_flavour_makes_one_name_and_nothing_else(kind: str) -> None:
    flavours = [entry.form for entry in grammar().lexicon.entries if entry.kind == "modifier"]
    assert len(flavours) > 400
    for flavour in flavours:
        parse = parsed(f"来一杯{flavour}{kind}少糖")
        assert parse.complete
        assert parse.answer is not None
        (item,) = parse.answer.items
        assert item.drink is not None
        assert parse.answer == order({"drink": item.drink, "sugar": "less"})


def test_a_name_of_the_lexicon_is_not_taken_apart() -> None:
    assert parsed("来杯柠檬养乐多").answer == order({"drink": "柠檬养乐多"})
    assert parsed("来杯橙子茶").answer == order({"drink": "鲜橙茶"})


@pytest.mark.parametrize(
    ("name", "text", "drink"),
    [("芋圆椰奶", "来杯芋圆椰奶", "芋圆椰奶"), ("龙井鲜奶茶", "龙井鲜奶茶一杯", "龙井鲜奶茶")],
)
def test_what_is_marked_as_one_name_may_begin_with_a_part_or_a_name(name: str, text: str, drink: str) -> None:
    start = text.index(name)
    found = grammar().hear(said(text), "order_drink", [Heard(start, start + len(name), "drink")])
    assert not found.unresolved
    assert found.parse.answer == order({"drink": drink})


@pytest.mark.parametrize(
    "name", ["奶茶果茶", "美式拿铁", "加奶茶", "珍珠 奶茶", "那杯奶茶", "红斗牛乳", "百合羹"]
)
def test_two_kinds_or_other_words_are_no_name(name: str) -> None:
    assert grammar().lexicon.compound(name) is None


def test_a_pack_without_flavours_has_no_such_names(tmp_path: Path) -> None:
    lexicon = (SOURCE / "lexicon.yaml").read_text(encoding="utf-8").split("\nflavour:")[0] + "\n"
    plain = OrderGrammar.from_bundle(sealed(tmp_path, {"lexicon.yaml": lexicon}), OrderIntent)
    assert plain.parse(said("来杯玉米奶茶")).uncovered
