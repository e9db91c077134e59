"""A real Chromium for the pages, Debian's, driven by Playwright; never a downloaded one.

Import the fixtures ``chromium`` and ``open_page`` into a test module. A page that logs an error to its console, throws,
or asks for anything outside the loopback fails its test when it is closed.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

BINARY = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def require() -> None:
    """Skip by name without the browser; fail in CI."""
    if BINARY is None and os.environ.get("CI") == "true":
        pytest.fail("chromium must be there in CI: it is Debian's package chromium")
    if BINARY is None:
        pytest.skip("chromium is not installed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser, started once a module: while it runs, no other event loop can run in this thread."""
    require()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BINARY, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open an address in a fresh context; keywords are those of Playwright's ``new_context``."""
    contexts: list[Any] = []
    problems: list[str] = []

    def note(kind: str) -> Callable[[Any], None]:
        return lambda what: problems.append(f"{kind}: {what}")

    def opened(address: str, **context: Any) -> Any:
        contexts.append(chromium.new_context(**context))
        page = contexts[-1].new_page()
        page.on("console", lambda message: note("console")(message.text) if message.type == "error" else None)
        page.on("pageerror", note("thrown"))
        page.on("request", lambda request: None if is_local(request.url) else note("outside")(request.url))
        page.goto(address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert problems == []


def is_local(url: str) -> bool:
    """Whether a request stays on this machine."""
    return url.startswith(("http://127.0.0.1:", "data:", "blob:"))


def axe_violations(page: Any) -> list[str]:
    """What axe finds wrong on the page as it stands, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
