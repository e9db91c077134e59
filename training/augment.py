"""The generator: an utterance of the train part said in another way, its tags kept in step. Never used on other sets.

Traditional characters, full-width forms and wake words at the edges need no variants here: the normaliser takes them
away before the model sees a text.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import ahocorasick_rs

from training.alignment import OUTSIDE, TAG_NUMBER, TAGS
from training.dataset import UNKNOWN_TAG, Sample, spans
from training.lexicon import Lexicon
from training.recipe import Augmentation


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_LEXICON_SLOT: Final = {"toppings": "topping", "without": "topping"}
_REPLACEABLE: Final = frozenset({"drink", "brand", "toppings", "without", "sugar", "temperature", "size"})
_UNKNOWN: Final = "\ue000"  # a private character: in no vocabulary
_PUNCTUATION: Final = frozenset(",.;:!?~-、。 ")
_FILLERS: Final = _words("嗯 呃 额 那个 就是 就是说 然后 啊 哎 我想想 对了 那什么 怎么说呢 嗯嗯 这个")
_LEADS: Final = _words(
    "渴死了 热死了 困死了 今天好热 下班了 终于放假了 刚跑完步 加班好累 开会开傻了 忙了一上午 天太热了 "
    "累死我了 午休了 抢到免单了 听说今天有活动 我也来凑个热闹 室友都点了 冲冲冲 快快快 家人们 亲 老板 "
    "在吗 听好了 记一下 是这样的 我来了 嘴馋了 好久没喝了 心情不好 今天过生日 考完试了"
)
_SAME_SOUND: Final = _words(
    "糖塘堂唐躺 冰兵彬并 杯本背被悲 帮邦绑 点店典电 奶乃耐 茶查差 要药 来莱 券卷劵圈 单丹担但 领另 送宋 "
    "半版伴 少烧稍绍 珍真针 珠朱猪 给几 取去 消削销 订定丁 退腿 喝和合 好号 怎咋 问文 推腿堆 荐见件 请情 "
    "邀要妖 友有 加家佳 热惹 温文 优忧悠 惠会慧 免面勉 卡咖咔 在再 的得地 吗嘛妈马 吧把巴 你泥尼 我沃 "
    "没梅莓 多朵 大达 中钟 小晓 正政 常长 换还 改该 错措 买卖"
)
_SOUNDS: Final = {
    char: group.replace(char, "")
    for group in _SAME_SOUND
    for char in group
    if char == group[0] or len(group) == 2
}
_DANGEROUS: Final = frozenset("买卖去取并但几会有见和还号长")
"""Characters whose slip is another word of this trade: they stay as they are."""

Cells = list[tuple[str, int]]


class Augmenter:
    """Says samples in other ways; every change is drawn from the random source that is handed in."""

    def __init__(self, lexicon: Lexicon, chances: Augmentation) -> None:
        self._chances = chances
        self._lexicon = lexicon
        names = {
            form: slot for (slot, form) in lexicon.canonical if slot in ("drink", "brand") and len(form) > 1
        }
        self._slots = list(names.values())
        self._finder: Any = ahocorasick_rs.AhoCorasick(
            list(names), matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )

    def __call__(self, sample: Sample, rng: random.Random) -> Sample:
        """``sample`` said in another way, or as it is."""
        chances = self._chances
        cells: Cells = list(zip(sample.text, sample.tags, strict=True))
        if rng.random() < chances.slots:
            cells = self._other_names(sample, cells, rng)
        if rng.random() < chances.fillers:
            cells = _with_fillers(cells, rng)
        if rng.random() < chances.punctuation:
            cells = _repunctuated(cells, rng)
        if rng.random() < chances.noise:
            cells = [(_misheard(char, rng), tag) for char, tag in cells]
        if rng.random() < chances.unknown:
            at = rng.randrange(len(cells))
            cells[at] = (_UNKNOWN, cells[at][1])
        if not cells or len(cells) > 200:
            return sample
        return replace(sample, text="".join(char for char, _ in cells), tags=tuple(tag for _, tag in cells))

    def _other_names(self, sample: Sample, cells: Cells, rng: random.Random) -> Cells:
        places: list[tuple[int, int, str, str]]
        if all(tag == UNKNOWN_TAG for tag in sample.tags):
            places = [
                (start, end, self._slots[number], "")
                for number, start, end in self._finder.find_matches_as_indexes(sample.text)
            ]
        else:
            found = spans([TAGS[tag] for tag in sample.tags])
            places = [(span.start, span.end, span.kind, span.kind) for span in found]
        for start, end, slot, kind in reversed(places):
            if slot in (_REPLACEABLE if kind else ("drink", "brand")) and rng.random() < 0.6:
                form = self._form(_LEXICON_SLOT.get(slot, slot), rng)
                cells[start:end] = list(zip(form, _tags(kind, len(form)), strict=True))
        return cells

    def _form(self, slot: str, rng: random.Random) -> str:
        canonical = rng.choice(list(self._lexicon.slots[slot]))
        forms = self._lexicon.forms(slot, canonical)
        return forms[0] if rng.random() < 0.5 else rng.choice(forms)


def _tags(kind: str, length: int) -> Sequence[int]:
    if not kind:
        return [UNKNOWN_TAG] * length
    return [TAG_NUMBER[f"{'I' if at else 'B'}-{kind}"] for at in range(length)]


def _outside(cells: Cells) -> int:
    return UNKNOWN_TAG if cells and cells[0][1] == UNKNOWN_TAG else TAG_NUMBER[OUTSIDE]


def _gaps(cells: Cells) -> list[int]:
    """Places between two characters where no span runs through."""
    return [
        at
        for at in range(len(cells))
        if cells[at][1] == UNKNOWN_TAG or not TAGS[cells[at][1]].startswith("I-")
    ]


def _with_fillers(cells: Cells, rng: random.Random) -> Cells:
    tag = _outside(cells)
    if tag != UNKNOWN_TAG and rng.random() < 0.5:
        lead = rng.choice(_LEADS) + rng.choice((",", "", "!", "。"))
        return [*((char, tag) for char in lead), *cells]
    at = rng.choice(_gaps(cells) or [0])
    filler = rng.choice(_FILLERS) + rng.choice(("", ","))
    return cells[:at] + [(char, tag) for char in filler] + cells[at:]


def _repunctuated(cells: Cells, rng: random.Random) -> Cells:
    if rng.random() < 0.6:
        kept = [cell for cell in cells if cell[0] not in _PUNCTUATION]
        return kept or cells
    at = rng.choice(_gaps(cells) or [0])
    return [*cells[:at], (rng.choice(",。 !"), _outside(cells)), *cells[at:]] if at else cells


def _misheard(char: str, rng: random.Random) -> str:
    others = _SOUNDS.get(char, "")
    if not others or char in _DANGEROUS or rng.random() > 0.25:
        return char
    return rng.choice(others)
