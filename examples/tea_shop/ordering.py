"""Placing an order: whatever is in doubt is asked before anything is written."""

from __future__ import annotations

from sqlalchemy import select

from cascade.orders import OrderIntent, OrderItem
from examples.tea_shop import basket, menu, orders, vouchers
from examples.tea_shop.actions import NOTHING, Action, Ask, Doubt, Option, Outcome, choice, yes
from examples.tea_shop.basket import Line, Several
from examples.tea_shop.context import Turning
from examples.tea_shop.models import LIVE, Order, Voucher
from examples.tea_shop.orders import Wish
from examples.tea_shop.texts import Said, english, said, yuan

MANY_CUPS = 10
AGAIN_S = 120.0
"""The same order again within so many seconds is more likely a second click than a second thirst."""


def order(turn: Turning, action: Action) -> Outcome:
    """Place what the action asks for; raises :class:`~examples.tea_shop.actions.Ask` when something is in doubt."""
    answer = action.answer
    assert answer is not None
    lines = _lines(turn, action, answer)
    _doubt_brand(action, answer, lines)
    total = basket.total_cents(lines)
    voucher = _voucher(turn, action, lines, total)
    doubt_amount(action, lines, total - (min(voucher.value_cents, total) if voucher else 0))
    wish = Wish(lines, _fulfilment(answer), _note(action, answer), voucher)
    _doubt_again(turn, action, wish)
    placed = orders.place(turn, wish)
    text = said("下单了：", "Ordered:") + basket.told(lines) + said("。", ".") + price(placed)
    free = vouchers.free(turn.session, turn.customer)
    if voucher is not None or not free:
        return Outcome(text, "placed", placed.id)
    question, options = _offer(placed, free[0])
    return Outcome(text + question, "placed", placed.id, options)


def price(order: Order) -> Said:
    """What is to be paid, and what a voucher took off."""
    due = order.total_cents - order.discount_cents
    if not order.discount_cents:
        return said(f"合计 {yuan(due)}。", f"Total {yuan(due)}.")
    off = yuan(order.discount_cents)
    return said(f"用券减 {off}，实付 {yuan(due)}。", f"Voucher −{off}, to pay {yuan(due)}.")


def not_sold(name: str) -> Outcome:
    """The shop has no such thing."""
    return Outcome(
        text=said(
            f"店里没有“{name}”，没有下单。看看菜单？",
            f"We do not sell “{name}”; nothing was ordered. See the menu?",
        ),
        kind="nothing",
    )


def _offer(placed: Order, voucher: Voucher) -> tuple[Said, tuple[Option, ...]]:
    use = Action(do="use_voucher", order=placed.id)
    off = yuan(min(voucher.value_cents, placed.total_cents))
    question = said(f"你有一张券，这单能减 {off}，要用吗？", f"You have a voucher worth {off} here. Use it?")
    return question, (yes(said("用券", "Use it"), use), NOTHING)


def _lines(turn: Turning, action: Action, answer: OrderIntent) -> tuple[Line, ...]:
    if not answer.items or any(item.drink is None for item in answer.items):
        raise _again_or_which(turn, answer)
    try:
        return tuple(basket.lines(answer.items))
    except Several as several:
        raise Ask(
            said("要哪一种？", "Which one?"),
            [
                choice(said(name, english(name)), _with_drink(action, several.item, name))
                for name in several.choices
            ]
            + [NOTHING],
        ) from several


def _with_drink(action: Action, at: int, name: str) -> Action:
    assert action.answer is not None
    items = list(action.answer.items)
    items[at] = items[at].model_copy(update={"drink": name})
    return action.model_copy(update={"answer": action.answer.model_copy(update={"items": tuple(items)})})


