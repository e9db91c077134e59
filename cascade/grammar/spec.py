"""``grammar.yaml``: which slots an order has, where they go in the answer, and the words that hold an order together.

The grammar itself is machinery; everything it knows of a trade is here and in ``lexicon.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from cascade.grammar.forms import Beside, Form, Forms, Record
from cascade.grammar.function_words import Words

SlotRole = Literal["head", "attribute", "part", "flag", "value", "note", "place", "measure", "modifier"]


class SlotSpec(Record):
    """One slot of the lexicon and the field of the answer that its values fill.

    Of an item: ``head`` (what is ordered), ``attribute`` (one value), ``part`` (a list, and a list of what to leave
    out). Of the whole order: ``flag`` (true when said), ``value`` (one canonical value), ``note`` (a list, as spoken),
    ``place`` (as spoken, after a word that leads to it). ``measure`` fills no field: its values are counted with. Nor
    does ``modifier``: its values make one name with the kind of thing that follows them.
    """

    role: SlotRole
    field: str | None = None
    """Of an item, or of the answer (``fulfilment.mode``)."""
    without: str | None = None
    """For a part: the field of the parts to leave out."""
    spoken: bool = False
    """Whether the canonical value is itself a spoken form."""
    counts: bool = False
    """For an attribute: a numeral may stand right before it, as in 两大杯."""
    specifies: bool = False
    """For an attribute or part: saying it of a head makes the head an order and not a mere mention."""
    spreads: bool = False
    """For an attribute: said of one of several items it may be meant for all of them, said alone in front it is."""

    hints: Forms = ()
    """Words that may say it though no form does: an answer that fills the slot is then believed, nothing is read."""
    alone: Forms = ()
    """Forms that say it only as a whole clause: 券，一杯奶茶; of an attribute also after what changes: 糖改三分."""
    nouns: Forms = ()
    """For a flag: canonical values that right after a head may make one name with it: 给我个奶茶兑换券."""
    vague: Forms = ()
    """For an attribute: forms that give way to one of the ``exact`` values of the same item: 冰美式，去冰."""
    exact: Forms = ()
    rough: Forms = ()
    """For an attribute: how forms end that say its value about, and give way to one that ``about`` names: 糖少一点."""
    about: Mapping[str, Forms] = Field(default_factory=dict)
    """Canonical value to the values that may be meant by it."""
    loose: bool = False
    """For a note: it may stand anywhere. Otherwise after a ``swap`` word or alone in its clause."""

    item: bool = False
    """For a note: where no item is named it orders one: 老样子."""
    kinds: Forms = ()
    """For a modifier: what it may be said of: 奶茶, 汁."""
    links: Forms = ()
    """For a modifier: what may stand between it and the kind, and is no part of the name: 味的."""

    @model_validator(mode="after")
    def _has_a_field(self) -> Self:
        if (self.field is None) != (self.role in ("measure", "modifier")):
            raise ValueError(f"a slot of role {self.role!r} {'has no' if self.field else 'needs a'} field")
        if self.role == "part" and self.without is None:
            raise ValueError("a part needs a field for what is left out")
        return self


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


class SpokenWords(Record):
    """What a value kept as spoken neither begins with nor holds, where a model marked it."""

    leads: Forms = ()
    """Leads to a wish and is no part of it: 改成 in 改成放门口."""
    doubtful: Forms = ()
    """What makes it more, or less, than one wish that can be kept: 公司或者家, 不要放门口要放快递柜."""


class QuantitySpec(Record):
    """The number of an item. Outside the range nothing is answered; nothing is ever clamped."""

    field: str
    min: int = Field(default=1, ge=0)
    max: int = Field(default=99, ge=1)
    bundles: Mapping[Form, int] = Field(default_factory=dict)
    """Measure words that multiply: a dozen."""
    counts: Mapping[Form, int] = Field(default_factory=dict)
    """Whole quantities: half a dozen."""
    spoils: Forms = ()
    """Right before a numeral, what makes it another number, or none: 第二杯, 负二杯."""
    parted: Forms = ()
    """Right after a measure word, what makes the number before it another: 一杯半."""


class CommandSpec(Record):
    """How an intent that acts and carries no order is commanded."""

    acts: Forms
    """What is to be done: 取消."""
    frames: Forms
    """What a command begins with at the start of a clause, and after ``ends``: 帮我, 把."""
    anywhere: Forms = ()
    """Those of ``frames`` that no subject stands before: 你给我."""
    ends: Forms = ()
    """What ends a clause where no sign does: 了, 吧."""
    opens: Forms = ()
    """Commands without a frame, at the start of a clause: 取消订单."""
    closes: Forms = ()
    """The same, at its end: 订单取消."""
    alone: Forms = ()
    """The same, where nothing else is said in the clause: 领."""
    describing: Forms = ()
    """Guards that in a command may describe what it asks for: 能."""
    described: Forms = ()
    """What they then lead to: 的券."""
    tails: Forms = ()
    """After what is to be done, where another clause begins: 帮我领一张她不会."""
    addressed: Forms = ()
    """In a command, show that somebody is told to do it: 帮我."""
    urged: Forms = ()
    """In a command, show that 了 at its end does not tell: 快把订单取消了."""
    objects: Forms = ()
    """What it is done with is called by one of these, wherever it stands: 单. 取消考试 is something else."""
    names: Forms = ()
    """Of these, what a clause that only tells of it goes on after: 券 in 领券大军."""


class AroundWords(Record):
    """What stands around a command."""

    governs: Forms = ()
    """Right before a command, these make it no command, also with a sign between: 他说, 没."""
    within: Forms = ()
    """The same, in one clause with it: 商家."""
    leads: Forms = ()
    """Words that end like those and only lead to it: 跟你说."""
    denials: Forms = ()
    """Beginnings of guards that forbid what is said after them: 别."""
    complaints: Forms = ()
    """Questions that want no answer: 怎么还没送."""
    wonders: Forms = ()
    """Questions that want one, whatever is commanded then: 怎么领."""
    passing: Forms = ()
    """Guards of other reasons that in a clause before a command may only say why: 别人."""
    mistaken: Forms = ()
    """Right before a detail, show that it is what came by mistake: 点成."""
    times: Forms = ()
    """Guards that say when something was: 昨天."""
    again: Forms = ()
    """In a command, show that what was done before is to be done once more: 再."""
    statements: Forms = ()
    """Particles of questions that also end statements: 呢."""
    now: Forms = ()
    """In a command, show that it is for now, whatever is said of later: 先."""
    waits: Forms = ()
    """Conditions that only say when: 等会."""
    later: Forms = ()
    """In a clause about later, show that it is of something else: 晚点再点."""
    done: str = ""
    """Characters that before a deed say that it is done, or whose it is: 早, 他."""
    own: str = ""
    """Characters of what stands before a deed of who speaks: 我已经."""
    lightly: Forms = ()
    """What may follow an act where nothing is named that it is done with: 一下, 给我."""
    particles: str = ""
    """Characters that say nothing by themselves: 了, 吧."""


class DoubtWords(Record):
    """What makes an intent doubtful that only a model could tell: the wish is told, considered, or not all said."""

    anywhere: Forms = ()
    """Wherever they stand: 后者少糖, 差点取消订单."""
    last: Forms = ()
    """Where nothing but particles follows: 来一杯奶茶，逗你玩, not 逗你玩的，来一杯."""
    meant: Forms = ()
    """What ends with one of these and says the opposite: 没跟你开玩笑."""
    awaited: Forms = ()
    """Where a clause that asks for something begins with it: 等雨停给我来杯拿铁, not 等雨停呢，来杯拿铁."""


class GrammarSpec(Record):
    """The whole file."""

    intent: str
    """What an utterance that the grammar accounts for wants."""
    modify: str | None = None
    """What it wants when it changes an order that exists."""
    items: str
    """Field of the answer that holds the items."""
    quantity: QuantitySpec
    slots: Mapping[str, SlotSpec]
    words: Words
    budget: BudgetWords | None = None
    clock: ClockWords | None = None
    address: AddressWords | None = None
    spoken: SpokenWords = SpokenWords()
    superseded: SupersededWords = SupersededWords()
    phrasings: Mapping[str, Mapping[Form, Forms]] = Field(default_factory=dict)
    """Slot to canonical value to forms, as in ``lexicon.yaml``: those made of function words, 糖要七分."""
    guards: Mapping[str, Forms] = Field(default_factory=dict)
    """Reason of the abstention to the words that cause it, wherever they stand unless another class explains them."""
    generic: Forms = ()
    """Names that may stand for several others at once: 五杯奶茶 may be all that follows."""
    kinds: Mapping[str, Forms] = Field(default_factory=dict)
    """Of these, those that nobody orders beside their own sorts, and how the names of the sorts end."""
    chatter: Forms = ()
    """Words that an answer may pass over. They explain nothing by themselves: who reads by the grammar alone stops."""
    doubts: Mapping[str, DoubtWords] = Field(default_factory=dict)
    """Intents that act, and the words beside which a model's word alone is not taken for one."""
    soft: Mapping[str, Forms] = Field(default_factory=dict)
    """Guards that an intent is often said with: 能不能 and 说错了 in a change. Who reads by the grammar alone stops at
    them, a model that is sure of the intent need not. A measure word here counts nothing of an order: 领一个."""
    begun: Mapping[str, Forms] = Field(default_factory=dict)
    """Guards that an intent is often begun with, and that take nothing back before anything is named: 算了，改去冰."""
    apart: Mapping[str, Forms] = Field(default_factory=dict)
    """Reasons of guards to those of their words that are talk in a clause of their own, which names and orders nothing,
    before one that plainly orders: 打牌呢，来四杯绿茶."""
    harmless: Mapping[str, Forms] = Field(default_factory=dict)
    """Reasons of guards to words that only hold one, 演唱会 and 这么, and are none beside an order or a change: a model
    that is sure of the intent need not stop at them. Told to somebody (帮我写作业) they stay guards."""
    courteous: Forms = ()
    """Guards that are no condition where an order begins with them: 方便的话，给我来杯奶茶."""
    pending: Forms = ()
    """What in a clause before a guard of the past shows that it is still to come: 等 in 等客人到了."""
    relayed: Forms = ()
    """What somebody is said to want, right after the word that tells: 要 in 我妈说她要一杯红枣茶."""
    offers: Forms = ()
    """Guards that ask whether there is what the words after them order: 有没有奶茶，给我一杯."""
    permits: Mapping[str, Forms] = Field(default_factory=dict)
    """The intents that act and carry no order, and the guards that each is itself said with."""
    commands: Mapping[str, CommandSpec] = Field(default_factory=dict)
    """How these intents are commanded. Beside a command, guards that only say why forbid nothing."""
    around: AroundWords = AroundWords()

    @cached_property
    def place(self) -> str:
        """The field that says where it goes, empty where there is none."""
        return next((slot.field for slot in self.slots.values() if slot.role == "place" and slot.field), "")

    @model_validator(mode="after")
    def _has_one_head(self) -> Self:
        if sum(slot.role == "head" for slot in self.slots.values()) != 1:
            raise ValueError("exactly one slot must have the role 'head'")
        if sum(slot.role == "modifier" for slot in self.slots.values()) > 1:
            raise ValueError("at most one slot may have the role 'modifier'")
        return self
