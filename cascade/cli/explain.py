"""``cascade explain``: every tier's turn on one utterance, and why it ended as it did."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any

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

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from cascade.engine import Engine
    from cascade.result import Attempt, Cost, Proposal, Result


@command
def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was said.")],
    *,
    llm: LLMOption = None,
    bundle: BundleOption = None,
    answers: AnswersOption = None,
    deadline: DeadlineOption = None,
    prices: PricesOption = None,
    currency: CurrencyOption = "CNY",
) -> None:
    """Show each tier's turn: what it proposed, what was asked of it, what it did not understand, what it cost."""
    from cascade.prices import PriceBook

    book = PriceBook.load(prices) if prices else PriceBook.load()

    def told(cost: Cost) -> str:
        from cascade.cli.render import spent

        return spent(cost, book.charge(cost, currency), currency)

    with common.open_cascade(bundle, llm, answers=answers) as cascade:
        result = cascade.classify(text, deadline_s=deadline)
        console(sys.stdout).print(explain_view(cascade, result, text, told))


def explain_view(
    cascade: Engine[Any], result: Result[Any], text: str, told: Callable[[Cost], str]
) -> RenderableType:
    """The whole explanation."""
    from rich.console import Group
    from rich.text import Text

    from cascade.cli.render import DIM, result_view, spoken

    lines: list[RenderableType] = [Text("said          ", DIM) + spoken(text, result.uncovered)]
    if result.utterance is not None:
        read = Text("read as       ", DIM) + Text(shown(result.utterance.text))
        lines.append(read.append("  after a wake word" if result.utterance.wake else "", DIM))
    lines.append(Text("bundle        ", DIM) + Text(result.bundle or "none"))
    for number, attempt in enumerate(result.attempts, 1):
        lines += [Text(""), *_turn(number, attempt, cascade.policy, text, told)]
    lines += [Text(""), *_not_reached(cascade, result), result_view(result, text, told=told)]
    return Group(*lines)


def _turn(
    number: int, attempt: Attempt, policy: object, text: str, told: Callable[[Cost], str]
) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.text import Text

    from cascade.cli.render import DIM, answer_table, spoken
    from cascade.result import Abstention, Proposal

    outcome = attempt.outcome
    style = {"answered": "bold green", "escalated": "bold yellow", "fallback": "bold red"}[attempt.verdict]
    head = Text(f"{number} {attempt.tier:<12}") + Text(attempt.verdict, style)
    head.append(f"  {shown(attempt.reason)}").append(f"  {told(attempt.cost)}", DIM)
    yield head
    details: list[RenderableType] = []
    if isinstance(outcome, Proposal):
        details += _proposal(outcome, policy)
        partial = answer_table(outcome.answer, leave_out={"intent": outcome.intent})
    elif isinstance(outcome, Abstention):
        details.append(Text("abstained", DIM))
        intent = getattr(outcome.partial, "intent", None)
        if intent is not None:
            details[-1] = Text("abstained; understood so far: ", DIM) + Text(intent, "cyan")
        partial = answer_table(outcome.partial, leave_out={"intent": intent})
    else:
        details.append(Text(shown(str(outcome.error)), "red"))
        partial = None
    if detail := getattr(outcome, "detail", ""):
        details.append(Text(shown(detail), DIM))
    if uncovered := getattr(outcome, "uncovered", ()):
        details.append(Text("not understood in  ", DIM) + spoken(text, uncovered))
    if partial is not None:
        details.append(partial)
    for part in details:
        yield Padding(part, (0, 0, 0, 14), expand=False)


def _proposal(proposal: Proposal, policy: object) -> Iterator[Text]:
    from rich.text import Text

    from cascade.cli.render import DIM

    yield Text("proposed ", DIM) + Text(proposal.intent, "bold cyan")
    find = getattr(policy, "threshold", None)
    threshold = find(proposal.intent) if callable(find) else None
    if proposal.confidence is not None:
        line = f"confidence {proposal.confidence:.3f}"
        if threshold is not None:
            line += f", asked for {threshold.confidence:g}"
        yield Text(line)
    elif proposal.score is not None:
        yield Text(f"score {proposal.score:.3f}, not calibrated")
    if proposal.runner_up is not None and proposal.confidence is not None:
        name, second = proposal.runner_up
        line = f"{proposal.confidence - second:.3f} ahead of {name}"
        yield Text(line + (f", asked for {threshold.margin:g}" if threshold is not None else ""))


def _not_reached(cascade: Engine[Any], result: Result[Any]) -> Iterator[Text]:
    from rich.text import Text

    from cascade.cli.render import DIM

    present = [tier.name for tier in cascade.tiers]
    asked = {attempt.tier for attempt in result.attempts}
    waiting = [name for name in present if name not in asked]
    if waiting:
        yield Text(f"not needed: {', '.join(waiting)}", DIM)
    if "llm" not in present and result.status not in ("answered", "rejected"):
        yield Text("no large model to ask: name one with --llm ollama:qwen3:8b", DIM)
