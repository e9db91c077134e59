"""``cascade classify``: utterances in, structured answers out."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, cast

import typer

from cascade.cli import common
from cascade.cli.common import (
    AnswersOption,
    BundleOption,
    CurrencyOption,
    DeadlineOption,
    LLMOption,
    PricesOption,
    command,
    console,
    shown,
)
from cascade.cli.reading import Line, argument, batches, read_lines

if TYPE_CHECKING:
    from rich.console import Console

    from cascade.engine import Listener
    from cascade.ledger import Ledger
    from cascade.result import Cost, Result

BATCH = 64
LONG_FILE_BYTES = 16_384
MAX_WARNINGS = 10
_SURROGATE = re.compile("[\ud800-\udfff]")


FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file",
        "-f",
        exists=True,
        dir_okay=False,
        help="A file, one utterance a line; empty lines are skipped.",
    ),
]
LedgerOption = Annotated[
    bool | None,
    typer.Option(
        "--ledger/--no-ledger",
        help="Sum up counts, times and cost on standard error; by default for more than one utterance.",
    ),
]
CostsOption = Annotated[
    Path | None,
    typer.Option(
        "--costs", file_okay=False, help="Keep what every turn cost in this folder, for cascade report."
    ),
]
CampaignOption = Annotated[
    str | None, typer.Option("--campaign", help="What the costs are kept and summed up under.")
]


@command
def classify(
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="What was said; - reads standard input.")
    ] = None,
    *,
    file: FileOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    llm: LLMOption = None,
    bundle: BundleOption = None,
    answers: AnswersOption = None,
    deadline: DeadlineOption = None,
    ledger: LedgerOption = None,
    costs: CostsOption = None,
    campaign: CampaignOption = None,
    prices: PricesOption = None,
    currency: CurrencyOption = "CNY",
) -> None:
    """Say what each utterance wants: TEXT, the lines of a file, or standard input. Answers keep the input's order."""
    from cascade.ledger import Ledger
    from cascade.ledger.sinks import JsonlSink
    from cascade.prices import PriceBook

    with ExitStack() as stack:
        stream = _stream(text, file, stack)
        counted = Ledger(PriceBook.load(prices) if prices else None, currency=currency, campaign=campaign)
        listeners: list[Listener] = [counted]
        if costs is not None:
            listeners.append(stack.enter_context(JsonlSink(costs, campaign=campaign)))
        cascade = stack.enter_context(common.open_cascade(bundle, llm, listeners, answers=answers))
        size = _batch_size(stream, servers=llm is not None)
        progress = stack.enter_context(_Progress(stream if file else None, servers=llm is not None))
        out = console(sys.stdout)
        for batch in batches(_lines(text, stream), size):
            # What is not text goes in as it is: the cascade itself says how it takes it.
            said = cast("list[str]", [line.said for line in batch])
            results = cascade.classify_many(said, deadline_s=deadline)
            for line, result in zip(batch, results, strict=True):
                progress.warn(line)
                _write(out, line, result, counted, as_json=as_json)
            sys.stdout.flush()
            progress.update()
    _sum_up(counted, wanted=ledger)


def _stream(texts: list[str] | None, file: Path | None, stack: ExitStack) -> BinaryIO | None:
    """Where lines come from, ``None`` when all utterances are arguments."""
    piped = texts == ["-"] or not (texts or file or sys.stdin.isatty())
    if file is not None and (texts or piped):
        raise typer.BadParameter("give either TEXT or --file", param_hint="--file")
    if file is not None:
        return stack.enter_context(file.open("rb"))
    if piped:
        return sys.stdin.buffer
    if "-" in (texts or ()):
        raise typer.BadParameter("- stands alone: it reads standard input", param_hint="TEXT")
    if not texts:
        raise typer.BadParameter(
            "nothing to classify: give TEXT, --file, or pipe lines in", param_hint="TEXT"
        )
    return None


def _lines(texts: list[str] | None, stream: BinaryIO | None) -> Iterable[Line]:
    if stream is not None:
        return read_lines(stream)
    return (argument(number, text) for number, text in enumerate(texts or (), 1))


def _batch_size(stream: BinaryIO | None, *, servers: bool) -> int:
    """Several at a time only where that helps: who types, or pipes lines in as they come, wants each answer at once."""
    live = stream is sys.stdin.buffer
    return 1 if live and (sys.stdin.isatty() or not servers) else BATCH


def _write(out: Console, line: Line, result: Result[Any], ledger: Ledger, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(to_json(line, result) + "\n")
        return
    from cascade.cli.render import result_view, spent

    def told(cost: Cost) -> str:
        return spent(cost, ledger.prices.charge(cost, ledger.currency), ledger.currency)

    out.print(result_view(result, line.text, told=told))


def to_json(line: Line, result: Result[Any]) -> str:
    """One line of JSON: the result's own shape, with the text also where it was rejected."""
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    data = result.to_dict() | {"text": line.text}
    text = json.dumps(data, ensure_ascii=ascii_only)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _sum_up(ledger: Ledger, *, wanted: bool | None) -> None:
    snapshot = ledger.snapshot()
    if not snapshot.requests:
        console(sys.stderr).print("cascade: there was nothing to classify")
    elif snapshot.requests > 1 if wanted is None else wanted:
        from cascade.cli.render import ledger_view

        console(sys.stderr).print(ledger_view(snapshot))


class _Progress:
    """A bar on standard error while a long file goes into another file, and warnings that do not break it."""

    def __init__(self, file: BinaryIO | None, *, servers: bool) -> None:
        self._console = console(sys.stderr)
        self._file = file
        self._warned = 0
        self._bar: Any = None
        if file is None or sys.stdout.isatty() or not sys.stderr.isatty():
            return
        size = os.fstat(file.fileno()).st_size
        if size >= LONG_FILE_BYTES or (size and servers):
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

            columns = BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
            # Answers are for standard output, which the bar would else catch and draw above itself.
            self._bar = Progress(
                *columns,
                console=self._console,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._task = self._bar.add_task("", total=size)

    def __enter__(self) -> _Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._warned > MAX_WARNINGS:
            self._console.print(f"cascade: and {self._warned - MAX_WARNINGS} more lines that are no text")

    def update(self) -> None:
        if self._bar is not None and self._file is not None:
            self._bar.update(self._task, completed=self._file.tell())

    def warn(self, line: Line) -> None:
        if line.problem:
            self._warned += 1
            if self._warned <= MAX_WARNINGS:
                self._console.print(f"cascade: line {line.number}: {shown(line.problem)}; rejected")
