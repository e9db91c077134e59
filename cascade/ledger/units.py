"""Times, money and counts in words. Unknown is called unknown."""

from __future__ import annotations

from decimal import Decimal

from cascade.prices import SYMBOLS, Currency

SMALLEST = Decimal("0.000001")
"""Money below this is told as less than this."""


def duration(nanoseconds: float | None) -> str:
    """A time in the unit that suits it; unknown when ``None``."""
    if nanoseconds is None:
        return "unknown"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return (
                f"{nanoseconds / size:.3g} {unit}"
                if nanoseconds < 1000 * size
                else f"{nanoseconds / size:.0f} {unit}"
            )
    return f"{nanoseconds:.0f} ns"


def money(amount: Decimal | None, currency: Currency) -> str:
    """An amount to three significant digits, never in powers of ten; unknown when ``None``."""
    if amount is None:
        return "unknown"
    symbol = SYMBOLS[currency]
    if 0 < amount < SMALLEST:
        return f"< {symbol}{SMALLEST:f}"
    digits = max(2, 2 - amount.adjusted()) if amount else 2
    text = f"{amount:.{digits}f}"
    return symbol + (text.rstrip("0") if digits > 2 else text)


def count(number: int | None) -> str:
    """A count; unknown when ``None``."""
    return "unknown" if number is None else f"{number:,}"


def seconds(number: Decimal | None) -> str:
    """Seconds of a machine, to three significant digits, in hours from 100 of them on; unknown when ``None``."""
    if number is None:
        return "unknown"
    if number >= 360_000:
        return f"{number / 3600:,.0f} h"
    return f"{float(number):,.0f} s" if number >= 1000 else f"{float(number):.3g} s"
