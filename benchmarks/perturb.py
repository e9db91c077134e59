"""How a crowd says the same thing otherwise: slips of the finger, of the recogniser, of the script. Seeded;
meaning kept.

A perturbation returns the text unchanged where it has nothing to hold on to; such texts are not counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

import opencc

Perturb = Callable[[str, random.Random], str]

_FILLERS: Final = ("嗯", "呃", "那个", "就是", "就是说", "然后", "啊", "我想想")
_EMOJI: Final = ("🧋", "😂", "🙏", "😭", "❤️", "👀", "🥺", "🔥")
_NEIGHBOURS: Final = {
    "糖": "塘",
    "冰": "兵",
    "杯": "坏",
    "奶": "仍",
    "茶": "荼",
    "点": "占",
    "珠": "株",
    "券": "卷",
    "帮": "邦",
}
"""Characters that look alike, as hasty handwriting and OCR confuse them."""
_SOUNDS: Final = {
    group[0]: group[1:]
    for group in str.split(
        "糖唐堂塘 冰兵 奶乃 杯背 点店 茶查 帮邦 少稍 珍真 珠猪 要药 来莱 个各 送宋 到道 公工 司思 热惹 我窝 想响 "
        "请情 问文 么麽 订定 券劵 免勉 单丹 优悠 惠慧 果裹 椰耶 柠宁 乌屋 龙隆 绿率 波玻 喝呵 喜洗 再在 份分"
    )
}
"""Characters of one sound, written down apart from what training multiplies its texts with."""
_TO_TRADITIONAL: Final = opencc.OpenCC("s2tw")


def typo(text: str, rng: random.Random) -> str:
    """One slip: two neighbours swapped, one character twice, or a look-alike in its place."""
    if len(text) < 4:
        return text
    alike = [at for at, char in enumerate(text) if char in _NEIGHBOURS]
    kind = rng.choice(("swap", "twice", "alike" if alike else "twice"))
    if kind == "alike":
        at = rng.choice(alike)
        return text[:at] + _NEIGHBOURS[text[at]] + text[at + 1 :]
    at = rng.randrange(len(text) - 1)
    if kind == "twice":
        return text[:at] + text[at] + text[at:]
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def homophone(text: str, rng: random.Random) -> str:
    """One or two characters written as others of the same sound."""
    places = [at for at, char in enumerate(text) if char in _SOUNDS]
    chars = list(text)
    for at in rng.sample(places, min(len(places), rng.choice((1, 1, 2)))):
        chars[at] = rng.choice(_SOUNDS[chars[at]])
    return "".join(chars)


def traditional(text: str, rng: random.Random) -> str:
    """All of it in traditional characters."""
    converted: str = _TO_TRADITIONAL.convert(text)
    return converted


def emoji(text: str, rng: random.Random) -> str:
    """One to three emoji between the words or at the end."""
    for _ in range(rng.randint(1, 3)):
        at = rng.choice((0, len(text), len(text)))
        text = text[:at] + rng.choice(_EMOJI) + text[at:]
    return text


def filler(text: str, rng: random.Random) -> str:
    """One or two fillers at the beginning, or after a comma."""
    starts = [0, *(at + 1 for at, char in enumerate(text) if char in "，,")]
    for _ in range(rng.randint(1, 2)):
        at = rng.choice(starts)
        text = f"{text[:at]}{rng.choice(_FILLERS)}{rng.choice(('', '，'))}{text[at:]}"
    return text


def stutter(text: str, rng: random.Random) -> str:
    """The first two characters said twice, as a recogniser writes down a false start."""
    return text if len(text) < 4 else text[:2] + rng.choice(("", "，")) + text


def unpunctuated(text: str, rng: random.Random) -> str:
    """Without any punctuation, as recognisers write."""
    return "".join(char for char in text if char not in "，。！？、,.!?；;～~ ")


def polite(text: str, rng: random.Random) -> str:
    """Wake word before, thanks after."""
    before, after = (
        rng.choice(("千问，", "你好，", "麻烦一下，")),
        rng.choice(("，谢谢", "，谢谢啦", "，麻烦了")),
    )
    return f"{before}{text.rstrip('。')}{after}"


PERTURBATIONS: Final[Mapping[str, tuple[str, Perturb]]] = {
    "typo": ("错字", typo),
    "homophone": ("同音字", homophone),
    "traditional": ("繁体", traditional),
    "emoji": ("表情", emoji),
    "filler": ("口头语", filler),
    "stutter": ("口吃重复", stutter),
    "unpunctuated": ("无标点", unpunctuated),
    "polite": ("客套", polite),
}
"""By name, with the Chinese name."""
