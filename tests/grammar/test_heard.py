"""Orders that grammar and marks make together: what a mark vouches for, and what it cannot talk the grammar into."""

from __future__ import annotations

import pytest

from cascade.grammar import Heard, HeardParse
from grammar.kit import grammar, order, said


def hear(text: str, intent: str = "order_drink", **fields: str) -> HeardParse:
    """``fields`` maps a field (``fulfilment__address``) to the pieces it is said in, ``|`` between."""
    utterance = said(text)
    marks: list[Heard] = []
    for field, pieces in fields.items():
        at = 0
        for piece in pieces.split("|"):
            at = utterance.text.index(piece, at)
            marks.append(Heard(at, at + len(piece), field.replace("__", ".")))
            at += len(piece)
    return grammar().hear(utterance, intent, sorted(marks, key=lambda mark: mark.start))


class TestKeptAsSpoken:
    def test_a_wish_that_no_lexicon_knows(self) -> None:
        found = hear("来一杯适合减脂的奶茶", drink="奶茶", preferences="适合减脂")
        assert found.parse.answer == order({"drink": "奶茶"}, preferences=["适合减脂"])

    def test_an_address_and_a_time(self) -> None:
        found = hear(
            "一杯奶茶送到操场看台，明儿下午两点",
            drink="奶茶",
            fulfilment__mode="送到",
            fulfilment__address="操场看台",
            fulfilment__time="明儿下午两点",
        )
        where = {"mode": "delivery", "address": "操场看台", "time": "明儿下午两点"}
        assert found.parse.answer == order({"drink": "奶茶"}, fulfilment=where)

    def test_what_stands_at_the_edges_and_says_nothing_is_left_out(self) -> None:
        found = hear("来杯果茶，清爽解腻，少糖", drink="果茶", preferences=",清爽解腻", sugar="少糖")
        assert found.parse.answer == order({"drink": "果茶", "sugar": "less"}, preferences=["清爽解腻"])

    @pytest.mark.parametrize(
        ("text", "piece", "wish"),
        [
            ("刚才那单备注改成挂门把上", "改成挂门把上", "挂门把上"),
            ("来杯喝完不犯困的果茶", "喝完不犯困的", "喝完不犯困"),
        ],
    )
    def test_a_wish_begins_after_what_leads_to_it(self, text: str, piece: str, wish: str) -> None:
        assert wish in hear(text, "modify_order", preferences=piece).parse.answer.preferences

    @pytest.mark.parametrize(
        ("piece", "wish"),
        [
            ("放抽屉里", "放抽屉里"),
            ("放宿管那就行", "放宿管那就行"),
            ("不辣的那种", "不辣的那种"),
            ("奶油别化了", "奶油别化了"),
            ("健身完喝", "健身完喝"),
            ("别按门铃了", "别按门铃"),
            ("环保袋就行", "环保袋"),
            ("甜一点吧", "甜一点"),
        ],
    )
    def test_a_wish_ends_with_what_it_needs(self, piece: str, wish: str) -> None:
        found = hear(f"来杯果茶少糖{piece}", drink="果茶", sugar="少糖", preferences=piece)
        assert found.parse.answer.preferences == (wish,)

    def test_an_address_and_a_clause_beside_it_may_be_an_address_and_a_wish(self) -> None:
        place = "书画院,门口有石狮子"
        found = hear(
            "来杯果茶送书画院，门口有石狮子", drink="果茶", fulfilment__mode="送", fulfilment__address=place
        )
        assert found.unresolved

    @pytest.mark.parametrize("place", ["秋千那", "直播基地", "棚子里", "清吧"])
    def test_an_address_ends_with_what_looks_like_a_particle(self, place: str) -> None:
        found = hear(f"来杯豆浆送到{place}", drink="豆浆", fulfilment__mode="送到", fulfilment__address=place)
        assert found.parse.answer.fulfilment.address == place

    def test_an_address_does_not_end_with_a_particle(self) -> None:
        found = hear(
            "来杯豆浆送到李家吧", drink="豆浆", fulfilment__mode="送到", fulfilment__address="李家吧"
        )
        assert found.parse.answer.fulfilment.address == "李家"

    @pytest.mark.parametrize("place", ["地铁口", "网吧"])
    def test_an_address_is_a_whole_name(self, place: str) -> None:
        found = hear(f"来杯豆浆送到{place}", drink="豆浆", fulfilment__mode="送到", fulfilment__address=place)
        assert found.parse.answer.fulfilment.address == place

    @pytest.mark.parametrize(
        ("text", "piece", "place"),
        [
            ("给我老婆单位送一杯奶茶", "老婆单位", "我老婆单位"),
            ("来杯奶茶送到张老师那里", "张老师", "张老师那里"),
            ("来杯奶茶送到张老师那里", "张老师那里", "张老师那里"),
            ("送到篮球馆来一杯奶茶", "篮球馆来", "篮球馆"),
        ],
    )
    def test_an_address_ends_where_its_words_do(self, text: str, piece: str, place: str) -> None:
        answer = hear(text, drink="奶茶", fulfilment__address=piece).parse.answer
        assert answer.fulfilment.address == place
        assert [item.quantity for item in answer.items] == [1]

    @pytest.mark.parametrize(
        ("text", "field", "piece"),
        [
            ("周五deploy来杯奶茶", "fulfilment.time", "周五dep"),
            ("来杯奶茶送到公司或者家", "fulfilment.address", "公司或者家"),
            ("来杯奶茶20块的", "preferences", "20块"),
            ("25点来杯奶茶", "fulfilment.time", "25点"),
            ("3点20杯奶茶", "fulfilment.time", "3点"),
        ],
    )
    def test_what_is_more_or_less_than_one_value(self, text: str, field: str, piece: str) -> None:
        assert hear(text, drink="奶茶", **{field: piece}).unresolved

    @pytest.mark.parametrize(
        ("drink", "toppings"), [("奶茶", ["芋圆"]), ("芋圆奶茶", [])], ids=["added", "in its name"]
    )
    def test_more_of_a_part_adds_it(self, drink: str, toppings: list[str]) -> None:
        answer = hear(f"一杯{drink}，芋圆多来点", drink=drink, preferences="芋圆多来点").parse.answer
        assert answer.preferences == ("芋圆多来点",)
        assert list(answer.items[0].toppings) == toppings


