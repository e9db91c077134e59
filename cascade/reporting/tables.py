"""The tables and notes of a report, as words; how they look is the business of who shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from cascade.ledger.charges import Charge
from cascade.ledger.figures import Part
from cascade.ledger.snapshot import Dimension
from cascade.ledger.units import duration, money, seconds
from cascade.observe.bootstrap import Figure
from cascade.prices import Currency
from cascade.reporting.account import Account
from cascade.reporting.sums import Measure

MEASURES: Mapping[Measure, str] = {"list": "list price", "host": "own hosts", "gpu": "GPU-seconds"}
UNNAMED = "(none)"
MAX_ROWS = 15


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words; the first column names them, the others are figures."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def headline(account: Account) -> tuple[tuple[str, str], ...]:
    """The figures to be seen first, and their names."""
    snapshot, paid, currency = account.snapshot, account.money["paid"], account.snapshot.currency
    return (
        (f"{snapshot.requests:,}", "utterances"),
        (f"{account.orders:,}", f"orders ({', '.join(account.order_intents)})"),
        (_amount(paid.per_thousand.value, currency), "paid per 1,000 utterances"),
        (_amount(paid.per_thousand_orders.value, currency), "paid per 1,000 orders"),
        (_amount(paid.all_llm_per_thousand.value, currency), "per 1,000, all to the large model"),
        (_share(paid.saved.value), "of that saved"),
    )


def money_table(account: Account) -> Table:
    """Both views of the same work side by side, with their intervals."""
    rows = []
    for name, field in (
        ("per 1,000 utterances", "per_thousand"),
        ("per 1,000 orders", "per_thousand_orders"),
        ("all to the large model, per 1,000 utterances", "all_llm_per_thousand"),
        ("saved by the cascade", "saved"),
    ):
        figures = {measure: getattr(account.money[measure], field) for measure in MEASURES}
        rows.append((name, *(_cell(account, measure, field, figure) for measure, figure in figures.items())))
    return Table("Money and GPU time, with 95 % intervals", ("", *MEASURES.values()), tuple(rows))


def tier_table(account: Account) -> Table:
    """What each tier did: turns, answers, times, tokens, money."""
    snapshot = account.snapshot
    rows = []
    for name, tier in snapshot.tiers.items():
        times = [duration(tier.latency.quantile(share)) for share in (0.5, 0.9, 0.99)]
        told = (tier.cost.input_tokens, tier.cost.output_tokens)
        tokens = [
            "–" if not tier.asked else f"≥ {least:,}" if exact is None else f"{exact:,}"
            for exact, least in zip(told, tier.told_tokens, strict=True)
        ]
        paid = _charge(snapshot.charge(name), snapshot.currency)
        share = _share(snapshot.share(name))
        rows.append((name, f"{tier.attempts:,}", f"{tier.answered:,}", share, *times, *tokens, paid))
    times = [duration(snapshot.latency.quantile(share)) for share in (0.5, 0.9, 0.99)]
    answered = snapshot.statuses.get("answered", 0)
    paid, share = _charge(snapshot.charge(), snapshot.currency), _share(answered / snapshot.requests)
    rows.append(("all", f"{snapshot.requests:,}", f"{answered:,}", share, *times, "", "", paid))
    columns = ("tier", "turns", "answered", "of all", "p50", "p90", "p99", "tokens in", "out", "paid")
    return Table("Tiers", columns, tuple(rows))


def part_table(account: Account, dimension: Dimension) -> Table | None:
    """All that was counted, parted by one thing; ``None`` when there is one part without a name."""
    snapshot = account.snapshot
    parts = snapshot.by(dimension)
    if not parts or set(parts) == {None}:
        return None
    ordered = sorted(parts.items(), key=lambda item: (-item[1].requests, str(item[0])))
    rows = [_part(name or UNNAMED, part, snapshot.currency) for name, part in ordered[:MAX_ROWS]]
    more = len(ordered) - len(rows)
    title = f"By {dimension}" + (f", the first {MAX_ROWS} of {len(ordered)}" if more else "")
    columns = (dimension, "requests", "answered", "calls", "hits", "list price", "own hosts", "GPU time")
    return Table(title, columns, tuple(rows))


def notes(account: Account) -> Iterator[str]:
    """What a reader must know before believing the figures."""
    snapshot = account.snapshot
    prices = snapshot.prices
    yield f"Prices of {prices.date.isoformat()}, {snapshot.currency}; processor time of the lower tiers included."
    yield (
        "A request pays for every turn it had. A call shared by identical questions, or answered again out of the "
        "cache, is paid for by the one that came first: hits cost nothing more."
    )
    hits = sum(tier.hits for tier in snapshot.tiers.values())
    yield f"{hits:,} hits; {snapshot.repaired:,} answers were repaired; {snapshot.lost_calls:,} calls were lost."
    for measure, name in MEASURES.items():
        unknown = account.money[measure].unknown
        if unknown and account.money[measure].per_thousand.value is None:
            yield f"{name}: unknown; it is not known of {unknown:,} turns, and none of their model tells."
        elif unknown:
            yield f"{name}: not known of {unknown:,} turns, which are taken to be like the others of their model."
    for model, speed in snapshot.throughput.items():
        host = prices.hosts.get(model)
        slots = 1 if host is None else host.slots
        told = f"{model} wrote {speed.writing_per_s:.3g} tokens/s" if speed.writing_per_s else model
        put_out = f", {(speed.per_s or 0) * slots:.3g} with prompts and on {slots} slot{'s' * (slots > 1)}"
        book = f"; the book says {host.output_tokens_per_s}" if host and host.output_tokens_per_s else ""
        yield f"{told}{put_out}{book} ({speed.turns:,} turns whose servers told)."
    if account.dropped:
        yield f"{account.dropped:,} requests were dropped by full or failing sinks: they are in no figure."
    if account.unended:
        yield f"{len(account.unended)} of {account.runs} runs told no end: what they had not written is in no figure."
    if account.skipped:
        yield f"{account.skipped:,} rows could not be read: they are in no figure."


def _part(name: str, part: Part, currency: Currency) -> tuple[str, ...]:
    share = f"{part.answered / part.requests:.1%}" if part.requests else "–"
    return (
        name,
        f"{part.requests:,}",
        share,
        f"{part.calls:,}",
        f"{part.hits:,}",
        _charge(part.listed, currency),
        _charge(part.hosted, currency),
        _gpu(part.gpu_seconds),
    )


def _charge(charge: Charge, currency: Currency) -> str:
    if charge.amount is not None:
        return money(charge.amount, currency)
    return "unknown" if charge.estimate is None else f"≈ {money(charge.estimate, currency)}"


def _gpu(charge: Charge) -> str:
    if charge.amount is not None:
        return seconds(charge.amount)
    return "unknown" if charge.estimate is None else f"≈ {seconds(charge.estimate)}"


def _cell(account: Account, measure: Measure, field: str, figure: Figure) -> str:
    def worded(value: float | None) -> str:
        if field == "saved":
            return _share(value)
        if measure == "gpu":
            return seconds(None if value is None else Decimal(value))
        return _amount(value, account.snapshot.currency)

    if figure.value is None or figure.low is None:
        return worded(figure.value)
    return f"{worded(figure.value)} ({worded(figure.low)} to {worded(figure.high)})"


def _amount(value: float | None, currency: Currency) -> str:
    return money(None if value is None else Decimal(value), currency)


def _share(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1%}"
