"""Sections of ``grammar.yaml`` for intents that act: how they are commanded, and what makes them doubtful."""

from __future__ import annotations

from cascade.grammar.forms import Forms, Record


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
    asks: Forms = ()
    """What a question begins with that may ask for it: 能不能."""
    asked: Forms = ()
    """What such a question ends with: 吗."""
    asked_of_own: bool = False
    """Whether to ask whether it can be done with what is one's own asks for it: 能取消我那单吗."""
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
    excepts: Forms = ()
    """Guards that say of which cup something else does not hold: 除了."""
    complaints: Forms = ()
    """Questions that want no answer: 怎么还没送."""
    wonders: Forms = ()
    """Questions that want one, whatever is commanded then: 怎么领."""
    passing: Forms = ()
    """Guards of other reasons that in a clause before a command may only say why: 别人."""
    mistaken: Forms = ()
    """Right before a detail, show that it is what came by mistake: 点成."""
    habits: Forms = ()
    """Guards that say how often something is: 天天."""
    times: Forms = ()
    """Guards that say when something was: 昨天."""
    again: Forms = ()
    """In a command, show that what was done before is to be done once more: 再."""
    statements: Forms = ()
    """Particles of questions that also end statements: 呢."""
    whereabouts: Forms = ()
    """Begin what says where somebody is, or what they are doing: 我在 in 我在夜市呢."""
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


class BoundWords(Record):
    """What makes a value no value that is asked for."""

    before: Forms = ()
    """Right before it, say that it may be more or less: 至少 in 至少半糖."""
    after: Forms = ()
    """The same right after it, or that it names who likes it so: 以下 in 半糖以下, 党 in 少冰党."""
    much: Forms = ()
    """After what would leave a part out, say that there shall only be less of it: 那么多."""


class DoubtWords(Record):
    """What makes an intent doubtful that only a model could tell: it is told, asked, considered, or not all said."""

    anywhere: Forms = ()
    """Wherever they stand: 后者少糖, 差点取消订单."""
    last: Forms = ()
    """Where nothing but particles follows: 来一杯奶茶，逗你玩, not 逗你玩的，来一杯."""
    meant: Forms = ()
    """What holds one of the others and says the opposite, or ends with it: 没跟你开玩笑, 现在想取消."""
    ends: Forms = ()
    """Where the text ends with it, signs and particles with it: 就这个？ asks whether, and confirms nothing."""
    done: Forms = ()
    """Right after a value that something leads to: 改成大杯了吧 asks whether it is done."""
    awaited: Forms = ()
    """Where a clause that asks for something begins with it: 等雨停给我来杯拿铁, not 等雨停呢，来杯拿铁."""


class WithheldWords(Record):
    """What is said of a flag that is not spent, and what asks for one without naming it."""

    kept: Forms = ()
    """Beside a flag, say that it is not there, or not to be spent: 留着, 被我删了."""
    spared: Forms = ()
    """Hold one of these and say nothing of the kind: 不用白不用, 别忘."""
    spent: Forms = ()
    """After them, spend it all the same: 不用券，还是用吧."""
    refused: Forms = ()
    """Refuse a flag, whatever else an order says: 先不用券."""
    meant: Forms = ()
    """Ask for something for nothing: 白嫖."""
    denied: Forms = ()
    """Right before these, ask for no such thing: 不白嫖."""