class TestValues:
    def test_chatter_with_a_forbidding_word_in_it_is_reported_and_passed_over(self) -> None:
        found = hear("嗓子不舒服，给我搞杯咖啡", drink="咖啡")
        assert found.parse.answer == order({"drink": "咖啡"})
        assert [guard.reason for guard in found.parse.guards] == ["negation"]

    @pytest.mark.parametrize(
        ("text", "marks", "replaced"),
        [
            ("我想把冰美式换成热拿铁", {"drink": "拿铁", "temperature": "热"}, {"冰", "美式"}),
            ("刚刚说少糖，现在改成不加糖", {"sugar": "不加糖"}, {"少糖"}),
            ("改成去冰，刚才点成多冰了", {"temperature": "去冰"}, set()),
            ("珍珠奶茶，拿铁那杯换成美式", {"drink": "美式"}, {"拿铁"}),
            ("奶茶，果茶改去冰", {"drink": "果茶", "temperature": "去冰"}, set()),
        ],
    )
    def test_what_a_change_begins_with_gives_way(
        self, text: str, marks: dict[str, str], replaced: set[str]
    ) -> None:
        found = hear(text, "modify_order", **marks)
        words = {start: found.parse.text[start:end] for start, end, _ in found.dropped}
        assert {words[start] for start in found.replaced} == replaced

    def test_a_name_that_no_mark_claims_is_reported(self) -> None:
        found = hear("朋友都在喝奶茶，我来杯果茶", drink="果茶")
        assert found.parse.answer == order({"drink": "果茶"})
        assert [role for _, _, role in found.dropped] == ["head"]

    @pytest.mark.parametrize(
        ("text", "field", "piece"),
        [
            ("来杯奶茶", "sugar", "奶茶"),
            ("来杯啥啥啥", "drink", "啥啥啥"),
            ("奶茶,冰要去", "temperature", "冰要去"),
        ],
    )
    def test_a_mark_that_the_lexicon_does_not_bear_out(self, text: str, field: str, piece: str) -> None:
        assert hear(text, **{field: piece}).unresolved

    @pytest.mark.parametrize("text", ["一杯奶茶不要珍珠", "一杯奶茶，珍珠不要了", "一杯奶茶，珍珠去掉"])
    def test_a_part_marked_as_added_where_the_words_leave_it_out(self, text: str) -> None:
        assert hear(text, drink="奶茶", toppings="珍珠").unresolved

    @pytest.mark.parametrize("text", ["珍珠加上", "珍珠要", "珍珠都要"])
    def test_a_part_marked_as_left_out_where_the_words_add_it(self, text: str) -> None:
        assert hear(f"一杯奶茶，{text}", drink="奶茶", without="珍珠").unresolved

    def test_twice_of_a_part_adds_it(self) -> None:
        answer = hear("进球了，加双份珍珠", "modify_order", preferences="双份珍珠").parse.answer
        assert answer.items[0].toppings == ("珍珠",)
        assert answer.preferences == ("双份珍珠",)

    def test_a_place_keeps_the_end_of_its_name(self) -> None:
        found = hear("收货地址改成云锦里", "modify_order", fulfilment__address="云锦里")
        assert found.parse.answer.fulfilment.address == "云锦里"

    def test_a_value_named_to_be_rejected(self) -> None:
        found = hear("不想要热的，来杯冰的柠檬茶", drink="柠檬茶", temperature="热的|冰的")
        assert found.parse.answer == order({"drink": "柠檬茶", "temperature": "regular_ice"})

    def test_two_values_are_no_order(self) -> None:
        found = hear("一杯奶茶，半糖全糖", drink="奶茶", sugar="半糖|全糖")
        assert found.parse.answer is None
        assert found.parse.reason == "conflict"

    @pytest.mark.parametrize(
        ("text", "field", "piece", "value"),
        [
            ("来杯生耶拿铁", "drink", "生耶拿铁", "生椰拿铁"),
            ("股茗来一杯", "brand", "股茗", "古茗"),
            ("来一杯去病", "temperature", "去病", "no_ice"),
        ],
    )
    def test_a_name_is_known_by_its_sound(self, text: str, field: str, piece: str, value: str) -> None:
        found = hear(text, **{field: piece})
        assert not found.unresolved
        assert getattr(found.parse.answer.items[0], field) == value


