"""Sections of ``grammar.yaml`` for values that no list can hold: prices, times, places, and what takes their place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from pydantic import Field

from cascade.grammar.forms import Beside, Forms, Record


class BudgetWords(Record):
    """Where an upper price bound is said: 不超过二十块, 二十块以内."""

    field: str
    before: Forms = ()
    units: Forms = ()
    after: Forms = ()


class ClockWords(Record):
    """Where a time of day or a delay is said: 明天下午三点半, 半小时后. Kept as spoken."""

    field: str
    days: Forms = ()
    parts: Forms = ()
    hours: Forms = ()
    minutes: Forms = ()
    fractions: Forms = ()
    """After the hour: 半, 一刻."""
    delays: Forms = ()
    """Units of a delay: 分钟, 小时."""
    half: Forms = ()
    """Before a unit of a delay, instead of a numeral."""
    later: Forms = ()
    """After a delay: 后."""
    within: Forms = ()
    """The same, of what is to be there before it is over: 半小时内送到. 十分钟内下单 is when to order."""
    around: Forms = ()
    """After a time of day: 之前, 左右."""


class AddressWords(Record):
    """How a place may end that is not in the lexicon: 三号楼, 和平路3号. It must follow a word that leads to it."""

    endings: Forms = ()
    verbs: Forms = ()
    """What no name of a place has in it: 填 in 地址就填公司."""
    misheard: Forms = ()
    """What an address begins with that may be the end of the word before it, misspelt: 道 in 送道五栋."""
    tails: Forms = ()
    """After a marked place, part of it: 那里 in 宿管阿姨那里."""
    ways: Forms = ()
    """After an ending, no part of the place: 来 in 篮球馆来."""
    unclear: Forms = ()
    """Ends of what may be no place where nothing else leads to it: 号 in 改到3号."""
    keeps: Forms = ()
    """Ends of a marked place that look like particles: 地 in 直播基地, 里 in 棚子里, 吧 in 清吧."""
    beside: Forms = ()
    """The same where nothing follows in its clause: 那 in 送到秋千那."""
    digits: int = Field(default=3, ge=1)
    """A bare number of at least so many digits may end an address too: 602."""


class SupersededWords(Record):
    """Right before a value of an order that exists, what says that another one shall take its place."""

    unsent: Forms = ()
    """Before where it shall not go: 别送宿舍了，送网吧."""
    refused: Forms = ()
    """Before a way to get it that is not wanted, where another is: 不自取了，送到公司."""
    contrast: Forms = ()
    """Before what it is not, where it is said what it is: 不是两杯是六杯."""
    mistaken: Forms = ()
    """Before what was ordered, or heard, by mistake: 手滑点成热的，改冰的."""
    shown: Forms = ()
    """Before what the order shows, where a change of it is asked for after: 付完钱才看到是全糖，改成少糖."""
    differs: Forms = ()
    """Before by how many it was wrong: 多点了一杯，改成一杯."""
    wrong: Forms = ()
    """The same, right after it: 少冰打错了."""
    slips: Forms = ()
    """Before these words, says nothing more: 我刚手滑."""
    arrows: Forms = ()
    """Between what it was and what it becomes: 少糖→无糖."""
    rightly: Forms = ()
    """Before how many it shall be, where it is said how many it shall not: 我要的是四杯不是十杯."""

    @cached_property
    def beside(self) -> Mapping[str, Beside]:
        """The words of each class, ready to be looked for; ``places`` are those that may stand before a place."""
        classes = {name: Beside(getattr(self, name)) for name in type(self).model_fields}
        every = (getattr(self, name) for name in type(self).model_fields if name != "rightly")
        return {**classes, "places": Beside(self.unsent, self.contrast, self.mistaken), "any": Beside(*every)}


class TasteWords(Record):
    """What says why something changes, by what somebody likes."""

    dislikes: Forms = ()
    """Before what is not to their taste, or how it tastes: 嫌 in 我妈嫌太甜."""
    likes: Forms = ()
    """Before what is: 爱吃 in 老人爱吃红豆."""
    weather: Forms = ()
    """Whole clauses that say how warm it is: 天热."""

    @cached_property
    def of_weather(self) -> frozenset[str]:
        """The same, ready to be looked up."""
        return frozenset(self.weather)


class SpokenWords(Record):
    """What a value kept as spoken neither begins with nor holds, where a model marked it."""

    leads: Forms = ()
    """Leads to a wish and is no part of it: 改成 in 改成放门口."""
    doubtful: Forms = ()
    """What makes it more, or less, than one wish that can be kept: 公司或者家, 不要放门口要放快递柜."""
    keeps: Forms = ()
    """Ends of a marked wish that look like particles: 里 in 放抽屉里, 那种 in 不辣的那种, 了 in 奶油别化了."""


class UnfitWords(Record):
    """What somebody may not drink, and what is fit for them."""

    slot: str
    said: Forms = ()
    """How it is said: 不能喝冰的."""
    instead: Forms = ()
    """Values of the slot that are fit: hot."""

    @cached_property
    def beside(self) -> Beside:
        """The words, ready to be looked for."""
        return Beside(self.said)


class WishWords(Record):
    """What frames a wish that no list holds."""

    written: Forms = ()
    """Before what is to be written on it, or on a card beside it: 杯子上写."""
    unwritten: Forms = ()
    """Right after these, what was written, or asks what may be: 错 in 杯子上写错了."""
    amounts: Forms = ()
    """After what is in a drink, how much of it or how it is done: 多一点, 磨细点."""
    bits: Forms = ()
    """Between the two, part of what it is: 肉 in 柚子肉."""
    more: Forms = ()
    """Beginnings of those that add what is not in the drink by itself: 多."""
    looks: Forms = ()
    """Before what a drink does or is like: 喝了 in 喝了能暖和的."""
    purpose: Forms = ()
    """After what an order is for: 用 in 拍照用."""
    idle: Forms = ()
    """Right before that, makes it another word: 常用."""
    pays: Forms = ()
    """What an order is paid with, and is for nothing."""
    ails: Forms = ()
    """How wishes end that say what ails somebody, and lasts: 过敏."""
    tellers: Forms = ()
    """Who says what somebody may not drink: 医生说."""
    unfit: tuple[UnfitWords, ...] = ()
    no: Forms = ()
    """What may stand in it and elsewhere takes something back: 不 in 喝了不会胖的."""
    of: Forms = ()
    """What it ends with: 的."""

    @cached_property
    def beside(self) -> Mapping[str, Beside]:
        """The words of each class, ready to be looked for."""
        return {
            name: Beside(getattr(self, name)) for name in ("written", "amounts", "bits", "looks", "tellers")
        }
