"""The report: made of the committed results, opened in a real browser, the same as RESULTS.md."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from browser import axe_violations, chromium, open_page

from benchmarks import report
from benchmarks.report.markdown import markdown
from benchmarks.report.page import page

__all__ = ["chromium", "open_page"]

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and logs nothing."""

    def log_message(self, *told: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("report")
    report.write_report(RESULTS, folder / "report.html", folder / "RESULTS.md")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/report.html"
    server.shutdown()
    thread.join()
    server.server_close()


def test_results_md_is_what_the_results_say() -> None:
    made = markdown(report.make(report.read(RESULTS)))
    assert (ROOT / "RESULTS.md").read_text(encoding="utf-8") == made, "run: python -m benchmarks report"


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = page(report.make(report.read(RESULTS)))
    assert not re.search(r"""(?:src|href)=["'](?!#|data:,)|@import|url\(|<script""", text)
    for drawing in re.findall(r"<svg .*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(drawing)


def test_results_are_stamped() -> None:
    for name, result in report.read(RESULTS).items():
        assert {"commit", "date", "machine", "python", "packages"} <= set(result), name
        assert str(Path(__file__).resolve().parents[2]) not in json.dumps(result, ensure_ascii=False), name


def test_a_part_that_is_missing_is_listed_as_not_measured(tmp_path: Path) -> None:
    found = report.read(RESULTS)
    only = {"orders": found["orders"]}
    (tmp_path / "orders.json").write_text(json.dumps(found["orders"]), encoding="utf-8")
    assert report.read(tmp_path) == only
    text = markdown(report.make(only))
    assert "promo: not run" in text
    assert "accuracy: not run" in text


def test_without_results_it_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(report.NoResults, match="python -m benchmarks all"):
        report.read(tmp_path)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_finds_nothing_wrong(open_page: Callable[..., Any], address: str, scheme: str) -> None:
    shown = open_page(address, color_scheme=scheme, viewport={"width": 1100, "height": 900})
    assert axe_violations(shown) == []
    assert shown.locator("figure svg[role=img]").count() >= 8
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_chinese_words_fit_their_drawings(open_page: Callable[..., Any], address: str) -> None:
    shown = open_page(address, viewport={"width": 1100, "height": 900})
    cut = shown.evaluate(
        """() => [...document.querySelectorAll('figure svg[role=img]')].flatMap(svg => {
            const box = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const one = text.getBoundingClientRect();
                return one.left < box.left - 1 || one.right > box.right + 1;
            }).map(text => text.textContent);
        })"""
    )
    assert cut == []
    assert shown.locator("svg text", has_text="裸下单").count() == 1


def test_it_is_readable_on_a_telephone_and_on_paper(open_page: Callable[..., Any], address: str) -> None:
    shown = open_page(address, viewport={"width": 390, "height": 800})
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    printed = shown.pdf(prefer_css_page_size=True, print_background=True)
    assert printed.startswith(b"%PDF")
    assert len(printed) > 20_000