class TestChanges:
    @pytest.mark.parametrize(
        ("text", "marks", "item"),
        [
            (
                "我那杯奶茶没做的话给我加个奶盖",
                {"drink": "奶茶", "toppings": "奶盖"},
                {"drink": "奶茶", "toppings": ["奶盖"]},
            ),
            ("两杯改成三杯吧", {}, {"quantity": 3}),
            ("数量改成6", {}, {"quantity": 6}),
            ("大杯换成小杯，喝不完", {"size": "小杯"}, {"size": "small"}),
            ("我不要大杯了，换中杯", {"size": "大杯|中杯"}, {"size": "medium"}),
        ],
    )
    def test_an_order_that_exists(self, text: str, marks: dict[str, str], item: dict[str, object]) -> None:
        assert hear(text, "modify_order", **marks).parse.answer == order(item, intent="modify_order")

    def test_two_items_that_change_are_not_one(self) -> None:
        found = hear(
            "珍珠奶茶改半糖，柠檬水改去冰",
            "modify_order",
            drink="珍珠奶茶|柠檬水",
            sugar="半糖",
            temperature="去冰",
        )
        answer = order(
            {"drink": "珍珠奶茶", "sugar": "half"},
            {"drink": "柠檬水", "temperature": "no_ice"},
            intent="modify_order",
        )
        assert found.parse.answer in (None, answer)

    @pytest.mark.parametrize(
        ("text", "marks"),
        [
            ("奶茶那杯改热的柠檬茶那杯改去冰", {"drink": "奶茶|柠檬茶", "temperature": "热的|去冰"}),
            ("刚点的两杯里那个柠檬水改热的", {"drink": "柠檬水", "temperature": "热的"}),
            ("不要少糖要多糖", {"sugar": "少糖|多糖"}),
        ],
    )
    def test_a_change_of_two_minds(self, text: str, marks: dict[str, str]) -> None:
        found = hear(text, "modify_order", **marks)
        assert found.parse.answer is None
        assert found.parse.reason == "tie"
