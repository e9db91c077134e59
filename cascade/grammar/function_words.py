"""The words that hold an order together, in classes by what they do: the ``words`` of ``grammar.yaml``.

They are most of what the file says and grow with every way to order, where the sections of the file stay as they are.
The names of the classes are the roles that a word of an utterance may have.
"""

from __future__ import annotations

from cascade.grammar.forms import Forms, Record


class Words(Record):
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
    severally: Forms = ()
    """A ``sort`` before as many things as are ordered, one for each: 三杯奶茶，分别半糖、少糖、全糖."""
    variety: Forms = ()
    """A measure word that counts kinds: 三种奶茶 are no three of one."""
    couple: Forms = ()
    """A ``person`` that is two people: 爸妈."""
    crowd: Forms = ()
    """What a ``person`` holds that is nobody knows how many: 们 in 同事们. No words of their own."""
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
    house: Forms = ()
    """An ``of`` after who sells it, so that a value before it may be a name: 七分甜家的杨枝甘露."""
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
    settles: Forms = ()
    """A ``final`` that stays with a wish that says where to put it: 放一楼大厅就行."""
    set_down: Forms = ()
    """What such a wish begins with: 放. No words of their own."""
    contrast: Forms = ()
    """Before what something is not, where it is said beside it what it is: 是半糖不是全糖."""
    adjust: Forms = ()
    """What a value begins with that may be said of a cup that there is: 少放点冰. No words of their own."""
    either: Forms = ()
    """What a wish begins with that may be what was ordered: 那杯牛奶换成豆浆. No words of their own."""
    lately: Forms = ()
    """What a ``reference`` begins with that says when it was ordered: 我刚点的那杯. No words of their own."""
    shift: Forms = ()
    """Before so many minutes, sooner or later than it was to be: 推迟半小时."""
    unspent: Forms = ()
    """A ``filler`` that is a wish where an order that exists is spoken of: 那单别用券."""
    kept_back: Forms = ()
    """A ``filler`` that says of a flag that it is not spent: 券先留着. Beside one that is, nobody can tell."""
    sharp: Forms = ()
    """After an hour, says that it is that exactly: 四点整."""
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
    hither: Forms = ()
    """After what is brought: 送杯奶茶过来."""
    redeem: Forms = ()
    """A ``carrier`` that pays for what it orders with a flag, said or not: 兑一杯奶茶."""
    which: Forms = ()
    """Between ``spend`` and a flag, or before a flag that is then spent, says which: 用那张免单卡."""
    purse: Forms = ()
    """What may be a flag too, and is one only where it is spent: 红包 in 把红包用掉, not 发个红包."""
    intended: Forms = ()
    """Right before a flag, what it is for or how it was come by: 学生 in 用学生券."""
    duly: Forms = ()
    """Beside ``spend``, says nothing: 自动."""
    pays: Forms = ()
    """A ``spend`` that is also done with what is no flag: 刷卡."""
    again_named: Forms = ()
    """What a ``spend`` ends with that points back at a flag: 用它. No words of their own."""
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
    once: Forms = ()
    """What a ``change`` ends with that says not of what: 一下 in 换一下. No words of their own."""
    happened: Forms = ()
    """A ``because`` that tells what came to pass, and may follow without a pause: 改成八杯家里来客人了."""
    intend: Forms = ()
    """Right before ``change``: 我想改成半糖."""
    mine: Forms = ()
    """Before a name, where something is changed, it points at no other: 我的奶茶."""
    rightly: Forms = ()
    """After a ``statement``, before what it should have been: 点错了，应该是大杯."""
    aspect: Forms = ()
    """Right before ``change``, what of an order is changed: 甜度改成半糖."""
