"""The console in a real browser: what it shows, what its keys do, and that nothing of it is an error."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import PATIENCE_MS, Watched, axe_violations, chromium, require, visit
from playwright.sync_api import Browser, Page, Route, expect

from cascade.observe.decision_log import DecisionLog, read_decisions
from cascade.policy import ThresholdPolicy
from cascade.traffic import TrafficSpec
from integrations.kit import KEY, LOCKED, NEGATED, ORDER, UNCLEAR, Service, chitchat, serving

__all__ = ["chromium"]

HOSTILE = "千问，帮我点几杯<img src=x>少糖少冰、适合减脂的奶茶"

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    require()
    with DecisionLog(tmp_path) as log:
        yield Service(chitchat(model="qwen-plus"), log=log, traffic=TrafficSpec())


@pytest.fixture
def home(service: Service) -> Iterator[str]:
    with serving(service.app) as port:
        yield f"http://127.0.0.1:{port}/"


def asked(page: Page, text: str) -> None:
    page.locator("#try-text").fill(text)
    page.locator("#try-text").press("Enter")
    expect(page.locator("#result .spoken")).to_have_text(text)


def queued(page: Page, number: int) -> None:
    expect(page.locator("#items .entry")).to_have_count(number)


@pytest.mark.parametrize(
    ("width", "scheme", "locale", "title"),
    [
        (1280, "light", "en-US", "Try a sentence"),
        (1280, "dark", "zh-CN", "试一句话"),
        (390, "light", "zh-TW", "试一句话"),
        (390, "dark", "de-DE", "Try a sentence"),
    ],
)
def test_the_page_is_whole_and_open_to_everybody(
    chromium: Browser, service: Service, home: str, width: int, scheme: str, locale: str, title: str
) -> None:
    for text in (ORDER, NEGATED, UNCLEAR, HOSTILE):
        service.cascade.classify(text)
    with visit(
        chromium, home, viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale
    ) as seen:
        page = seen.page
        expect(page.locator("#try-title")).to_have_text(title)
        asked(page, UNCLEAR)
        queued(page, 2)
        expect(page.locator("#hosts tbody tr")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe_violations(page) == []
    assert seen.complaints == []


def test_every_turn_is_shown_with_what_was_asked_of_it(
    chromium: Browser, service: Service, home: str
) -> None:
    policy = service.cascade.policy
    assert isinstance(policy, ThresholdPolicy)
    threshold = policy.threshold("order_drink")
    assert threshold is not None
    with visit(chromium, home) as seen:
        asked(seen.page, UNCLEAR)
        rules, classifier, llm = seen.page.locator(".step").all()
        expect(rules).to_contain_text("understood so far: order_drink")
        expect(rules.locator("mark").first).to_contain_text("适合备考")
        expect(classifier).to_contain_text("proposed order_drink")
        expect(classifier).to_contain_text(f"asked for {threshold.confidence:g}")
        expect(classifier.locator(".gauge .tick")).to_have_count(1)
        expect(classifier.locator(".cost")).to_contain_text("¥")
        expect(llm).to_contain_text("proposed chitchat")
        asked(seen.page, ORDER)
        expect(seen.page.locator(".step.unneeded")).to_have_count(2)
        expect(seen.page.locator("#result .answer").first).to_contain_text("珍珠奶茶")
        # JavaScript counts in halves of what lies beyond 16 bits; the service counts whole characters.
        parts = "view.marked('🧋少糖奶茶', [{start: 1, end: 3}])"
        second = f"import('./console/view.js').then((view) => {parts}[1].textContent)"
        assert seen.page.evaluate(second) == "少糖"
    assert seen.complaints == []


def test_the_figures_are_those_of_the_service(chromium: Browser, service: Service, home: str) -> None:
    for _ in range(30):
        service.cascade.classify(ORDER)
    with visit(chromium, home) as seen:
        page = seen.page
        expect(page.locator("#numbers")).to_contain_text("30")
        expect(page.locator(".legend .rules")).to_contain_text("100 %")
        expect(page.locator("#traffic")).to_contain_text("No question has reached it yet.")
        asked(page, UNCLEAR)
        expect(page.locator("#tiers tbody tr")).to_have_count(4)
        expect(page.locator("#hosts")).to_contain_text("closed")
        expect(page.locator("#state")).to_have_text("live")
    assert seen.complaints == []


def test_a_hand_on_the_rung(chromium: Browser, service: Service, home: str) -> None:
    with visit(chromium, home) as seen:
        page = seen.page
        red = page.get_by_role("button", name="red", exact=True)
        red.click()
        expect(red).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#rung-means")).to_contain_text("held by hand")
        assert service.cascade.traffic is not None
        assert service.cascade.traffic.held == "red"
        page.get_by_role("button", name="by load").click()
        expect(red).to_have_attribute("aria-pressed", "false")
        assert service.cascade.traffic.held is None
    assert seen.complaints == []


def test_one_key_corrects_and_the_log_has_it(
    chromium: Browser, service: Service, home: str, tmp_path: Path
) -> None:
    texts = [f"{UNCLEAR}{number}" for number in range(4)]
    for text in texts:
        service.cascade.classify(text)
    with visit(chromium, home) as seen:
        page = seen.page
        queued(page, 4)
        page.locator("#items .entry").first.focus()
        page.keyboard.press("Enter")  # the newest: its first guess is right
        queued(page, 3)
        page.keyboard.press("7")
        queued(page, 2)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("x")
        queued(page, 1)
        page.keyboard.press("r")
        queued(page, 0)
        expect(page.locator("#labels-note")).to_have_text("written: out_of_scope")
    assert seen.complaints == []
    assert service.books.log is not None
    service.books.log.flush()
    written = {
        record.text: record.corrected.intent
        for record in read_decisions(tmp_path, kinds=["correction"])
        if record.corrected is not None
    }
    assert written == {texts[3]: "chitchat", texts[2]: "query_menu", texts[1]: "out_of_scope"}


def test_letters_that_are_typed_elsewhere_correct_nothing(
    chromium: Browser, service: Service, home: str
) -> None:
    service.cascade.classify(UNCLEAR)
    with visit(chromium, home) as seen:
        queued(seen.page, 1)
        seen.page.locator("#try-text").focus()
        seen.page.keyboard.type("x17r")
        seen.page.locator("body").press("x")
        assert len(service.books.queue) == 1
        queued(seen.page, 1)


def test_without_a_log_nothing_can_be_corrected(chromium: Browser) -> None:
    require()
    service = Service()
    service.cascade.classify(UNCLEAR)
    with serving(service.app) as port, visit(chromium, f"http://127.0.0.1:{port}/") as seen:
        queued(seen.page, 1)
        expect(seen.page.locator("#labels-hint")).to_contain_text("--log")
        expect(seen.page.get_by_role("button", name="That is right")).to_be_disabled()
        expect(seen.page.locator("#rung")).to_contain_text("no large model")
        assert axe_violations(seen.page) == []
    assert seen.complaints == []


def test_hostile_words_are_words(chromium: Browser, service: Service, home: str) -> None:
    service.cascade.classify(HOSTILE)
    with visit(chromium, home) as seen:
        asked(seen.page, HOSTILE)
        expect(seen.page.locator("#items .said").first).to_have_text(HOSTILE)
        expect(seen.page.locator("#item .spoken")).to_have_text(HOSTILE)
        assert seen.page.locator("main img, main script").count() == 0
    assert seen.complaints == []


def test_the_key_is_asked_for_once_and_opens_everything(chromium: Browser) -> None:
    require()
    service = Service(chitchat(), spec=LOCKED, traffic=TrafficSpec())
    with serving(service.app) as port, visit(chromium, f"http://127.0.0.1:{port}/") as seen:
        page = seen.page
        dialog = page.locator("#key-dialog")
        expect(dialog).to_be_visible()
        assert axe_violations(page) == []
        assert seen.complaints == []  # a page that has no key asks nothing that would be refused
        _give(page, "not-the-key-of-this-service")
        expect(page.locator("#state")).to_have_text("a key is asked for")
        expect(dialog).to_be_visible()
        refused = len(seen.complaints)
        assert refused > 0
        assert all("401" in one for one in seen.complaints)
        _give(page, KEY)
        expect(page.locator("#state")).to_have_text("live")
        page.get_by_role("button", name="amber").click()
        expect(page.locator("#rung-means")).to_contain_text("held by hand")
        page.reload()
        expect(page.locator("#state")).to_have_text("live")
        assert KEY not in page.content()
        assert service.cascade.traffic is not None
        assert service.cascade.traffic.held == "amber"


def test_a_late_refusal_of_the_key_before_says_nothing_of_the_new_one(chromium: Browser) -> None:
    require()
    late: list[Route] = []

    def hold(route: Route) -> None:
        if late or "not-the-key" not in route.request.headers.get("authorization", ""):
            route.continue_()
        else:
            late.append(route)

    service = Service(chitchat(), spec=LOCKED, traffic=TrafficSpec())
    with serving(service.app) as port, visit(chromium, f"http://127.0.0.1:{port}/") as seen:
        page = seen.page
        dialog = page.locator("#key-dialog")
        expect(dialog).to_be_visible()
        page.route("**/v1/status", hold)
        _give(page, "not-the-key-of-this-service")
        expect(dialog).to_be_visible()  # a later question was refused while the first one waits
        _give(page, KEY)
        expect(page.locator("#state")).to_have_text("live")
        with page.expect_response(lambda reply: reply.status == 401):
            late[0].continue_()
        with page.expect_response(lambda reply: reply.url.endswith("/v1/status") and reply.ok):
            pass
        expect(page.locator("#state")).to_have_text("live")
        expect(dialog).to_be_hidden()


def _give(page: Page, key: str) -> None:
    page.locator("#key-input").fill(key)
    page.locator("#key-input").press("Enter")
    expect(page.locator("#key-input")).to_have_value("")


def test_the_keyboard_is_enough(chromium: Browser, home: str) -> None:
    with visit(chromium, home) as seen:
        page = seen.page
        expect(page.locator("#state")).to_have_text("live")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.type(NEGATED)
        page.keyboard.press("Enter")
        expect(page.locator("#result .status")).to_have_text("answered")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "amber":
                break
        page.keyboard.press("Space")
        expect(page.locator(".rung.amber")).to_have_attribute("aria-pressed", "true")
    assert seen.complaints == []


def test_language_and_colours_are_switched_and_kept(chromium: Browser, home: str) -> None:
    with visit(chromium, home) as seen:
        page = seen.page
        page.locator("#language").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
        expect(page.locator("#model-title")).to_have_text("大模型")
        light = _paper(page)
        page.locator("#theme").click()
        page.locator("#theme").click()
        assert _paper(page) != light
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.locator("#model-title")).to_have_text("大模型")
        same = (
            "import('./console/words.js').then(({EN, ZH}) => [EN, ZH].map((all) => Object.keys(all).join()))"
        )
        english, chinese = page.evaluate(same)
        assert english == chinese
    assert seen.complaints == []


def _paper(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_a_service_that_is_gone_is_seen_to_be(chromium: Browser, service: Service) -> None:
    with serving(service.app) as port:
        context = visit(chromium, f"http://127.0.0.1:{port}/")
        seen: Watched = context.__enter__()
        expect(seen.page.locator("#state")).to_have_text("live")
    try:
        expect(seen.page.locator("#state")).to_contain_text("no answer for")
    finally:
        context.__exit__(None, None, None)
