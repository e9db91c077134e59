"""Debian's Chromium, driven by Playwright; one for all tests of a module."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, sync_playwright

BINARY = shutil.which("chromium")
OPTIONS = (
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


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, headless."""
    require()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BINARY, args=list(OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page of which everything is remembered that should not have happened."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.home = home
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", self._asked)
        page.on("request", self._requested)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _requested(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.home).netloc:
            self.complaints.append(f"asked another place: {request.url}")


@contextmanager
def visit(
    browser: Browser,
    home: str,
    *,
    width: int = 1280,
    scheme: str = "light",
    locale: str = "en-US",
) -> Iterator[Watched]:
    """A fresh profile on the page at ``home``."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        locale=locale,
        reduced_motion="reduce",
    )
    try:
        watched = Watched(context.new_page(), home)
        watched.page.goto(home)
        yield watched
    finally:
        context.close()