def _again_or_which(turn: Turning, answer: OrderIntent) -> Ask:
    """No drink was named. The order before may be meant; that is asked and not assumed."""
    before = orders.last(turn.session, turn.customer)
    plain = len(answer.items) == 1 and not answer.items[0].model_dump(
        exclude_defaults=True, exclude={"quantity"}
    )
    if before is None or not plain:
        options = [_one(product.name, answer) for product in menu.PRODUCTS[:4]]
        return Ask(said("想喝哪一种？", "Which drink would you like?"), [*options, NOTHING])
    lines = orders.lines_of(before)
    if "quantity" in answer.items[0].model_fields_set:  # so many cups more, and not the whole order
        lines = tuple(line.model_copy(update={"quantity": answer.items[0].quantity}) for line in lines)
        if len(lines) > 1:
            choices = [choice(line.told(), _repeat(answer, (line,))) for line in lines]
            return Ask(said("再来哪一种？", "Which one again?"), [*choices, NOTHING])
    text = said("再来：", "Once more:") + basket.told(lines) + said("，对吗？", "?")
    return Ask(text, [yes(said("再来一份", "Order it"), _repeat(answer, lines)), NOTHING])


def _repeat(answer: OrderIntent, lines: tuple[Line, ...]) -> Action:
    items = tuple(
        OrderItem(drink=line.product, **line.model_dump(exclude={"product", "cents"})) for line in lines
    )
    return Action(do="order", answer=answer.model_copy(update={"items": items}), waived=("again",))


def _one(name: str, answer: OrderIntent) -> Option:
    first = answer.items[0] if answer.items else OrderItem()
    chosen = first.model_copy(update={"drink": name})
    items = (chosen, *answer.items[1:])
    return choice(
        said(name, english(name)), Action(do="order", answer=answer.model_copy(update={"items": items}))
    )


def _doubt_brand(action: Action, answer: OrderIntent, lines: tuple[Line, ...]) -> None:
    brand = next((item.brand for item in answer.items if item.brand), None)
    if brand is not None and "brand" not in action.waived:
        text = said(f"这里不是{brand}。点我们家的这份吗？", f"We are not {brand}. Order ours instead?")
        raise Ask(text + basket.told(lines), sure(action, "brand"))


def doubt_amount(action: Action, lines: tuple[Line, ...], due: int) -> None:
    """Ask about very many cups, and about more money than was said."""
    assert action.answer is not None
    budget = action.answer.budget_cny
    cups = sum(line.quantity for line in lines)
    if cups > MANY_CUPS and "many" not in action.waived:
        text = said(
            f"一共 {cups} 杯，要付 {yuan(due)}，确定吗？", f"That is {cups} cups for {yuan(due)}. Sure?"
        )
        raise Ask(text, sure(action, "many"))
    if budget is not None and due > budget * 100 and "budget" not in action.waived:
        text = said(
            f"要 {yuan(due)}，超出了 {budget:g} 元的预算。还要吗？",
            f"It costs {yuan(due)}, over your {budget:g} yuan. Go on?",
        )
        raise Ask(text, sure(action, "budget"))


def _voucher(turn: Turning, action: Action, lines: tuple[Line, ...], total: int) -> Voucher | None:
    assert action.answer is not None
    if not action.answer.use_coupon or "coupon" in action.waived:
        return None
    free = vouchers.free(turn.session, turn.customer)
    if not free:
        text = said(
            f"没有可用的券了。原价 {yuan(total)} 下单吗？",
            f"You have no voucher left. Order for {yuan(total)}?",
        )
        raise Ask(text + basket.told(lines), sure(action, "coupon"))
    return free[0]


def _doubt_again(turn: Turning, action: Action, wish: Wish) -> None:
    if "again" in action.waived:
        return
    before = turn.session.scalars(
        select(Order).where(
            Order.customer_id == turn.customer,
            Order.state.in_(LIVE),
            Order.placed_at > turn.now - AGAIN_S,
        )
    )
    if any(orders.lines_of(order) == wish.lines for order in before):
        text = said(
            "刚刚已经下过一样的一单。再来一份吗？", "The same order was placed a moment ago. One more?"
        )
        raise Ask(text, sure(action, "again"))


def sure(action: Action, doubt: Doubt) -> list[Option]:
    """Go on all the same, or not."""
    waived = action.model_copy(update={"waived": (*action.waived, doubt)})
    label = said("就这样改", "Change it") if action.do == "modify" else said("下单", "Order it")
    return [yes(label, waived), NOTHING]


def _fulfilment(answer: OrderIntent) -> dict[str, str] | None:
    told = answer.fulfilment.model_dump(exclude_none=True) if answer.fulfilment else {}
    return told or None


def _note(action: Action, answer: OrderIntent) -> str:
    return "；".join([*answer.preferences, *([action.note] if action.note else [])])
