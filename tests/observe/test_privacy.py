"""Personal data goes before anything is kept, what is no personal data stays, and scrubbing twice changes nothing."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import any_text

from cascade.errors import ConfigurationError
from cascade.observe.privacy import Scrubber
from cascade.observe.privacy_fold import Folded
from cascade.observe.privacy_numbers import is_card_number, is_id_number
from cascade.observe.privacy_rules import RULES, may_match

DATA = Path(__file__).parents[2] / "data"
SCRUB = Scrubber()

PERSONAL = [
    ("打13800138000找我", "打<phone>找我"),
    ("打138-0013-8000找我", "打<phone>找我"),
    ("打１３８ ００１３ ８０００找我", "打<phone>找我"),
    ("打𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎找我", "打<phone>找我"),
    ("打1\u200b3800138000找我", "打<phone>找我"),
    ("打+86 138 0013 8000", "打+<phone>"),
    ("打幺三八零零幺三八零零零", "打<phone>"),
    ("打一三八洞洞妖三八〇〇〇", "打<phone>"),
    ("手机号138****8000", "手机号<phone>"),
    ("电话88886666", "电话<phone>"),
    ("座机0571-88886666", "座机<phone>"),
    ("订单尾号8862的", "订单尾号<number>的"),
    ("买2 13812345678 3杯", "买2 <phone> 3杯"),
    ("13812345678 13912345678", "<phone> <phone>"),
    ("身份证11010519491231002X", "身份证<id>"),
    ("身份证 110105 19491231 002x", "身份证 <id>"),
    ("卡6222 0212 3456 7890 128刷", "卡<card>刷"),
    ("单号202611110001", "单号<number>"),
    ("发到li.ming+tea@example.com.cn谢谢", "发到<email>谢谢"),
    ("liming艾特qq点com", "<email>"),
    ("微信号：milk_tea88", "微信号：<wechat>"),
    ("加v abc_123好吗", "加v <wechat>好吗"),
    ("加vabc_123好吗", "加v<wechat>好吗"),
    ("VX:LiMing2026", "VX:<wechat>"),
    ("wxid_9abc123def", "<wechat>"),
    ("微信是88886666", "微信是<wechat>"),
    ("QQ号是12345678", "QQ号是<qq>"),
    ("车牌沪A·12345", "车牌<plate>"),
    ("车是粤bd12345", "车是<plate>"),
    ("送到建国路88号", "送到<address>"),
    ("送到旺角彌敦道610號", "送到<address>"),
    ("送幸福小区6栋2单元", "送<address>"),
    ("送到三号楼602", "送到<address>"),
    ("送到北京市朝阳区望京街道", "送到北京市朝阳区望京街道"),
    ("送到北京市朝阳区建国路", "送到<address>"),
    ("锦绣花园二期3栋1单元，要快", "<address>，要快"),
    ("1203室", "<address>"),
    ("我叫张伟帮我点杯奶茶", "我叫<name>帮我点杯奶茶"),
    ("我叫歐陽娜娜", "我叫<name>"),
    ("收件人：李小明，大杯", "收件人：<name>，大杯"),
    ("收货人王女士", "收货人<name>"),
    ("姓名 Tom Chan", "姓名 <name>"),
    ("验证码是482913", "验证码是<code>"),
]

INNOCENT = [
    "收货人那写前台代收改下午两点",
    "送到公司楼下",
    "送到图书馆门口，静安寺地铁站2号口",
    "万达店三楼，2号窗口，5号桌",
    "教学楼B栋一楼自提柜",
    "16号楼",
    "我叫了一杯奶茶",
    "我叫高德打车",
    "我叫外卖到家",
    "霸王茶姬先来一杯",
    "两杯，一杯半糖一杯全糖，20块以内",
    "给我下100000杯奶茶",
    "1 2 3 4 5 6 7 8 9",
    "2026年11月11日12:30",
    "新coco12块",
    "微信支付",
    "客服电话多少",
    "打12315",
    "QQ糖奶茶",
    "知道3号线怎么走吗",
    "超市路口那家",
    "券码在哪",
    "<phone>",
]


@pytest.mark.parametrize(("text", "scrubbed"), PERSONAL)
def test_personal_data_becomes_a_placeholder(text: str, scrubbed: str) -> None:
    assert SCRUB(text) == scrubbed


@pytest.mark.parametrize("text", INNOCENT)
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert SCRUB(text) == text


def test_few_of_the_labelled_utterances_are_touched() -> None:
    texts = [
        line.split("\t")[0]
        for file in sorted((DATA / "train").glob("*.tsv"))
        for line in file.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    touched = [text for text in texts if SCRUB(text) != text]
    assert len(texts) > 1000
    assert all(
        any(char in text for char in "0123456789０一二三四五六七八九十名女先姐座栋") for text in touched
    )
    assert len(touched) / len(texts) < 0.01  # nearly all of them do name a door, a phone or a code


def _with_check_digit(first: str) -> str:
    return next(first + str(last) for last in range(10) if is_card_number(first + str(last)))


fragments = st.one_of(
    st.sampled_from([text for text, _ in PERSONAL] + INNOCENT),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.from_regex(r"[0-9]{15,18}", fullmatch=True).map(_with_check_digit),
    st.sampled_from("幺三八零 -.·3号路栋室市区我叫张李伟@a.x<>phone先生女士微信vx尾号"),
    st.text("0123456789 -零幺一二三市区路号栋单元室小花园张王李先生我叫<>phone@.ab", max_size=12),
)


@given(st.lists(fragments, max_size=6).map("".join) | any_text())
def test_scrubbing_twice_changes_nothing_more(text: str) -> None:
    once = SCRUB(text)
    assert SCRUB(once) == once
    once.encode()


@given(st.lists(fragments, max_size=6).map("".join))
def test_pieces_are_in_order_inside_the_text_and_the_rest_is_as_typed(text: str) -> None:
    scrubbed = SCRUB.scrub(text)
    at, rebuilt = 0, ""
    for piece in scrubbed.found:
        assert at <= piece.start < piece.end <= len(text)
        rebuilt += text[at : piece.start] + piece.placeholder
        at = piece.end
    assert rebuilt + text[at:] == scrubbed.text


@given(st.lists(fragments, max_size=6).map("".join), st.data())
def test_a_slice_never_shows_part_of_a_piece(text: str, data: st.DataObject) -> None:
    scrubbed = SCRUB.scrub(text)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    hidden = {at for piece in scrubbed.found for at in range(piece.start, piece.end)}
    shown = "".join(text[at] for at in range(start, end) if at not in hidden)
    slice_ = scrubbed.slice(start, end)
    for piece in scrubbed.found:
        if piece.start < end and piece.end > start:
            slice_ = slice_.replace(piece.placeholder, "", 1)
    assert slice_ == shown


@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", " ", "-", "—", ".", "\u200b", "、"]),
)
def test_no_mobile_number_survives_whatever_stands_between_its_digits(number: str, gap: str) -> None:
    spelled = gap.join(number)
    assert not any(char.isdigit() for char in SCRUB(f"电话是{spelled}哦"))


@given(st.lists(fragments, max_size=6).map("".join) | any_text())
def test_the_first_look_misses_nothing_that_a_rule_finds(text: str) -> None:
    folded = Folded.of(text)
    if not may_match(folded):
        assert [match for _, rule in RULES for match in rule(folded)] == []


@given(st.text())
def test_folding_keeps_every_position(text: str) -> None:
    folded = Folded.of(text)
    assert len(folded.letters) == len(folded.digits) == len(text)


def test_check_digits() -> None:
    assert is_id_number("11010519491231002x")
    assert not is_id_number("110105194912310021")
    assert is_card_number("6222021234567890128")
    assert not is_card_number("6222021234567890123")
    assert not is_card_number("4" * 15)


def test_kinds_and_rules_of_ones_own() -> None:
    own = Scrubber(["phone"], extra={"member": r"会员([a-z]{2}[0-9]{4})"})
    assert own("会员AB1234，送到建国路88号，13800138000") == "会员<member>，送到建国路88号，<phone>"
    with pytest.raises(ConfigurationError, match="no such kind"):
        Scrubber(["telephone"])
    with pytest.raises(ConfigurationError, match="not a pattern"):
        Scrubber(extra={"member": "(?=x)"})
    with pytest.raises(ConfigurationError, match="lower-case word"):
        Scrubber(extra={"<x>": "x"})


def test_data_hidden_in_data_beyond_measure_is_withheld() -> None:
    peel = Scrubber([], extra={"x": "^a"})  # one character a round
    assert peel("aab") == "<x>b"
    assert peel("a" * 20) == "<withheld>"
    assert peel(peel("a" * 20)) == "<withheld>"


def test_time_grows_with_the_length_and_no_faster() -> None:
    def seconds(times: int) -> float:
        text = "138001380 建国路十幺三八市区a.b@ 张" * times
        best = 1e9
        for _ in range(3):
            started = time.thread_time()
            SCRUB(text)
            best = min(best, time.thread_time() - started)
        return best

    assert seconds(400) < 40 * max(seconds(40), 1e-4)
