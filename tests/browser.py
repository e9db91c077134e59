"""A real Chromium for the pages, Debian's, driven by Playwright; never a downloaded one.

Import the fixtures into a test module: ``chromium``, and ``open_page`` for pages that must end without a complaint. A
test that expects complaints, or judges them by itself, opens its page with :func:`visit`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

BINARY = shutil.which("chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 60_000
"""A busy machine draws slowly; nothing is waited for longer than it takes."""


def require() -> None:
    """Skip by name without the browser; fail in CI."""
    if BINARY is None and os.environ.get("CI") == "true":
        pytest.fail("chromium must be there in CI: it is Debian's package chromium")
    if BINARY is None:
        pytest.skip("chromium is not installed")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, started once a module: while it runs, no other event loop can run in this thread."""
    require()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BINARY, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page of which everything is remembered that should not have happened: errors and warnings in its console,
    what it throws, dialogs, and requests to any place but ``home``'s."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = urlsplit(home).netloc
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(f"thrown: {error}"))
        page.on("dialog", self._asked)
        page.on("request", self._requested)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.netloc != self.home and url.scheme not in ("data", "blob"):
            self.complaints.append(f"asked another place: {request.url}")


@contextmanager
def visit(browser: Browser, home: str, **context: Any) -> Iterator[Watched]:
    """A fresh profile on the page at ``home``; keywords are those of Playwright's ``new_context``."""
    with browser.new_context(**{"locale": "en-US", "reduced_motion": "reduce", **context}) as profile:
        watched = Watched(profile.new_page(), home)
        watched.page.goto(home)
        yield watched


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages as :func:`visit` does; the test fails at its end if there was a complaint of any of them."""
    opened: list[Watched] = []
    with ExitStack() as stack:

        def one(address: str, **context: Any) -> Page:
            opened.append(stack.enter_context(visit(chromium, address, **context)))
            return opened[-1].page

        yield one
    assert [complaint for watched in opened for complaint in watched.complaints] == []


def axe_violations(page: Page) -> list[str]:
    """What axe finds wrong on the page as it stands, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]
