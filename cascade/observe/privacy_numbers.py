"""Long numbers in an utterance: which of them are phones, identity numbers and bank cards."""

from __future__ import annotations

from collections.abc import Iterator

from cascade.observe.privacy_fold import Folded, Match, compiled_pattern

GAP = r"[ \t\-./_,、·~\x{200b}-\x{200f}\x{2060}\x{fe0f}\x{20e3}\x{feff}]{0,3}"
_RUN = compiled_pattern(rf"[0-9](?:{GAP}[0-9])*x?")
_GROUP = compiled_pattern(r"[0-9]+x?")
_LONGEST = 19
_LONG = 9
"""This many digits in a row are no quantity, price or time: whatever they are, they point at somebody."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_id_number(digits: str) -> bool:
    """Whether 18 characters are a citizen identity number with a right check digit (GB 11643)."""
    if len(digits) != 18 or not digits[:17].isdigit():
        return False
    check = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11
    return "10x98765432"[check] == digits[17]


def is_card_number(digits: str) -> bool:
    """Whether 16 to 19 digits are a bank card number with a right check digit (Luhn)."""
    if not 16 <= len(digits) <= _LONGEST or not digits.isdigit():
        return False
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_phone(digits: str) -> bool:
    local = digits[-11:]
    mobile = (
        len(local) == 11
        and local[0] == "1"
        and local[1] in "3456789"
        and digits[:-11] in {"", "86", "086", "0086"}
    )
    landline = 10 <= len(digits) <= 12 and digits[0] == "0" and digits[1] not in "0"
    return digits.isdigit() and (mobile or landline)


def _number_kind(digits: str) -> str | None:
    if len(digits) < 10:
        return None
    if is_id_number(digits):
        return "id"
    if _is_phone(digits.removesuffix("x")):
        return "phone"
    return "card" if is_card_number(digits) else None


def numbers(folded: Folded) -> Iterator[Match]:
    """Phone, identity and card numbers, in one piece or with gaps; other long numbers as ``number``."""
    text = folded.digits
    if len(text) < _LONG:
        return
    for run in _RUN.finditer(text):
        start, end = run.span()
        if end - start >= _LONG:
            yield from _in_run([(start + g.start(), start + g.end()) for g in _GROUP.finditer(run[0])], text)


def _in_run(groups: list[tuple[int, int]], text: str) -> Iterator[Match]:
    """The longest known numbers made of whole groups; what is left over counts as ``number`` when it is long."""
    at, left_over = 0, 0
    while at < len(groups):
        known = _known_from(groups, at, text)
        if known is None:
            at += 1
            continue
        kind, after = known
        yield from _left_over(groups[left_over:at], text)
        yield kind, groups[at][0], groups[after - 1][1]
        at = left_over = after
    yield from _left_over(groups[left_over:], text)


def _known_from(groups: list[tuple[int, int]], at: int, text: str) -> tuple[str, int] | None:
    joined, best = "", None
    for after, (start, end) in enumerate(groups[at : at + _LONGEST], at + 1):
        joined += text[start:end]
        if len(joined) > _LONGEST:
            break
        kind = _number_kind(joined)
        best = best if kind is None else (kind, after)
    return best


def _left_over(groups: list[tuple[int, int]], text: str) -> Iterator[Match]:
    """Groups of at least three digits belong together; shorter ones are a list of small numbers."""
    row: list[tuple[int, int]] = []
    for group in [*groups, (0, 0)]:
        if group[1] - group[0] >= 3:
            row.append(group)
            continue
        if sum(end - start for start, end in row) >= _LONG:
            yield "number", row[0][0], row[-1][1]
        row = []
