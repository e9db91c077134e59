"""``cascade doctor``: is everything there, and does the large model's server do what it must."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from cascade.cli import common
from cascade.cli.common import BundleOption, LLMOption, command, console, shown
from cascade.errors import BackendError, BundleError, CascadeError, ConfigurationError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from cascade.backends.base import BackendHealth, ChatBackend
    from cascade.bundle import Bundle
    from cascade.portal import Portal

_T = TypeVar("_T")

DISTRIBUTION = "intent-cascade"
PACKAGES = ("pydantic", "numpy", "onnxruntime", "google-re2", "ahocorasick-rs", "ollama", "httpx", "PyYAML")
MODEL_FILE = "model.onnx"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. A ``problem`` makes the exit code 1; a ``note`` is worth knowing."""

    state: Literal["fine", "note", "problem"]
    what: str
    found: str
    hint: str = ""


@command
def doctor(
    *,
    bundle: BundleOption = None,
    llm: LLMOption = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="For each question to the server.")
    ] = 60.0,
) -> None:
    """Look at what is installed, the bundle, and the large model's server. Exit code 1 when something is wrong."""
    out = console(sys.stdout)
    worst = "fine"
    for finding in examine(bundle, llm, timeout):
        out.print(_line(finding))
        worst = "problem" if finding.state == "problem" else worst
    if worst == "problem":
        raise typer.Exit(1)


