"""What is said of a value and does not stand: taken back, denied, excepted, told, counted or likened."""

from typing import Any

import pytest
from classifier_kit import Scripted, copied

from cascade.bundle import Bundle
from cascade.result import Proposal


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Scripted:
    return Scripted(Bundle.open(copied(tmp_path_factory.mktemp("bundles") / "tea")))


def completed(scripted: Scripted, text: str, intent: str, fields: dict[str, Any]) -> bool:
    outcome = scripted.propose(text, intent, **fields)
    return isinstance(outcome, Proposal) and outcome.complete


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("去冰，不去了，奶茶一杯", {"temperature": "去冰", "drink": "奶茶"}),
        ("不要珍珠，还是要吧，奶茶一杯", {"without": "珍珠", "drink": "奶茶"}),
        ("不加珍珠，加了吧，奶茶就这样", {"without": "珍珠", "drink": "奶茶"}),
        ("别备注少糖，奶茶一杯", {"sugar": "少糖", "drink": "奶茶"}),
        ("别那个少糖，奶茶一杯", {"sugar": "少糖", "drink": "奶茶"}),
        ("别把少糖弄成多糖，来杯奶茶", {"sugar": "多糖", "drink": "奶茶"}),
        ("除了我都少糖，三杯奶茶", {"sugar": "少糖", "drink": "奶茶"}),
        ("三杯美式，除了小王都去冰", {"temperature": "去冰", "drink": "美式"}),
        ("五杯都不一样，奶茶半糖", {"sugar": "半糖", "drink": "奶茶"}),
        ("一份珍珠一份椰果，奶青", {"toppings": "珍珠|椰果", "drink": "奶青"}),
        ("奶茶和果茶一样少糖", {"sugar": "少糖", "drink": "奶茶|果茶"}),
        ("给升大杯就来，摩卡一杯", {"size": "大杯", "drink": "摩卡"}),
        ("很少糖的摩卡一杯", {"sugar": "少糖", "drink": "摩卡"}),
        ("摩卡无须少糖", {"sugar": "少糖", "drink": "摩卡"}),
        ("我和我妈都来两杯摩卡", {"drink": "摩卡"}),
        ("全班都要一杯摩卡", {"drink": "摩卡"}),
        ("摩卡珍珠别放那么多", {"without": "珍珠", "drink": "摩卡"}),
        ("最少三分糖，摩卡一杯", {"sugar": "三分糖", "drink": "摩卡"}),
        ("不能超过五分糖，摩卡", {"sugar": "五分糖", "drink": "摩卡"}),
        ("摩卡至少要中杯", {"size": "中杯", "drink": "摩卡"}),
        ("半糖以下的摩卡一杯", {"sugar": "半糖", "drink": "摩卡"}),
        ("最多来两杯摩卡", {"drink": "摩卡"}),
        ("两杯以上摩卡", {"drink": "摩卡"}),
        ("无糖主义者来杯摩卡", {"sugar": "无糖", "drink": "摩卡"}),
        ("少冰星人，摩卡来一杯", {"temperature": "少冰", "drink": "摩卡"}),
        ("三杯摩卡，最后那杯去冰", {"temperature": "去冰", "drink": "摩卡", "preferences": "最后那杯"}),
        ("来杯摩卡，朋友那杯也少糖", {"sugar": "少糖", "drink": "摩卡", "preferences": "朋友那杯"}),
        ("摩卡一杯糖：少冰：去", {"temperature": "少冰", "drink": "摩卡"}),
    ],
)
def test_nothing_is_ordered_with_what_does_not_stand(
    scripted: Scripted, text: str, fields: dict[str, str]
) -> None:
    assert not completed(scripted, text, "order_drink", fields)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("珍珠，加上吧，奶茶一杯呀呀", {"toppings": "珍珠", "drink": "奶茶"}),
        ("别急，少糖，奶茶一杯", {"sugar": "少糖", "drink": "奶茶"}),
        ("奶茶加一份珍珠一份椰果，嘎嘎", {"toppings": "珍珠|椰果", "drink": "奶茶"}),
    ],
)
def test_what_is_only_said_again_or_added_stands(
    scripted: Scripted, text: str, fields: dict[str, str]
) -> None:
    assert completed(scripted, text, "order_drink", fields)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("不要去掉珍珠", {"without": "珍珠"}),
        ("别不要布丁啊，那杯", {"without": "布丁"}),
        ("我没要去掉珍珠", {"without": "珍珠"}),
        ("别换椰果，那杯", {"without": "椰果"}),
        ("糖不用改，那杯", {"sugar": "糖不用"}),
        ("那杯换成奶绿了吧", {"drink": "奶绿"}),
        ("那杯加珍珠了吧", {"toppings": "珍珠"}),
        ("把那杯换成奶绿了吧，少糖", {"drink": "奶绿", "sugar": "少糖"}),
        ("再来一杯奶茶，刚才那杯改少糖", {"sugar": "少糖", "drink": "奶茶"}),
        ("再来杯无糖的，那杯也无糖", {"sugar": "无糖的|也无糖"}),
        ("把第一杯少糖和第二杯去冰对调", {"sugar": "少糖", "temperature": "去冰"}),
        ("把少糖改了", {"sugar": "少糖"}),
        ("把那杯少糖改一下", {"sugar": "少糖"}),
        ("把奶茶换了吧", {"drink": "奶茶"}),
        ("奶茶换一下", {"drink": "奶茶"}),
        ("那杯奶茶换一下吧", {"drink": "奶茶"}),
        ("改掉少糖", {"sugar": "少糖"}),
        ("换掉珍珠，那杯", {"toppings": "珍珠"}),
        ("奶茶改成和果茶一样少糖", {"sugar": "少糖", "drink": "奶茶|果茶"}),
        ("加珍珠两份", {"toppings": "珍珠"}),
        ("加料换一下：布丁→椰果", {"toppings": "布丁|椰果"}),
        ("去两杯", {}),
        ("那单去两杯", {}),
        ("撤两杯", {}),
        ("改成比少糖再少一档", {"sugar": "少糖"}),
        ("那杯珍珠不要那么多", {"without": "珍珠"}),
        ("去掉椰果留珍珠", {"without": "椰果|珍珠"}),
    ],
)
def test_nothing_changes_to_what_does_not_stand(
    scripted: Scripted, text: str, fields: dict[str, str]
) -> None:
    assert not completed(scripted, text, "modify_order", fields)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("再加一份红豆一份椰果，嘎嘎", {"toppings": "红豆|椰果"}),
        ("算了加珍珠吧，那杯", {"toppings": "珍珠"}),
        ("珍珠，去掉，那杯", {"without": "珍珠"}),
        ("糖不用，那杯呀呀", {"sugar": "糖不用"}),
        ("把小杯给换了，换超大杯", {"size": "超大杯"}),
    ],
)
def test_a_change_that_stands_is_made(scripted: Scripted, text: str, fields: dict[str, str]) -> None:
    assert completed(scripted, text, "modify_order", fields)
