"""How results, answers and ledgers look on a terminal. Knows no answer's fields: any pydantic model is laid out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cascade.cli.common import shown
from cascade.ledger.figures import AllLLM, TierTally
from cascade.ledger.snapshot import LedgerSnapshot
from cascade.ledger.units import count, duration, money
from cascade.prices import Currency
from cascade.result import Attempt, Candidate, Cost, Failure, Result, Span, Status

STYLES: Mapping[Status, str] = {
    "answered": "green",
    "clarify": "yellow",
    "unresolved": "magenta",
    "rejected": "red",
}
MARKS: Mapping[Status, str] = {"answered": "✓", "clarify": "?", "unresolved": "–", "rejected": "✗"}
UNCOVERED = "bold yellow underline"
DIM = "bright_black"


def result_view(result: Result[Any], text: str, *, told: Callable[[Cost], str]) -> RenderableType:
    """One utterance and what came of it. ``told`` puts a cost into words, as :func:`spent` does."""
    style = STYLES[result.status]
    heading = Text(f"{MARKS[result.status]} ", f"bold {style}") + spoken(text, result.uncovered)
    parts: list[RenderableType] = [heading, _indented(_verdict(result, told))]
    if result.uncovered:
        parts.append(_indented(_not_understood(result.uncovered)))
    if result.status == "answered":
        parts += _answer(result.answer, result.intent)
    for candidate in result.candidates:
        parts += _candidate(candidate)
    if result.status == "unresolved":
        parts += [_indented(_passed(attempt)) for attempt in result.attempts]
    return Group(*parts)


def spoken(text: str, uncovered: Iterable[Span] = ()) -> Text:
    """The utterance as it was typed, what was not understood marked."""
    line = Text(shown(text), "bold")
    for span in uncovered:
        line.stylize(UNCOVERED, span.start, span.end)
    return line


def _verdict(result: Result[Any], told: Callable[[Cost], str]) -> Text:
    words = [Text(result.status, STYLES[result.status])]
    if result.intent:
        words.append(Text(result.intent, "bold cyan"))
    if result.tier:
        words.append(Text(f"by {result.tier}"))
    if result.confidence is not None:
        words.append(Text(f"confidence {result.confidence:.3f}"))
    if result.reason:
        words.append(Text(shown(result.reason)))
    if result.attempts:
        words.append(Text(told(result.cost), DIM))
    return Text(" · ", DIM).join(words)


def spent(cost: Cost, charge: Decimal | None, currency: Currency) -> str:
    """Time, and for what asked a model its tokens and money, in words."""
    if not cost.calls:
        return duration(cost.latency_ns)
    tokens = f"{count(cost.input_tokens)} + {count(cost.output_tokens)} tokens"
    if cost.input_tokens is None and cost.output_tokens is None:
        tokens = "tokens unknown"
    return f"{duration(cost.latency_ns)}, {tokens}, " + (
        "cost unknown" if charge is None else money(charge, currency)
    )


def _not_understood(spans: Iterable[Span]) -> Text:
    pieces = (Text(shown(span.text), UNCOVERED) for span in spans)
    return Text("not understood: ", "yellow") + Text("  ").join(pieces)


def _candidate(candidate: Candidate) -> list[RenderableType]:
    head = Text("a guess to confirm: ", "yellow") + Text(candidate.intent, "bold cyan")
    head.append(f" by {candidate.tier}")
    if candidate.confidence is not None:
        head.append(f", confidence {candidate.confidence:.3f}")
    return [_indented(head), *_answer(candidate.answer, candidate.intent)]


def _passed(attempt: Attempt) -> Text:
    why = Text(f"{attempt.tier}: ", DIM) + Text(shown(attempt.reason))
    return (
        why.append(f", {shown(str(attempt.outcome.error))}") if isinstance(attempt.outcome, Failure) else why
    )


def _answer(answer: Any, intent: str | None) -> list[RenderableType]:
    table = answer_table(answer, leave_out={"intent": intent})
    return [] if table is None else [_indented(table)]


def answer_table(answer: Any, leave_out: Mapping[str, Any] | None = None) -> Table | None:
    """Field and value of what an answer says; ``None`` when it says nothing more than its intent.

    What is ``None``, empty or false was not said and is left out, and so is a field equal to its ``leave_out``.
    """
    dump = getattr(answer, "model_dump", None)
    if dump is None:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column(style=DIM)
    table.add_column()
    for name, value in dump(mode="json").items():
        if not _unsaid(value) and (leave_out or {}).get(name, ...) != value:
            table.add_row(name, _value(value))
    return table if table.row_count else None


def _unsaid(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {})


def _value(value: Any) -> RenderableType:
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        return _rows(value)
    if isinstance(value, dict):
        return Text("  ").join(
            Text(f"{name} ", DIM) + _plain(part) for name, part in value.items() if not _unsaid(part)
        )
    return _plain(value)


def _plain(value: Any) -> Text:
    if isinstance(value, list):
        return Text("、").join(Text(shown(str(part)), "bold") for part in value)
    if isinstance(value, float):
        return Text(f"{value:g}", "bold")
    return Text("yes" if value is True else shown(str(value)), "bold")


def _rows(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row an item, one column for each thing that any of them says."""
    names = [name for name in rows[0] if not all(_unsaid(row.get(name)) for row in rows)]
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=DIM)
    for name in names:
        table.add_column(name)
    for row in rows:
        table.add_row(*(Text("") if _unsaid(row.get(name)) else _plain(row[name]) for name in names))
    return table


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 2), expand=False)


