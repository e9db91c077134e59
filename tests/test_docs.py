"""The documentation: its code runs, its commands exist, its site builds strictly and asks nothing of other hosts."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from browser import axe_violations, chromium, open_page
from typer.main import get_command

from benchmarks import __main__ as benchmarks
from cascade.cli import app
from training.retraining.stages import STAGES
from training.stages import ORDER

__all__ = ["chromium", "open_page"]

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "README.zh.md"]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^(?: {4}|\$ )((?:cascade [a-z]|python -m |python scripts/)[^\n]*)$", re.MULTILINE)
COMMANDS: dict[str, Any] = get_command(app).commands  # type: ignore[attr-defined]
MAIN_PAGES = (
    *("index", "contract", "taxi", "promo-day", "benchmarks", "retraining", "deploy/index"),
    *("ledger", "signals", "serve", "traffic", "own-data", "planning"),
)
MEASURED_PAGES = ("taxi", "ledger", "signals", "serve", "traffic", "own-data", "planning")


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", [path for path in PAGES if "```python" in path.read_text()], ids=shown)
def test_every_python_block_of_a_page_runs(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {"__name__": "page"}
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        line = text.count("\n", 0, block.start()) + 1
        exec(compile("\n" * line + block[1], str(page), "exec"), names)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_command_of_a_page_exists(page: Path) -> None:
    for line in COMMAND.findall(page.read_text(encoding="utf-8")):
        problem = wrong_with(line)
        assert not problem, f"{line}: {problem}"


def wrong_with(line: str) -> str:
    """What a command line names that is not there."""
    words = shlex.split(line.split(" #")[0].split(" > ")[0].replace("...", ""), posix=True)
    if words[0] == "cascade":
        if len(words) == 1:
            return ""
        known = COMMANDS.get(words[1])
        if known is None:
            return f"no command {words[1]}"
        options = {name for option in known.params for name in (*option.opts, *option.secondary_opts)}
        flags = {word.partition("=")[0] for word in words[2:] if re.fullmatch(r"--?[a-z-]+(=.*)?", word)}
        return ", ".join(sorted(flags - options - {"-"}))
    if words[1] != "-m":
        return "" if (ROOT / words[1]).is_file() else f"no {words[1]}"
    module, *rest = words[2:]
    if module == "training" and rest and rest[0].islower():
        stages = {*ORDER, *STAGES, "all", "seal"}
        recipes = [word for word in rest[1:] if word.endswith(".toml") and "/" in word]
        lost = [word for word in recipes if not (ROOT / word).is_file()]
        return f"no stage {rest[0]}" if rest[0] not in stages else ", ".join(lost)
    if module == "benchmarks" and rest:
        return "" if rest[0] in (*benchmarks.NAMES, *benchmarks.OTHER) else rest[0]
    return ""


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("cascade brew tea", "no command brew"),
        ("cascade plan --jsn", "--jsn"),
        ("python -m training bake x.toml", "no stage bake"),
        ("python -m training all examples/none.toml", "examples/none.toml"),
        ("python scripts/none.py", "no scripts/none.py"),
        ("python -m benchmarks none", "none"),
        ("cascade plan --ledger SNAPSHOT.json --json > plan.json", ""),
    ],
)
def test_a_command_that_is_not_there_is_found(line: str, problem: str) -> None:
    assert wrong_with(line) == problem


@pytest.mark.parametrize("page", MAIN_PAGES)
def test_both_editions_of_a_page_have_the_same_code_and_headings(page: str) -> None:
    english, chinese = (
        (ROOT / "docs" / f"{page}{suffix}.md").read_text(encoding="utf-8") for suffix in ("", ".zh")
    )
    bare = [[re.sub(r" *#.*", "", block) for block in BLOCK.findall(text)] for text in (english, chinese)]
    assert bare[0] == bare[1]
    levels = [
        re.findall(r"^(#+) ", re.sub(r"```.*?```", "", text, flags=re.S), re.M) for text in (english, chinese)
    ]
    assert levels[0] == levels[1]
    commands = [
        [line.split(" #")[0].rstrip() for line in COMMAND.findall(text)] for text in (english, chinese)
    ]
    assert commands[0] == commands[1]


@pytest.mark.parametrize("page", MEASURED_PAGES)
def test_both_editions_of_a_table_have_the_same_rows_and_figures(page: str) -> None:
    english, chinese = (
        [
            (line.count("|"), sorted(re.findall(r"[0-9]+(?:[.,][0-9]+)*", line)))
            for line in (ROOT / "docs" / f"{page}{suffix}.md").read_text(encoding="utf-8").splitlines()
            if line.startswith("|")
        ]
        for suffix in ("", ".zh")
    )
    assert english == chinese


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_the_site_builds_strictly_in_two_languages_and_loads_nothing_from_elsewhere(site: Path) -> None:
    loads = re.compile(
        r"""<(?:script|img|iframe)[^>]+src=["']?(https?:)?//|<link[^>]+href=["']?(?:https?:)?//"""
    )
    for page in MAIN_PAGES:
        for edition in (site, site / "zh"):
            html = (edition / f"{page}.html").read_text(encoding="utf-8")
            assert not [tag for tag in loads.findall(html) if "canonical" not in tag], page
    assert 'lang="zh"' in (site / "zh" / "index.html").read_text(encoding="utf-8")
    reference = (site / "reference.html").read_text(encoding="utf-8")
    assert "aclassify" in reference
    assert not re.search(r":(?:class|meth|func):", reference)
    for inside in ("fonts.googleapis", "cdn.jsdelivr", "unpkg.com"):
        assert inside not in "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["index.html", "zh/taxi.html", "zh/promo-day.html", "deploy/index.html"])
def test_axe_and_the_console_find_nothing(
    open_page: Callable[..., Any], address: str, page: str, scheme: str
) -> None:
    opened = open_page(f"{address}/{page}", color_scheme=scheme)
    assert axe_violations(opened) == []


def test_the_pages_fit_a_phone(open_page: Callable[..., Any], address: str) -> None:
    opened = open_page(f"{address}/zh/promo-day.html", viewport={"width": 360, "height": 740})
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
