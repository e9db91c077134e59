"""``grammar.yaml``: which slots an order has, where they go in the answer, and the words that hold an order together.

The grammar itself is machinery; everything it knows of a trade is here and in ``lexicon.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from cascade.grammar.acting_words import AroundWords, BoundWords, CommandSpec, DoubtWords, WithheldWords
from cascade.grammar.forms import Form, Forms, Record
from cascade.grammar.function_words import Words
from cascade.grammar.value_words import (
    AddressWords,
    BudgetWords,
    ClockWords,
    SpokenWords,
    SupersededWords,
    TasteWords,
    WishWords,
)

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
    unlike: Forms = ()
    """For an attribute: forms that only say what it is not, and give way to one of ``instead``: 热的，不要冰."""
    instead: Forms = ()
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
    tastes: TasteWords = TasteWords()
    """Why something changes, and nothing more."""
    wishes: WishWords = WishWords()
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
    """Intents, and the words beside which a model's word alone is not taken for one."""
    withheld: WithheldWords = WithheldWords()
    """What is said of a flag that is not spent. A model's word alone does not spend it then."""
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
    bounds: BoundWords = BoundWords()

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
