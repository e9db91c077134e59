"""Hypothesis strategies for what people, keyboards, recognisers and attackers send: import them in any test.

``orders()`` is orderly Chinese, ``dressed_orders()`` the same as people really write it, ``hostile()`` is text made
to break things, ``any_text()`` all of these, ``not_text()`` everything that is no text at all.
"""

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

WAKE_WORDS = ("千问", "通义千问", "嘿千问", "qwen", "hey qwen")
LEADING_FILLERS = ("嗯", "呃", "那个,", "请", "麻烦", "就是说")
TRAILING_FILLERS = ("谢谢", "谢谢啦", "哈", "呗", ",好吧", "thx")

VERBS = ("帮我点", "给我来", "来", "我要", "想喝", "再来", "帮我买", "下单")
COUNTS = ("一杯", "两杯", "2杯", "三杯", "杯", "", "10杯", "半打")
DRINKS = ("奶茶", "珍珠奶茶", "杨枝甘露", "柠檬水", "伯牙绝弦", "coco 奶茶", "Latte", "生椰拿铁", "1点点奶绿")
SLOTS = (
    "少糖",
    "3分糖",
    "50%糖",
    "去冰",
    "热的",
    "大杯",
    "加椰果",
    "不要珍珠",
    "20块以内",
    "1.5升",
    "送到公司",
)
TAILS = ("", "谢谢", "吧", "？", "!", "。", "好吗?", "呗")

TRADITIONAL = (
    "幫我點",
    "一杯",
    "珍珠奶茶",
    "少糖",
    "熱的",
    "檸檬紅茶",
    "送到辦公室",
    "謝謝",
    "兩個",
    "糭",
    "枱",
)
EMOJI = (
    "😋",
    "❤️",
    "👍🏽",
    "🙏",
    "✨",
    "🙅",
    "🙅‍♀️",
    "🚫",
    "👎",
    "🧋",
    "🧊",
    "☕",
    "1️⃣",
    "👩‍👩‍👧‍👦",
    "🈲",
    "🇨🇳",
    "🥶",
)
MARKS = ("，", "。", "、", "！！！", "……", "...", "～～", "?!", "：", "——", "“", "」", "..", "!!", "·", "；")
GAPS = (" ", "  ", "\u3000", "\t", "\n", "\u00a0", "\u2009", "\u2028", "")
WIDTHS = ("Ａ", "ｃｏｃｏ", "１２", "％", "ﾐﾙｸ", "ｶﾞ", "㎖", "½", "①", "ﬁ", "㈱", "￥", "ﾡￂ", "ﷺ")
COMBINING = (
    "e\u0301",
    "\u0301",
    "H\u0331",
    "H",
    "\u0331",
    "\u0327\u0301",
    "a\u0328\u0301",
    "\u0338",
    "<",
    "が",
    "か\u3099",
)
HANGUL = (
    "\u1100",
    "\u1161",
    "\u11a8",
    "가",
    "\u3131",
    "\u314f",
    "\uffa1",
    "\uffc2",
    "\u115f",
    "\u1160",
    "\u3164",
)
INVISIBLE = (
    "\u200b",
    "\u200d",
    "\u200e",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u00ad",
    "\ufe0f",
    "\u034f",
    "\U000e0041",
)
BROKEN = (
    "\x00",
    "\x07",
    "\x1b[31m",
    "\ud83d",
    "\ude00",
    "\ud83d\ude0b",
    "\udcff",
    "\x7f",
    "\x85",
    "\ufffe",
    "\ufffd",
)
CASES = ("İ", "ΑΣ", "Σ", "ς", "ß", "ẞ", "K", "Ǆ", "𝐇", "ϴ", "Ꭰ")
STRANGE_HAN = ("〇", "㐀", "\U00020000", "樂", "\ufa0e", "苧", "薴", "乾", "龘")
SEEDS = WAKE_WORDS + LEADING_FILLERS + TRAILING_FILLERS


def _mixed(pieces: Sequence[str], most: int = 12) -> SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


def orders() -> SearchStrategy[str]:
    """One to three items, spoken plainly: 帮我点两杯奶茶少糖去冰，来杯柠檬水谢谢."""
    slots = _mixed(SLOTS, most=3)
    item = st.tuples(st.sampled_from(VERBS), st.sampled_from(COUNTS), st.sampled_from(DRINKS), slots).map(
        "".join
    )
    items = st.lists(item, min_size=1, max_size=3).map("，".join)
    return st.tuples(items, st.sampled_from(TAILS)).map("".join)


def traditional() -> SearchStrategy[str]:
    """Orders as they are written in Taipei and Hong Kong."""
    return st.lists(st.sampled_from(TRADITIONAL + GAPS[:1]), min_size=1, max_size=8).map("".join)


def dressed_orders() -> SearchStrategy[str]:
    """Orders with wake words, fillers, emoji, gaps and punctuation strewn in."""
    dress = _mixed(SEEDS + EMOJI + MARKS + GAPS, most=4)
    return st.tuples(dress, orders() | traditional(), dress, orders(), dress).map("".join)


def hostile(most: int = 24) -> SearchStrategy[str]:
    """Lone surrogates, NULs, bidi marks, joiners, marks without a base, half-built Hangul, and any code point."""
    pieces = (
        EMOJI + MARKS + GAPS + WIDTHS + COMBINING + HANGUL + INVISIBLE + BROKEN + CASES + STRANGE_HAN + SEEDS
    )
    anything = st.text(st.characters(codec=None), max_size=4)
    return st.lists(st.sampled_from(pieces) | anything, max_size=most).map("".join)


def plain() -> SearchStrategy[str]:
    """Han, ASCII, full-width forms and punctuation alone: the characters of ordinary typing."""
    alphabet = "".join(
        (*VERBS, *DRINKS, *TRADITIONAL, "，。、！？：；～,.!?:;~-'\"%（）ＡｂＣaBz019０９“”「—×")
    )
    return st.text(st.sampled_from(sorted(set(alphabet))), max_size=30)


def any_text() -> SearchStrategy[str]:
    """Every kind of text of this module."""
    return st.one_of(orders(), dressed_orders(), plain(), hostile())


def not_text() -> SearchStrategy[object]:
    """What a caller may pass by mistake."""
    return st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.binary(),
        st.lists(st.text()),
        st.just(object()),
    )
