"""What is only told: the menu, vouchers, orders, invitations. Nothing changes here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from examples.tea_shop import basket, invitations, menu, orders, vouchers
from examples.tea_shop.actions import Outcome
from examples.tea_shop.context import Turning
from examples.tea_shop.menu import CAMPAIGN_CENTS, PRODUCTS
from examples.tea_shop.models import Order
from examples.tea_shop.texts import Said, english, joined, said, yuan
from examples.tea_shop.vouchers import Gift

STATES: Mapping[str, Said] = {
    "placed": said("正在通知店里", "on its way to the shop"),
    "accepted": said("店里已接单", "accepted by the shop"),
    "cancelled": said("已取消", "cancelled"),
    "refused": said("店里没接，券已退回", "refused by the shop; any voucher is yours again"),
}


def claim(turn: Turning) -> Outcome:
    """Give today's voucher, once."""
    given = vouchers.give(turn.session, turn.customer, Gift("off", "campaign", CAMPAIGN_CENTS), turn.now)
    off = yuan(CAMPAIGN_CENTS)
    if given:
        return Outcome(text=said(f"领到了：{off} 立减券一张。", f"Yours: a voucher for {off} off."))
    return Outcome(text=said("今天的券你已经领过了。", "You have today's voucher already."))


def tell(turn: Turning, about: str) -> Outcome:
    """Answer a question about something."""
    return TELLERS.get(about, _cannot)(turn)


def _menu(_: Turning) -> Outcome:
    drinks = joined(
        said(f"{product.name} {yuan(product.cents)}", f"{product.english} {yuan(product.cents)}")
        for product in PRODUCTS
    )
    return Outcome(text=said("今天有：", "Today:") + drinks + said("。", "."))


def _recommend(turn: Turning) -> Outcome:
    sold = turn.session.execute(select(Order.lines).order_by(Order.placed_at.desc()).limit(200)).scalars()
    counted: dict[str, int] = {}
    for lines in sold:
        for line in lines:
            counted[line["product"]] = counted.get(line["product"], 0) + line["quantity"]
    best = max(counted, key=lambda name: counted[name], default="珍珠奶茶")
    (product,) = menu.products(best)
    return Outcome(
        text=said(
            f"今天点得最多的是{best}，{yuan(product.cents)}。说“来一杯{best}”就下单。",
            f"Most ordered today: {english(best)}, {yuan(product.cents)}. Say “来一杯{best}” to order it.",
        )
    )


def _coupons(turn: Turning) -> Outcome:
    free = vouchers.free(turn.session, turn.customer)
    if not free:
        return Outcome(
            text=said(
                "现在没有可用的券。邀请好友能得一张。",
                "You have no voucher now. Inviting a friend earns one.",
            )
        )
    told = joined(said(yuan(voucher.value_cents), yuan(voucher.value_cents)) for voucher in free)
    return Outcome(
        text=said(f"你有 {len(free)} 张可用的券，最高抵：", f"You have {len(free)} vouchers, worth up to: ")
        + told
        + said("。不会过期，一单用一张。", "They do not expire; one per order.")
    )


def _order(turn: Turning) -> Outcome:
    found = orders.recent(turn.session, turn.customer)
    if not found:
        return Outcome(text=said("你还没有下过单。", "You have not ordered yet."))
    newest = found[0]
    number = f"（{newest.shop_number}）" if newest.shop_number else ""
    text = basket.told(orders.lines_of(newest)) + said("：", "— ") + STATES[newest.state]
    return Outcome(text=text + said(f"{number}。", newest.shop_number or ""), order=newest.id)


def _invite(turn: Turning) -> Outcome:
    count = invitations.brought(turn.session, turn.customer)
    return Outcome(
        text=said(
            f"把“我的”里的邀请链接发给好友，好友第一次来，你得一张免单卡。已邀请 {count} 位。",
            f"Send a friend the link beside “Invite”; when they come, you get a free-order card. So far: {count}.",
        )
    )


def _support(_: Turning) -> Outcome:
    return Outcome(
        text=said(
            "人工客服：400-000-0206。要退单请说“取消订单”。",
            "Support: 400-000-0206. To cancel, say “取消订单”.",
        )
    )


def _chat(_: Turning) -> Outcome:
    return Outcome(text=said("我只会点奶茶，想喝什么？", "I only know tea. What would you like to drink?"))


def _cannot(_: Turning) -> Outcome:
    return Outcome(
        text=said(
            "这个我帮不上，我是点奶茶的。没有下单。", "That is beyond a tea shop. Nothing was ordered."
        ),
        kind="nothing",
    )


TELLERS: Mapping[str, Callable[[Turning], Outcome]] = {
    "query_menu": _menu,
    "recommend_drink": _recommend,
    "query_coupon": _coupons,
    "query_order": _order,
    "invite_friend": _invite,
    "request_support": _support,
    "chitchat": _chat,
}
