"""``grammar.yaml``: which slots an order has, where they go in the answer, and the words that hold an order together.

The grammar itself is machinery; everything it knows of a trade is here and in ``lexicon.yaml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

SlotRole = Literal["head", "attribute", "part", "flag", "value", "note", "place", "measure"]
Form = Annotated[str, StringConstraints(min_length=1, max_length=40)]
_MAX_COMBINATIONS: Final = 20_000


def _spelled_out(forms: Any) -> Any:
    """Lists inside a list are alternatives one after the other: ``[[我, ""], [妈, 爸]]`` is 我妈, 我爸, 妈, 爸."""
    if not isinstance(forms, list) or not any(isinstance(form, list) for form in forms):
        return forms
    found: list[Any] = [
        form for form in forms if not isinstance(form, list)
    ]  # lines of plain words stay theirs
    for alternatives in forms:
        if isinstance(alternatives, list):
            found.extend(_combined(alternatives))
    return found


def _combined(alternatives: list[Any]) -> list[str]:
    places = [place if isinstance(place, list) else [place] for place in alternatives]
    if not all(isinstance(piece, str) for place in places for piece in place):
        raise ValueError("alternatives are lists of words")
    if prod(map(len, places)) > _MAX_COMBINATIONS:
        raise ValueError(f"more than {_MAX_COMBINATIONS} combinations")
    return list(dict.fromkeys("".join(pieces) for pieces in product(*places) if any(pieces)))


Forms = Annotated[tuple[Form, ...], BeforeValidator(_spelled_out)]
"""Words; a list among them stands for the combinations of its alternatives."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SlotSpec(_Record):
    """One slot of the lexicon and the field of the answer that its values fill.

    Of an item: ``head`` (what is ordered), ``attribute`` (one value), ``part`` (a list, and a list of what to leave
    out). Of the whole order: ``flag`` (true when said), ``value`` (one canonical value), ``note`` (a list, as spoken),
    ``place`` (as spoken, after a word that leads to it). ``measure`` fills no field: its values are counted with.
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

    @model_validator(mode="after")
    def _has_a_field(self) -> Self:
        if (self.field is None) != (self.role == "measure"):
            raise ValueError(f"a slot of role {self.role!r} {'has no' if self.field else 'needs a'} field")
        if self.role == "part" and self.without is None:
            raise ValueError("a part needs a field for what is left out")
        return self


class Words(_Record):
    """Function words by what they do. A word may stand in several classes; its place in the sentence decides."""

    polite: Forms = ()
    """Opens a request in the form of a question (能不能帮我), and licenses ``asking`` at its end."""
    opener: Forms = ()
    """Addresses the assistant (帮我)."""
    carrier: Forms = ()
    """Orders: 点, 来."""
    desire: Forms = ()
    """A carrier after which ``perfective`` is no past: 想喝奶茶了."""
    again: Forms = ()
    """A carrier that starts another item: 再来."""
    connector: Forms = ()
    add: Forms = ()
    """Before a part: 加."""
    plenty: Forms = ()
    """Before a part: adds it, and is kept with it as spoken: 双份珍珠."""
    remove: Forms = ()
    """Before a part: 不要, 别放."""
    reject: Forms = ()
    """Before a head that is not wanted; what is wanted instead must follow: 不要奶茶要果茶."""
    removed: Forms = ()
    """After a part: 珍珠不要."""
    all: Forms = ()
    """都, 每杯: what follows holds for every item."""
    each: Forms = ()
    """各: the quantity that follows holds for every item named."""
    sort: Forms = ()
    """The same, where a quantity follows at once: 一样一杯."""
    couple: Forms = ()
    """A ``person`` that is two people: 爸妈."""
    owner: Forms = ()
    """Whose a share of several is, as a ``person`` says too: 她的."""
    plain: Forms = ()
    """A wish that nothing be added: said of a share, all that is said of it."""
    falter: Forms = ()
    """A ``filler`` of somebody who may think again: 欸."""
    within: Forms = ()
    """A value that after a quantity may say that what follows is part of it: 两杯中一杯去冰."""
    other: Forms = ()
    """另: the quantity that follows is part of the one said before."""
    among: Forms = ()
    """其中: what follows holds for some of the one said before."""
    rest: Forms = ()
    """剩下的: all of the one said before that nothing was said of."""
    of: Forms = ()
    """的, after what describes."""
    inside: Forms = ()
    """The same, of what is in something: 奶茶里."""
    final: Forms = ()
    """Particles that change nothing: 吧."""
    perfective: Forms = ()
    filler: Forms = ()
    alike: Forms = ()
    """A note that names what was ordered before only after ``again``: 再来一杯一样的."""
    rather: Forms = ()
    """An ``amend`` that asks elsewhere: 热的，还是冰的吧 takes back, 热的还是冰的 does not."""
    origin: Forms = ()
    """Before what something was, where it changes: 从全糖改成半糖."""
    number: Forms = ()
    """An ``aspect`` whose change ends with a bare number: 数量改成6."""
    ordinal: Forms = ()
    """Says which cup of an order that exists, where one is changed, and is kept as spoken: 第二杯."""
    cup: Forms = ()
    """A ``reference`` that what it was ordered with may stand before: 半糖那杯."""
    drunk: Forms = ()
    """Ends a wish that says who drinks it, which is a clause of its own: 孩子喝."""
    remark: Forms = ()
    """Before what is written on an order, which may exist: 备注."""
    lasting: Forms = ()
    """After a wish at the end of its clause, says nothing: 减肥呢."""
    more: Forms = ()
    """A ``plenty`` that adds nothing to what the drink is named for: 豆花奶茶，多加豆花."""
    near: Forms = ()
    """A ``reference`` that may also point at what follows: 这杯."""
    demonstrative: Forms = ()
    """Before a name without a quantity it points at one that exists; after a value it says which: 那个."""
    hurry: Forms = ()
    """A ``final`` that is a wish of its own beside a way to get it: 快点."""
    no: Forms = ()
    """What an ``amend`` may end with that a value after it may begin with: 啊不 in 啊不要冰."""
    alter: Forms = ()
    """A ``swap`` that is not spoken with a wish: 改堂食 is 堂食."""
    assent: Forms = ()
    """Says yes to something: beside it a value may be the answer to a question: 对，大杯去冰."""
    undo: Forms = ()
    """What takes a part out of a cup that there is, said without a drink: 珍珠去掉."""
    undone: Forms = ()
    """What a value ends with that takes something out of a cup that there may be: 糖去掉."""
    aside: Forms = ()
    """Chatter that orders nothing and forbids nothing: alone in its clause, or before what orders: 渴死了."""
    person: Forms = ()
    """Whom something is for, which no slot holds: 我妈. After ``recipient``, before what orders, or called alone."""
    wants: Forms = ()
    """After a person: what orders for somebody else, as 要 does and 买 does not."""
    recipient: Forms = ()
    """Before a person: 给."""
    speaker: Forms = ()
    """What other words begin or end with when they speak of who speaks: 我. Not words of their own."""
    headcount: Forms = ()
    """After a numeral: so many people, 个人."""
    apiece: Forms = ()
    """One for each of the people counted: 一人一杯."""
    amend: Forms = ()
    """Takes back the value just said for the one that follows: 不对. Where that is not provable it is a guard."""
    copula: Forms = ()
    """Between ``amend`` and the value: 是."""
    toward: Forms = ()
    """Leads to a place once a way to get it there was said (送一杯到), and to who sells it (在一点点点一杯)."""
    thing: Forms = ()
    """Stands for what is ordered without naming it: 来杯喝的."""
    picture: Forms = ()
    """Right after what it shows, and nothing anywhere else: 奶茶🧋. Before a name it may be part of it."""
    total: Forms = ()
    """Before the quantity of everything: 一共. After several names it is not the quantity of the last."""
    asking: Forms = ()
    """Ends a question; harmless after ``polite``."""
    tag: Forms = ()
    """Asks for consent; harmless after ``opener`` or ``polite``: 好吗."""
    portion: Forms = ()
    """Measures one portion of a part: 份."""
    times: Forms = ()
    """Before a numeral, after a head: x2."""
    separator: Forms = ()
    lead: Forms = ()
    """Leads to a place: 送到."""
    swap: Forms = ()
    """Before a note, and spoken with it: 换."""
    change: Forms = ()
    """Changes an order that exists: 改成."""
    object: Forms = ()
    """Before what is changed: 把."""
    reference: Forms = ()
    """Points at an order that exists: 刚才那杯."""
    serve: Forms = ()
    """Orders one of what is named after it, where nothing points at one that exists: 上杯拿铁."""
    last: Forms = ()
    """A ``serve`` that anything said of the name makes doubtful: 上一杯拿铁，去冰."""
    spend: Forms = ()
    """Beside a flag, the verb of what it stands for: 优惠券抵, 那个免单的卡给我用上."""
    which: Forms = ()
    """Between ``spend`` and a flag, or before a flag that is then spent, says which: 用那张免单卡."""
    where: Forms = ()
    """An ``aspect``, or a ``reference``, that says the address: what something is changed to after it is a place."""
    statement: Forms = ()
    """A ``reference`` that says what is to be done, or what went wrong, and points at no cup: 改一下."""
    kept: Forms = ()
    """After what stays as it is where something else changes: 拿铁改热的，美式不变."""
    turn: Forms = ()
    """A ``change`` between two ways to get it: 外卖转自取."""
    increase: Forms = ()
    """An ``add`` of so much more: 多加一份珍珠, and not what follows by itself."""
    halt: Forms = ()
    """Before all else it only stops somebody to change something: 等等，改成半糖."""
    because: Forms = ()
    """Says why something changes, and nothing of what: 喝不完."""
    intend: Forms = ()
    """Right before ``change``: 我想改成半糖."""
    mine: Forms = ()
    """Before a name, where something is changed, it points at no other: 我的奶茶."""
    rightly: Forms = ()
    """After a ``statement``, before what it should have been: 点错了，应该是大杯."""
    aspect: Forms = ()
    """Right before ``change``, what of an order is changed: 甜度改成半糖."""


class BudgetWords(_Record):
    """Where an upper price bound is said: 不超过二十块, 二十块以内."""

    field: str
    before: Forms = ()
    units: Forms = ()
    after: Forms = ()


class ClockWords(_Record):
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
    around: Forms = ()
    """After a time of day: 之前, 左右."""


class AddressWords(_Record):
    """How a place may end that is not in the lexicon: 三号楼, 和平路3号. It must follow a word that leads to it."""

    endings: Forms = ()
    verbs: Forms = ()
    """What no name of a place has in it: 填 in 地址就填公司."""
    tails: Forms = ()
    """After a marked place, part of it: 那里 in 宿管阿姨那里."""
    ways: Forms = ()
    """After an ending, no part of the place: 来 in 篮球馆来."""
    digits: int = Field(default=3, ge=1)
    """A bare number of at least so many digits may end an address too: 602."""


class SpokenWords(_Record):
    """What a value kept as spoken neither begins with nor holds, where a model marked it."""

    leads: Forms = ()
    """Leads to a wish and is no part of it: 改成 in 改成放门口."""
    doubtful: Forms = ()
    """What makes it more, or less, than one wish that can be kept: 公司或者家, 不要放门口要放快递柜."""


class QuantitySpec(_Record):
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


class CommandSpec(_Record):
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


class AroundWords(_Record):
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
    particles: str = ""
    """Characters that say nothing by themselves: 了, 吧."""


class GrammarSpec(_Record):
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
    elsewhere: Forms = ()
    """Words by which an order goes by what it does not hold: 后者少糖. They make an order doubtful that only a model
    could put together."""
    otherwise: Forms = ()
    """Words of another wish than an order: beside one, unexplained, they make two of it: 取消那单，再来一杯."""
    soft: Mapping[str, Forms] = Field(default_factory=dict)
    """Guards that an intent is often said with: 能不能 and 说错了 in a change. Who reads by the grammar alone stops at
    them, a model that is sure of the intent need not. A measure word here counts nothing of an order: 领一个."""
    apart: Mapping[str, Forms] = Field(default_factory=dict)
    """Reasons of guards to those of their words that are talk in a clause of their own, which names and orders nothing,
    before one that plainly orders: 打牌呢，来四杯绿茶."""
    offers: Forms = ()
    """Guards that ask whether there is what the words after them order: 有没有奶茶，给我一杯."""
    permits: Mapping[str, Forms] = Field(default_factory=dict)
    """The intents that act and carry no order, and the guards that each is itself said with."""
    commands: Mapping[str, CommandSpec] = Field(default_factory=dict)
    """How these intents are commanded. Beside a command, guards that only say why forbid nothing."""
    around: AroundWords = AroundWords()

    @model_validator(mode="after")
    def _has_one_head(self) -> Self:
        if sum(slot.role == "head" for slot in self.slots.values()) != 1:
            raise ValueError("exactly one slot must have the role 'head'")
        return self
