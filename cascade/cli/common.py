"""What the commands share: opening a cascade, telling errors in one line, leaving quietly."""

from __future__ import annotations

import functools
import logging
import os
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, ParamSpec, TextIO, TypeVar

import typer
from rich.console import Console

from cascade.errors import CascadeError

if TYPE_CHECKING:
    from cascade.engine import Engine, Listener

_P = ParamSpec("_P")
_R = TypeVar("_R")

PIPED_WIDTH = 120

BundleOption = Annotated[
    str | None,
    typer.Option(
        "--bundle", metavar="PATH", help="A bundle's folder or name; without it the one that ships."
    ),
]
AnswersOption = Annotated[
    str | None,
    typer.Option(
        "--answers",
        metavar="MODULE:CLASS",
        help="The pydantic class of a bundle that answers with one of its own; it is imported.",
    ),
]
LLMOption = Annotated[
    str | None,
    typer.Option(
        "--llm",
        metavar="MODEL",
        help="Ask this model what the lower tiers cannot answer: ollama:qwen3:8b, "
        "ollama:MODEL@http://host:11434, openai:MODEL@http://host:8000/v1.",
    ),
]
DeadlineOption = Annotated[
    float | None,
    typer.Option(
        "--deadline", metavar="SECONDS", min=0.001, max=86_400, help="Longest time for one utterance."
    ),
]
PricesOption = Annotated[
    Path | None,
    typer.Option("--prices", exists=True, dir_okay=False, help="A price book in TOML of your own."),
]
CurrencyOption = Annotated[Literal["CNY", "USD"], typer.Option("--currency", help="Of the price book.")]


def open_cascade(
    bundle: str | None, llm: str | None, listeners: Iterable[Listener] = (), *, answers: str | None = None
) -> Engine[Any]:
    """The cascade that the options ask for. Raises :class:`~cascade.errors.CascadeError`."""
    # Imported here: a command that fails on its arguments should not first load onnxruntime.
    from cascade.bundle import DEFAULT
    from cascade.config import Cascade
    from cascade.loading import answer_class

    source = bundle or DEFAULT
    if answers is None:
        return Cascade.load(source, llm=llm, listeners=listeners)
    return Cascade.load(source, answer_model=answer_class(answers), llm=llm, listeners=listeners)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would exit with an error; :func:`command` leaves quietly


def console(stream: TextIO) -> Console:
    """A console on ``stream``: coloured on a terminal unless NO_COLOR says otherwise, plain in a pipe."""
    return _Console(
        file=stream,
        highlight=False,
        emoji=False,
        markup=False,
        width=None if stream.isatty() else PIPED_WIDTH,
    )


def command(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A command whose expected errors are one line on standard error, and whose broken pipes are silent."""

    @functools.wraps(function)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        _log_plainly()
        _tolerate_narrow_encodings()
        try:
            result = function(*args, **kwargs)
            sys.stdout.flush()
        except CascadeError as error:
            print("cascade:", shown(" ".join(str(error).split())), file=sys.stderr)
            raise typer.Exit(2) from None
        except BrokenPipeError:
            # Who read us has left, as `head` does. Python would complain once more when it flushes at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        return result

    return wrapped


def shown(text: str) -> str:
    """``text`` fit for a terminal, character for character: what would steer it becomes U+FFFD."""
    return text if text.isprintable() else "".join(map(_harmless, text))


def _harmless(char: str) -> str:
    steering = unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(char) in (
        *("LRE", "RLE", "LRO", "RLO", "PDF"),
        *("LRI", "RLI", "FSI", "PDI"),
    )
    return "\ufffd" if steering else char


def _tolerate_narrow_encodings() -> None:
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


class _OneLine(logging.Formatter):
    """What the library logs, without the trace: that is for applications, which set up logging of their own."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        return f"{ei[0].__name__}: {ei[1]}"


def _log_plainly() -> None:
    logger = logging.getLogger("cascade")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(_OneLine("cascade: %(message)s"))
        logger.addHandler(handler)
