"""The chat page in a real Chromium: what is typed becomes an order, and the page is fit for everybody."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from browser import axe_violations, chromium, open_page

from tea_shop.kit import Counter
from tea_shop.server import serving

__all__ = ["chromium", "open_page"]
pytestmark = pytest.mark.integration
PHONE = {"viewport": {"width": 390, "height": 780}}


@pytest.fixture
def address(counter: Counter) -> Iterator[str]:
    with serving(counter) as url:
        yield url


def say(page: Any, text: str) -> None:
    page.get_by_role("textbox", name=re.compile("想喝什么|What would")).fill(text)
    page.keyboard.press("Enter")


def test_a_typed_sentence_shows_an_order(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    say(page, "千问，帮我点杯奶茶")
    card = page.locator("#log .card")
    card.get_by_text("奶茶").wait_for()
    card.get_by_text("T0001").wait_for()
    assert page.locator("#orders .card").count() == 1
    page.get_by_role("button", name="用券").click()
    card.get_by_text("实付 ¥0").wait_for()
    page.locator(".voucher.spent").wait_for()
    assert page.locator("#log .card").count() == 1


def test_a_clarifying_question_has_buttons(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    say(page, "千问，帮我点一杯少糖少冰、适合备考的奶茶")
    button = page.get_by_role("button", name=re.compile("点：.*少糖"))
    button.wait_for()
    assert page.locator("#orders .card").count() == 0
    button.focus()
    page.keyboard.press("Enter")
    page.locator("#orders .card").get_by_text("备注：适合备考").wait_for()


def test_a_double_click_orders_once(address: str, open_page: Callable[..., Any], counter: Counter) -> None:
    page = open_page(address)
    order = page.get_by_role("button", name="点一杯 珍珠奶茶")
    order.dblclick()
    page.locator("#log .card").wait_for()
    page.get_by_role("button", name="不用了").dblclick()
    page.get_by_text("好的，不动。").wait_for()
    assert counter.check().counts["orders"] == 1
    assert page.locator("#log .turn").count() == 3


def test_a_lost_answer_is_asked_for_again_and_counts_once(
    address: str, open_page: Callable[..., Any], counter: Counter
) -> None:
    page = open_page(address)
    page.get_by_role("button", name="点一杯 珍珠奶茶").wait_for()
    lost: list[str] = []

    def lose_first(route: Any) -> None:
        lost.append(route.request.headers["idempotency-key"])
        if len(lost) == 1:
            headers = {**route.request.headers}
            headers.pop("host", None)
            httpx.post(route.request.url, content=route.request.post_data, headers=headers, trust_env=False)
            route.fulfill(status=200, body="{", content_type="application/json")
        else:
            route.continue_()

    page.route("**/api/say", lose_first)
    say(page, "千问，帮我点杯奶茶")
    page.locator("#log .card").wait_for()
    for _ in range(200):  # on a busy machine the order may be seen before it is asked for again
        if len(lost) > 1:
            break
        page.wait_for_timeout(50)
    assert len(lost) == 2
    assert len(set(lost)) == 1
    assert counter.check().counts["orders"] == 1


def test_the_talk_is_still_there_after_a_reload(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    say(page, "帮我点二十杯奶茶")
    page.get_by_role("button", name="下单").wait_for()
    page.reload()
    page.get_by_role("button", name="下单").click()
    page.locator("#log .card").get_by_text("20 ×").wait_for()


def test_what_is_typed_is_never_markup(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    say(page, "<img src=x onerror=alert(1)>")
    page.locator("#log .bubble.you").get_by_text("<img src=x onerror=alert(1)>").wait_for()
    assert page.locator("#log img").count() == 0


def test_the_language_is_switched_everywhere(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    say(page, "千问，帮我点杯奶茶")
    page.locator("#log .card").wait_for()
    page.get_by_role("button", name="English").click()
    page.locator("#log .bubble.shop").get_by_text("Ordered: 1 × House milk tea.").wait_for()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("heading", name="My orders").is_visible()
    page.reload()
    page.get_by_role("heading", name="My orders").wait_for()


def test_a_friend_comes_by_the_link(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    page.locator(".voucher").wait_for()
    link = page.locator("#link").input_value()
    open_page(link).locator(".voucher").wait_for()
    page.reload()
    page.locator(".voucher").nth(1).wait_for()
    assert page.get_by_text("已邀请 1 位").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(
    address: str, open_page: Callable[..., Any], device: dict[str, Any], scheme: str
) -> None:
    page = open_page(address, color_scheme=scheme, **device)
    say(page, "千问，帮我点杯奶茶，用免单卡")
    page.locator("#log .card").wait_for()
    say(page, "千问，帮我点一杯少糖少冰、适合备考的奶茶")
    page.locator(".options").wait_for()
    for language in ("English", "中文"):
        assert axe_violations(page) == []
        if device:
            for tab in page.locator(".tabs button").all():
                tab.click()
                assert axe_violations(page) == []
        page.get_by_role("button", name=language, exact=True).click()


def test_a_phone_shows_one_thing_at_a_time_and_nothing_sticks_out(
    address: str, open_page: Callable[..., Any]
) -> None:
    page = open_page(address, **PHONE)
    page.get_by_role("textbox", name="想喝什么").wait_for()
    for name, shown in (("菜单", "#menu"), ("我的", "#mine"), ("聊天", "#chat")):
        page.get_by_role("button", name=name, exact=True).click()
        visible = [one for one in ("#menu", "#chat", "#mine") if page.locator(one).is_visible()]
        assert visible == [shown]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_keyboard_reaches_everything(address: str, open_page: Callable[..., Any]) -> None:
    page = open_page(address)
    page.locator(".drink").nth(8).wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.type("来一杯美式")
    page.keyboard.press("Enter")
    page.locator("#log .card").get_by_text("美式").wait_for()
