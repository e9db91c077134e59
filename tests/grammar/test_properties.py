"""What holds for every order and every text."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import any_text

from cascade.errors import InputRejected
from grammar.kit import bundle, grammar, order, parsed, said

# The first example opens the bundle, and a deadline measures the machine rather than the grammar.
calm = settings(deadline=None)

SUGARS = {"少糖": "less", "半糖": "half", "无糖": "none", "全糖": "regular", "三分糖": "light"}
ICES = {"去冰": "no_ice", "少冰": "less_ice", "热的": "hot", "常温": "room"}
SIZES = {"大杯": "large", "中杯": "medium", "小杯": "small"}
DRINKS = ("奶茶", "珍珠奶茶", "果茶", "拿铁", "杨枝甘露", "伯牙绝弦", "柠檬水")
NUMBERS = {"一": 1, "两": 2, "三": 3, "5": 5, "十二": 12, "20": 20}
STRANGE = "锟"

Item = tuple[str, dict[str, Any]]


@st.composite
def items(draw: st.DrawFn, *, drink: str | None = None) -> Item:
    """An item as it is said, quantity first, and as it must be understood."""
    name = drink or draw(st.sampled_from(DRINKS))
    said_number = draw(st.sampled_from(sorted(NUMBERS)))
    fields: dict[str, Any] = {"drink": name, "quantity": NUMBERS[said_number]}
    said_values: list[str] = []
    for field, values in (("sugar", SUGARS), ("temperature", ICES), ("size", SIZES)):
        form = draw(st.none() | st.sampled_from(sorted(values)))
        if form is not None:
            fields[field] = values[form]
            said_values.append(form)
    cut = draw(st.integers(0, len(said_values)))
    before = "".join(form if form.endswith("的") else form + "的" for form in said_values[:cut])
    text = f"{said_number}杯{before}{name}{''.join(said_values[cut:])}"
    if draw(st.booleans()):
        fields["toppings"] = ["椰果"]
        text += "加椰果"
    return text, fields


@calm
@given(
    items(),
    st.sampled_from(["", "来", "帮我点", "千问，我要", "能不能帮我点"]),
    st.sampled_from(["", "，用券"]),
)
def test_an_item_said_is_the_item_understood(item: Item, verb: str, tail: str) -> None:
    text, fields = item
    parse = parsed(verb + text + tail)
    assert parse.complete, parse
    assert parse.answer == order(fields, use_coupon=bool(tail))


@calm
@given(
    st.lists(st.sampled_from(DRINKS), min_size=2, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(*(items(drink=name) for name in names))
    ),
    st.sampled_from(["，", "和", "，还有", "，再来", ""]),
)
def test_items_keep_apart_what_was_said_of_each(said_items: tuple[Item, ...], link: str) -> None:
    parse = parsed("来" + link.join(text for text, _ in said_items))
    total_of_rest = sum(fields["quantity"] for _, fields in said_items[1:])
    if len(said_items) > 2 and said_items[0][1]["quantity"] == total_of_rest:
        return  # 六杯咖啡，三杯美式三杯拿铁 may be six cups or twelve
    if any(
        fields["quantity"] == sum(other["quantity"] for _, other in said_items[at + 1 :])
        for at, (_, fields) in enumerate(said_items[: len(said_items) - 2])
    ):
        return
    assert parse.complete, parse
    assert parse.answer == order(*(fields for _, fields in said_items))


@calm
@given(items(), st.data())
def test_one_strange_character_anywhere_leaves_no_whole_order(item: Item, data: st.DataObject) -> None:
    text = "帮我点" + item[0]
    at = data.draw(st.integers(0, len(text)))
    parse = parsed(text[:at] + STRANGE + text[at:])
    assert not parse.complete
    assert any(STRANGE in span.text for span in parse.uncovered_spans(said(text[:at] + STRANGE + text[at:])))


@calm
@given(items(), st.sampled_from(["别", "不要", "昨天", "如果", "怎么", "他说", "没", "谁"]))
def test_a_guard_before_an_order_leaves_nothing_of_it(item: Item, guard: str) -> None:
    parse = parsed(f"{guard}帮我点{item[0]}")
    assert (parse.complete, parse.answer) == (False, None)
    assert parse.guards


@st.composite
def word_salad(draw: st.DrawFn) -> str:
    """Words that the grammar knows, in no order."""
    words = [
        entry.form for entry in grammar().lexicon._entries[:: draw(st.integers(1, 97))] if entry.form.strip()
    ]
    frequent = [
        "一",
        "两",
        "杯",
        "奶茶",
        "果茶",
        "少糖",
        "热",
        "和",
        "都",
        "各",
        "另",
        "其中",
        "加",
        "珍珠",
        "不要",
        "，",
        "来",
        "改成",
    ]
    return "".join(
        draw(st.lists(st.sampled_from(frequent) | st.sampled_from(words), min_size=1, max_size=14))
    )


@settings(max_examples=400, deadline=None)
@given(st.one_of(word_salad(), any_text()))
def test_any_text_is_parsed_and_a_whole_order_covers_every_character(raw: str) -> None:
    try:
        utterance = said(raw)
    except InputRejected:
        return
    for intent in (None, "order_drink", "modify_order"):
        parse = grammar().parse(utterance, intent)
        assert parse.complete == (parse.reason == "")
        assert parse.intent in bundle().intents
        assert all(0 <= start < end <= len(utterance.text) for start, end in parse.uncovered)
        assert all(a[1] <= b[0] for a, b in zip(parse.uncovered, parse.uncovered[1:], strict=False))
        if parse.complete:
            assert parse.answer is not None
            assert not parse.uncovered
            assert not parse.guards
            assert all(1 <= item.quantity <= 99 for item in parse.answer.items)
            assert grammar().check(utterance, parse.answer) == ()
        if parse.guards:
            assert parse.answer is None
