"""One spelling for one meaning, the way back to what was written, and no surprise whatever is written."""

import re
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import (
    LEADING_FILLERS,
    SEEDS,
    TRAILING_FILLERS,
    WAKE_WORDS,
    any_text,
    dressed_orders,
    hostile,
    not_text,
    orders,
    plain,
)

import cascade.text
from cascade._simplified import SIMPLIFIED, TRADITIONAL
from cascade.errors import ConfigurationError, InputRejected
from cascade.text import RAW_CHARS_PER_CHAR, Normalizer, Utterance

NORMALIZE = Normalizer(
    wake_words=WAKE_WORDS, leading_fillers=LEADING_FILLERS, trailing_fillers=TRAILING_FILLERS, max_chars=200
)
BARE = Normalizer()
NEVER = re.compile("(?!)")
some = settings(derandomize=True, database=None, deadline=None, max_examples=300)


def normalised(raw: str, normalizer: Normalizer = NORMALIZE) -> Utterance | str:
    """The utterance, or the reason why there is none; any other exception fails the test."""
    try:
        return normalizer(raw)
    except InputRejected as rejected:
        return rejected.reason


def slowly(raw: str, normalizer: Normalizer = NORMALIZE) -> Utterance | str:
    """The same without the shortcut for plain text."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cascade.text, "_PLAIN", NEVER)
        return normalised(raw, normalizer)


# What stands for what


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("帮我点杯奶茶", "帮我点杯奶茶"),
        ("Ｃｏｃｏ奶茶１杯，ＯＫ？", "coco奶茶1杯,ok?"),
        ("少糖；去冰：对（大杯）", "少糖;去冰:对(大杯)"),
        ("奶茶｡果茶､咖啡", "奶茶。果茶、咖啡"),
        ("“珍珠”「奶茶」‘大’——加冰～～好", '"珍珠""奶茶"\'大\'-加冰~好'),
        ("奶茶×２", "奶茶x2"),
        ("½杯①㎖", "1⁄2杯1ml"),
        ("珍珠奶茶İ", "珍珠奶茶i\u0307"),
        ("H\u0331", "ẖ"),
        ("\u1112\u1161\u11ab", "한"),
        ("樂", "乐"),
        ("幫我點一杯熱檸檬紅茶,謝謝您", "帮我点一杯热柠檬红茶,谢谢您"),
        ("糭子放枱上", "粽子放台上"),
    ],
)
def test_one_spelling(raw: str, text: str) -> None:
    assert BARE(raw).text == text


@pytest.mark.parametrize(
    "text", ["1.5升", "50%糖", "3分糖", "20块", "15.80元", "1..5", "0.5", "来...2杯", "10:30送到", "2-3杯"]
)
def test_numbers_survive(text: str) -> None:
    assert BARE(text).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("快点！！！奶茶", "快点!奶茶"),
        ("那个……奶茶", "那个.奶茶"),
        ("奶茶??", "奶茶?"),
        ("奶茶?!", "奶茶?"),
        ("哈哈哈", "哈哈哈"),
        ("，。奶茶。。！", "奶茶"),
        ("好 ， 奶茶", "好,奶茶"),
        ("1, 2", "1,2"),
        ("1. 5", "1. 5"),
        ("…5杯", "...5杯"),
    ],
)
def test_punctuation(raw: str, text: str) -> None:
    assert BARE(raw).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("帮 我 点 一 杯 奶 茶", "帮我点一杯奶茶"),
        ("来杯 coco 奶茶 2 杯", "来杯coco奶茶2杯"),
        ("one  milk\ttea\nplease", "one milk tea please"),
        ("3 5", "3 5"),
        ("\u3000奶茶\u00a0\u2028", "奶茶"),
    ],
)
def test_spaces(raw: str, text: str) -> None:
    assert BARE(raw).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("来杯奶茶😋❤️✨👍🏽🙏", "来杯奶茶"),
        ("来杯😋奶茶", "来杯奶茶"),
        ("要2😀3", "要2 3"),
        ("奶茶🙅‍♀️", "奶茶🙅"),
        ("👎奶茶🚫❌⛔", "👎奶茶🚫❌⛔"),
        ("🈲糖", "禁糖"),
        ("来杯🧋加🧊", "来杯🧋加🧊"),
        ("☕️🍵🥤🍋", "☕🍵🥤🍋"),
        ("奶茶🥶", "奶茶🥶"),
        ("1️⃣杯❓", "1杯?"),
        ("👍", "👍"),
        ("👍🏽！！", "👍"),
        ("😂😋", "😋"),
    ],
)
def test_emoji_that_speak_stay_and_decoration_goes(raw: str, text: str) -> None:
    assert BARE(raw).text == text


@pytest.mark.parametrize("code", [0x200B, 0x202E, 0, 0xD83D, 0xDCFF, 0xFEFF, 0xFE0F, 0x1B, 0xE0041])
def test_invisible_characters_hide_nothing(code: int) -> None:
    assert BARE(f"别{chr(code)}帮我点2{chr(code)}3杯").text == "别帮我点23杯"


@pytest.mark.parametrize(
    ("raw", "text", "wake"),
    [
        ("千问，帮我点杯奶茶", "帮我点杯奶茶", True),
        ("嘿，千問！千问 帮我点杯奶茶", "嘿,千问!千问帮我点杯奶茶", False),
        ("嘿千问、千问,千问 帮我点杯奶茶", "帮我点杯奶茶", True),
        ("Hey Qwen, milk tea", "milk tea", True),
        ("qwenty", "qwenty", False),
        ("嗯千问，奶茶", "奶茶", True),
        ("问千问", "问千问", False),
        ("奶茶千问", "奶茶千问", False),
    ],
)
def test_wake_words_come_off_the_front(raw: str, text: str, wake: bool) -> None:
    utterance = NORMALIZE(raw)
    assert (utterance.text, utterance.wake) == (text, wake)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("嗯……呃，来杯奶茶呗，谢谢啦～", "来杯奶茶"),
        ("来杯嗯奶茶谢谢你", "来杯嗯奶茶谢谢你"),
        ("那个，来杯奶茶", "来杯奶茶"),
        ("那个多少钱", "那个多少钱"),
        ("奶茶，好吧", "奶茶"),
        ("他说好吧", "他说好吧"),
        ("奶茶 THX", "奶茶"),
        ("the earthx", "the earthx"),
    ],
)
def test_fillers_come_off_the_edges(raw: str, text: str) -> None:
    assert NORMALIZE(raw).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("千问", "千问"),
        ("千问千问。", "千问"),
        ("谢谢", "谢谢"),
        ("嗯，谢谢！", "谢谢"),
        ("嗯嗯嗯", "嗯"),
        ("。。。", "。"),
        ("？", "?"),
    ],
)
def test_what_is_nothing_but_edges_keeps_a_piece(raw: str, text: str) -> None:
    utterance = NORMALIZE(raw)
    assert utterance.text == text
    assert utterance.wake == raw.startswith("千问")


def test_bundle_strings_are_no_patterns_and_any_spelling_of_them_will_do() -> None:
    normalize = Normalizer(wake_words=["小千(.*)", "ＨＩ", ""], trailing_fillers=["謝謝[!]"])
    assert normalize("小千(.*)奶茶谢谢[!]").text == "奶茶"
    assert normalize("小千问奶茶谢谢").text == "小千问奶茶谢谢"
    assert normalize("Hi 奶茶").text == "奶茶"


def test_the_longest_filler_is_tried_first() -> None:
    assert Normalizer(leading_fillers=["请", "请问"])("请问有奶茶吗").text == "有奶茶吗"


# What is rejected


@pytest.mark.parametrize("raw", ["", " ", "\n\t", "\u200b", "\ud83d", "\x00", "\ufe0f\u200d", "\u3000", "🏽"])
def test_nothing_visible_is_empty(raw: str) -> None:
    assert normalised(raw) == "empty"


@some
@given(not_text())
def test_what_is_no_text_is_rejected_as_such(raw: object) -> None:
    with pytest.raises(InputRejected) as rejected:
        BARE(raw)
    assert rejected.value.reason == "not_text"


class Pretender:
    """Runs code of its own when it is asked what it is."""

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        raise RuntimeError("asked")


class Shouting(str):
    """A ``str`` that overrides what normalisation uses."""

    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("asked")

    def __len__(self) -> int:
        raise RuntimeError("asked")


def test_objects_run_no_code_of_their_own() -> None:
    with pytest.raises(InputRejected):
        BARE(Pretender())
    utterance = BARE(Shouting("奶茶"))
    assert (type(utterance.raw), utterance.raw, utterance.text) == (str, "奶茶", "奶茶")


def test_the_limit_is_on_normalised_text() -> None:
    normalize = Normalizer(wake_words=["千问"], max_chars=4)
    assert normalize("千问，好 好 好 好。").text == "好好好好"
    assert normalised("好好好好好", normalize) == "too_long"
    assert normalised("\ufdfa", normalize) == "too_long"


def test_the_raw_limit_counts_what_is_dropped_too() -> None:
    normalize = Normalizer(max_chars=4)
    padding = "\u200b" * (4 * RAW_CHARS_PER_CHAR - 1)
    assert normalize("好" + padding).text == "好"
    assert normalised("好好" + padding, normalize) == "too_long"


def test_a_huge_input_costs_nothing() -> None:
    huge = "奶" * 20_000_000
    started = time.perf_counter()
    assert normalised(huge) == "too_long"
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    "unit",
    [
        "。",
        ". ",
        ".",
        "嗯",
        "谢谢",
        "😀",
        " ",
        "! ",
        "\u0301",
        "\ufdfa",
        "\u0301\u0316",
        "a",
        "千问,",
        "那个,",
        "…5",
    ],
)
def test_no_input_takes_long(unit: str) -> None:
    raw = (unit * 3200)[:3199]
    for hostile_text in (raw, raw + "5", "x" + raw + "x"):
        started = time.perf_counter()
        normalised(hostile_text)
        assert time.perf_counter() - started < 0.5


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(ConfigurationError):
        Normalizer(max_chars=0)
    with pytest.raises(ConfigurationError):
        Normalizer(wake_words="千问")


# What holds for every text


@some
@given(any_text())
@example("薴")
@example("..5谢谢")
@example("那个,")
def test_normalising_twice_changes_nothing_more(raw: str) -> None:
    once = normalised(raw)
    if isinstance(once, Utterance):
        assert NORMALIZE(once.text).text == once.text


@some
@given(hostile(), st.lists(st.sampled_from([*SEEDS, ".", "5", "嗯嗯", "a", "a5", ",a", "5谢"])))
def test_normalising_twice_changes_nothing_more_with_any_lists(raw: str, words: list[str]) -> None:
    normalize = Normalizer(wake_words=words[::3], leading_fillers=words[1::3], trailing_fillers=words[2::3])
    once = normalised("".join(words[:8]) + raw + "".join(words[-8:]), normalize)
    if isinstance(once, Utterance):
        assert normalize(once.text).text == once.text


@some
@given(plain() | orders() | dressed_orders())
def test_the_shortcut_for_plain_text_changes_nothing(raw: str) -> None:
    quick, slow = normalised(raw), slowly(raw)
    assert quick == slow
    if isinstance(quick, Utterance) and isinstance(slow, Utterance):
        assert quick.wake == slow.wake
        assert quick.offsets == slow.offsets


def test_the_shortcut_agrees_on_every_character() -> None:
    for code in range(0x10000):
        char = chr(code)
        if cascade.text._PLAIN.fullmatch(mapped := char.translate(cascade.text._ONE_TO_ONE)):
            assert cascade.text._squeezed(char) == mapped, hex(code)


@some
@given(any_text())
def test_text_is_clean(raw: str) -> None:
    utterance = normalised(raw)
    if isinstance(utterance, str):
        assert utterance in {"empty", "too_long"}
        return
    text = utterance.text
    assert 0 < len(text) <= NORMALIZE.max_chars
    assert text == text.strip()
    assert "  " not in text
    assert unicodedata.is_normalized("NFKC", text)
    assert not set(TRADITIONAL) & set(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
    text.encode("utf-8")


@some
@given(any_text())
def test_offsets_lead_back(raw: str) -> None:
    utterance = normalised(raw)
    if isinstance(utterance, str):
        return
    text, offsets = utterance.text, utterance.offsets
    assert len(offsets) == len(text)
    assert all(0 <= start < end <= len(raw) for start, end in offsets)
    assert all(one[0] <= two[0] and one[1] <= two[1] for one, two in pairwise(offsets))
    for at, char in enumerate(text):
        assert char in {*cascade.text._squeezed(utterance.raw_text(at, at + 1)), " "}
    assert NORMALIZE(utterance.raw_text(0, len(text))).text == text


def test_spans() -> None:
    utterance = NORMALIZE("千问，幫我 點😋½杯奶茶！")
    assert utterance.text == "帮我点1⁄2杯奶茶"
    assert utterance.raw_text(0, 3) == "幫我 點"
    assert utterance.raw_text(3, 4) == utterance.raw_text(3, 6) == "½"
    assert utterance.raw_text(2, 7) == "點😋½杯"
    assert utterance.raw_span(0, 0) == (3, 3)
    assert utterance.raw_span(9, 9) == (12, 12)
    for start, end in [(-1, 2), (2, 1), (0, 10)]:
        with pytest.raises(IndexError):
            utterance.raw_span(start, end)


def test_offsets_of_text_that_only_lost_its_edges() -> None:
    utterance = NORMALIZE("千问，點奶茶")
    assert utterance.offsets == ((3, 4), (4, 5), (5, 6))
    assert utterance.raw_text(0, 1) == "點"


def test_the_decoration_that_speaks_has_an_offset() -> None:
    assert NORMALIZE("\u200b😂👍🏽!").raw_span(0, 1) == (2, 3)


def test_utterances_compare_by_raw_and_text_and_keep_notes() -> None:
    one, two = NORMALIZE("奶茶"), NORMALIZE("奶茶")
    one.memo["grammar"] = 1
    assert one == two
    assert hash(one) == hash(two)
    assert two.memo == {}
    assert one.memo is one.memo
    assert NORMALIZE("奶茶。") != one
    assert repr(one) == "Utterance(raw='奶茶', text='奶茶', wake=False)"


def test_the_generated_table_maps_once_and_for_all() -> None:
    assert len(TRADITIONAL) == len(SIMPLIFIED) == len(set(TRADITIONAL)) > 2900
    assert not set(TRADITIONAL) & set(SIMPLIFIED)
    assert all(unicodedata.normalize("NFKC", char) == char for char in TRADITIONAL + SIMPLIFIED)


def test_the_generated_table_agrees_with_opencc_on_orders() -> None:
    opencc = pytest.importorskip("opencc")
    convert = opencc.OpenCC("t2s").convert
    for text in (
        "幫我點一杯珍珠奶茶少糖去冰",
        "熱檸檬紅茶兩杯送到辦公室",
        "優惠券還剩幾張",
        "鮮奶蘋果綠茶換燕麥奶",
    ):
        assert BARE(text).text == convert(text)