def examine(bundle: str | None, llm: str | None, timeout_s: float) -> Iterator[Finding]:
    """All findings, each as soon as it is known."""
    yield Finding(
        "fine", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    yield from _packages()
    yield from _bundle(bundle)
    if llm is None:
        hint = "name one to look at it: cascade doctor --llm ollama:qwen3:8b"
        yield Finding("note", "llm", "none named; rules and classifier answer alone", hint)
    else:
        yield from _llm(bundle, llm, timeout_s)


def _packages() -> Iterator[Finding]:
    from cascade import __version__

    yield Finding("fine", DISTRIBUTION, __version__)
    missing = [name for name in PACKAGES if _installed(name) is None]
    yield Finding("fine", "packages", ", ".join(f"{n} {_installed(n)}" for n in PACKAGES if n not in missing))
    for name in missing:
        yield Finding(
            "problem", name, "not installed", f"pip install {name}, or install {DISTRIBUTION} again"
        )


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _bundle(source: str | None) -> Iterator[Finding]:
    from cascade.bundle import DEFAULT, Bundle

    try:
        bundle = Bundle.open(source or DEFAULT)
    except BundleError as error:
        yield _problem("bundle", error)
        return
    yield Finding("fine", "bundle", f"{bundle.id} in {bundle.path}")
    yield _files(bundle)
    yield _model(bundle)
    try:
        started = time.perf_counter()
        with common.open_cascade(source, None) as cascade:
            tiers = ", ".join(tier.name for tier in cascade.tiers)
            elapsed = time.perf_counter() - started
    except CascadeError as error:
        yield _problem("load", error)
    except ImportError as error:  # a package that is there and does not load is what a doctor is called for
        yield Finding("problem", "load", str(error), f"install {DISTRIBUTION} again in a fresh environment")
    else:
        yield Finding("fine", "load", f"{elapsed:.2f} s; tiers: {tiers}")


def _files(bundle: Bundle) -> Finding:
    files = bundle.manifest.files
    if not files:
        hint = "seal it, so that a changed file is noticed"
        return Finding("problem", "files", "the manifest names none", hint)
    size = sum(entry.bytes for entry in files.values()) / 1e6
    return Finding("fine", "files", f"{len(files)} files, {size:.1f} MB, every hash as sealed")


def _model(bundle: Bundle) -> Finding:
    if not bundle.has(MODEL_FILE):
        hint = "train one, or do without: the rules answer, all else goes on"
        return Finding("note", "classifier", f"the bundle has no {MODEL_FILE}", hint)
    size = bundle.manifest.files[MODEL_FILE].bytes / 1e6
    return Finding("fine", "classifier", f"{MODEL_FILE}, {size:.1f} MB, features {bundle.manifest.features}")


def _llm(bundle: str | None, spec: str, timeout_s: float) -> Iterator[Finding]:
    from cascade.backends.resolve import open_backend
    from cascade.portal import Portal

    try:
        backend = open_backend(spec)
    except CascadeError as error:
        yield _problem("llm", error)
        return
    portal = Portal()
    try:
        yield from _server(spec, backend, portal, timeout_s)
    finally:
        portal.close(backend.aclose)
    try:
        common.open_cascade(bundle, spec).close()
    except ConfigurationError as error:  # the bundle's prompt does not fit the model's context
        yield _problem("prompt", error)
    except CascadeError:
        pass  # told where the bundle was looked at


def _server(spec: str, backend: ChatBackend, portal: Portal, timeout_s: float) -> Iterator[Finding]:
    health, elapsed = _timed(lambda: portal.run(backend.probe))
    if not health.reachable:
        hint = "start the server, or name its address: MODEL@http://host:port"
        yield Finding("problem", "llm", f"no answer: {health.detail or 'not reachable'}", hint)
        return
    version = f"version {health.version}" if health.version else "version unknown"
    yield Finding("fine", "llm", f"answers in {elapsed * 1e3:.0f} ms, {version}")
    yield _presence(spec, backend.model, health)
    if health.model_present is False and spec.startswith("ollama:"):
        return
    yield _schema(backend, portal, timeout_s)


def _presence(spec: str, model: str, health: BackendHealth) -> Finding:
    if health.model_present is None:
        return Finding("note", "model", f"{model}: the server does not say whether it has it")
    if health.model_present:
        return Finding("fine", "model", f"{model}: present")
    others = f"; there are {', '.join(health.models[:8])}" if health.models else ""
    if spec.startswith("ollama:"):
        return Finding("problem", "model", f"{model} is not there{others}", f"ollama pull {model}")
    # llama.cpp, for one, serves what it has loaded by whatever name it is asked for: the chat will tell.
    return Finding(
        "note", "model", f"{model} is not listed{others}", "name one that is, if the chat below fails"
    )


def _schema(backend: ChatBackend, portal: Portal, timeout_s: float) -> Finding:
    """One chat whose natural reply breaks the schema: a server that ignores schemas is found out by it."""
    import json

    from cascade.backends.base import ChatRequest, Message

    schema = {
        "type": "object",
        "properties": {
            "cups": {"type": "integer", "enum": [2]},
            "drink": {"type": "string", "enum": ["tea"]},
        },
        "required": ["cups", "drink"],
        "additionalProperties": False,
    }
    question = Message("user", "Say hello and write a short poem about the sea.")
    request = ChatRequest((question,), schema, max_output_tokens=64, timeout_s=timeout_s)
    try:
        reply, elapsed = _timed(lambda: portal.run(lambda: backend.chat(request)))
    except BackendError as error:
        return _problem("schema", error)
    for text in (reply.content, reply.thinking):
        try:
            kept = json.loads(text) == {"cups": 2, "drink": "tea"}
        except ValueError:
            continue
        if kept:
            tokens = "unknown" if reply.output_tokens is None else reply.output_tokens
            return Finding("fine", "schema", f"kept, in {elapsed:.1f} s, {tokens} output tokens")
    hint = "every reply is validated all the same; expect more repairs, or use a server that constrains its output"
    return Finding("problem", "schema", f"not kept, the reply was {reply.content[:60]!r}", hint)


def _timed(call: Callable[[], _T]) -> tuple[_T, float]:
    started = time.perf_counter()
    return call(), time.perf_counter() - started


def _problem(what: str, error: CascadeError) -> Finding:
    return Finding("problem", what, str(error.args[0] if error.args else error), error.hint)


def _line(finding: Finding) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from cascade.cli.render import DIM

    mark, style = {"fine": ("✓", "green"), "note": ("·", "yellow"), "problem": ("✗", "bold red")}[
        finding.state
    ]
    row = Table.grid(padding=(0, 1))
    row.add_column(width=1)
    row.add_column(width=14, style="bold")
    row.add_column(overflow="fold")
    found: Any = Text(shown(finding.found))
    if finding.hint:
        found.append(f"\n→ {shown(finding.hint)}", DIM if finding.state == "note" else style)
    row.add_row(Text(mark, style), finding.what, found)
    return row