def ledger_view(snapshot: LedgerSnapshot) -> RenderableType:
    """The summary at the end of a run."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=DIM)
    table.add_column("tier")
    for heading in ("turns", "answered", "share", "p50", "p99", "tokens in", "out", "cost"):
        table.add_column(heading, justify="right")
    for name, tier in snapshot.tiers.items():
        table.add_row(*_tier_row(snapshot, name, tier))
    latency = snapshot.latency
    total = snapshot.charge()
    table.add_row(
        Text("all", "bold"),
        f"{snapshot.requests}",
        f"{snapshot.statuses.get('answered', 0)}",
        _percent(snapshot.statuses.get("answered", 0), snapshot.requests),
        duration(latency.quantile(0.5)),
        duration(latency.quantile(0.99)),
        "",
        "",
        Text(money(total.amount, snapshot.currency), "bold"),
    )
    lines: list[RenderableType] = [Text(""), table, _statuses(snapshot)]
    if total.unknown:
        known = money(total.known, snapshot.currency)
        turns = "one turn" if total.unknown == 1 else f"{total.unknown} turns"
        lines.append(Text(f"{known} is known; what {turns} cost is not", DIM))
    lines.append(_all_llm(snapshot.all_llm, snapshot))
    return Group(*lines)


def _tier_row(snapshot: LedgerSnapshot, name: str, tier: TierTally) -> list[RenderableType]:
    tokens = ("–", "–") if not tier.asked else (count(tier.cost.input_tokens), count(tier.cost.output_tokens))
    return [
        name,
        f"{tier.attempts}",
        f"{tier.answered}",
        _percent(tier.answered, snapshot.requests),
        duration(tier.latency.quantile(0.5)),
        duration(tier.latency.quantile(0.99)),
        *tokens,
        money(snapshot.charge(name).amount, snapshot.currency),
    ]


def _statuses(snapshot: LedgerSnapshot) -> Text:
    words = [
        Text(f"{snapshot.statuses[status]} {status}", style)
        for status, style in STYLES.items()
        if status in snapshot.statuses
    ]
    return Text(" · ", DIM).join(words)


def _all_llm(estimate: AllLLM, snapshot: LedgerSnapshot) -> Text:
    prices = f"prices of {snapshot.prices.date.isoformat()}"
    if estimate.amount is None:
        why = "no request of known price asked a model"
        return Text(f"all of it to the large model: unknown, {why} ({prices})", DIM)
    source = "assumed" if estimate.assumed else f"estimated from {estimate.measured} measured"
    amount = money(estimate.amount, snapshot.currency)
    return Text(f"all of it to the large model: {amount}, {source} ({prices})", DIM)


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "–"
