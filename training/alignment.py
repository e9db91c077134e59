"""Where in the text each labelled value is said: the tagger's targets, one label a character (BIO).

The labels say what was meant, not where. A value is looked for in every form the lexicon has for it, an address, a
time or a preference as it stands; the longest find wins its characters. Numerals before a measure word are quantities
whatever their value (the total of "两杯，一杯半糖一杯全糖" is a quantity of no item).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from cascade.orders import OrderIntent
from training.lexicon import Lexicon

KINDS: Final = (
    "drink",
    "brand",
    "quantity",
    "size",
    "sugar",
    "temperature",
    "toppings",
    "without",
    "use_coupon",
    "fulfilment.mode",
    "fulfilment.address",
    "fulfilment.time",
    "budget_cny",
    "preferences",
)
"""Fields of the answer; a field of an item is named without ``items``."""
OUTSIDE: Final = "O"


def tags_of(kinds: Iterable[str]) -> tuple[str, ...]:
    """The tags of some fields: outside of all, and the first and the other characters of each."""
    return (OUTSIDE, *(f"{prefix}-{kind}" for kind in kinds for prefix in "BI"))


TAGS: Final = tags_of(KINDS)
TAG_NUMBER: Final = {tag: number for number, tag in enumerate(TAGS)}

_DIGITS = "零〇一二两俩三仨四五六七八九十百千半几0-9"
_COUNT = re.compile(rf"(?:[{_DIGITS}]+|一打|半打)(?:大|小|中)?(?:%s)|[x*][0-9]+|[俩仨]")
_MONEY = re.compile(rf"[{_DIGITS}.]+")
_COUPON = re.compile(
    r"(?:使用|用|拿|凭|刷)?[^,;。、!?]{0,6}?(?:免单|免费|优惠|满减|抵用|抵扣|代金|兑换|折扣|红包)?[券卡卷]|免单|coupon"
)
_MODES: Final = {
    "delivery": re.compile(
        r"外卖|外送|配送|送到|送去|送至|送来|送过来|送上|送往|送给|快送|送货|给送|送|寄到|deliver"
    ),
    "pickup": re.compile(
        r"自取|自提|到店[取拿]?|店取|店里[拿取]|去[店拿取]|(?:自己|过去|过来|路过|下班|来)?[去来过]?[拿取]|堂食"
        r"|pick ?up"
    ),
}


@dataclass(frozen=True, slots=True)
class Find:
    """One place where a value is said; ``value`` is shown to people."""

    start: int
    end: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """The finds of an order in a text, and the values that were not found."""

    finds: tuple[Find, ...]
    missing: tuple[tuple[str, str], ...]

    def tags(self, length: int) -> list[str]:
        """One BIO tag a character."""
        tags = [OUTSIDE] * length
        for find in self.finds:
            for position in range(find.start, find.end):
                tags[position] = f"{'B' if position == find.start else 'I'}-{find.kind}"
        return tags


@dataclass(frozen=True, slots=True)
class _Value:
    kind: str
    value: str
    find: Callable[[str], Iterator[tuple[int, int]]]
    needed: bool = True


class Aligner:
    """Aligns orders with texts by one lexicon."""

    def __init__(
        self,
        lexicon: Lexicon,
        normalised: Callable[[str], str],
        sound: Callable[[str], tuple[str, ...]] = tuple,
    ) -> None:
        """``normalised`` brings a spoken value to the spelling of the texts; ``sound`` tells what a text sounds like,
        a syllable a character.
        """
        self._lexicon = lexicon
        self._sound = sound
        self._normalised = normalised
        measures = [
            form
            for name in lexicon.slots.get("measure", {})
            for form in (name, *lexicon.slots["measure"][name])
        ]
        longest_first = sorted(map(re.escape, measures), key=len, reverse=True)
        self._count = re.compile(_COUNT.pattern % "|".join(longest_first or ["杯"]))

    def align(self, text: str, order: OrderIntent) -> Alignment:
        """Find every value of ``order`` in the normalised ``text``."""
        candidates: list[Find] = []
        missing: list[tuple[str, str]] = []
        for value in self._values(order):
            found = [
                Find(start, end, value.kind, value.value) for start, end in value.find(text) if start < end
            ]
            if not found and value.needed:
                missing.append((value.kind, value.value))
            candidates += found
        return Alignment(_longest(candidates), tuple(dict.fromkeys(missing)))

    def _values(self, order: OrderIntent) -> Iterator[_Value]:
        yield _Value("quantity", "", _by_pattern(self._count), needed=False)
        for item in order.items:
            for kind in ("drink", "brand", "size", "sugar", "temperature"):
                value = getattr(item, kind)
                if value is not None:
                    yield _Value(kind, value, self._by_forms(kind, value))
            yield from (_Value("toppings", name, self._by_forms("topping", name)) for name in item.toppings)
            yield from (_Value("without", name, self._by_forms("topping", name)) for name in item.without)
        if order.use_coupon:
            yield _Value("use_coupon", "use", self._coupon)
        if order.budget_cny is not None:
            yield _Value("budget_cny", f"{order.budget_cny:g}", _by_money(order.budget_cny))
        yield from self._spoken(order)

    def _spoken(self, order: OrderIntent) -> Iterator[_Value]:
        yield from (_Value("preferences", value, self._literal(value)) for value in order.preferences)
        where = order.fulfilment
        if where is None:
            return
        if where.mode is not None:
            yield _Value(
                "fulfilment.mode", where.mode, _by_pattern(_MODES[where.mode]), needed=where.address is None
            )
        for kind, value in (("fulfilment.address", where.address), ("fulfilment.time", where.time)):
            if value is not None:
                yield _Value(kind, value, self._literal(value))

    def _by_forms(self, slot: str, value: str) -> Callable[[str], Iterator[tuple[int, int]]]:
        forms = self._lexicon.forms(slot, value) or (self._normalised(value),)

        def find(text: str) -> Iterator[tuple[int, int]]:
            found = [span for form in forms for span in everywhere(text, form)]
            found = found or list(self._sounding(text, forms))
            phrased = self._lexicon.phrased(slot, value)
            yield from found or (span for form in phrased for span in everywhere(text, form))

        return find

    def _sounding(self, text: str, forms: Iterable[str]) -> Iterator[tuple[int, int]]:
        """Where a form of two characters or more was heard or typed as others that sound the same: 瑞星."""
        heard = self._sound(text)
        for form in forms:
            sound = self._sound(form)
            for start in range(len(heard) - len(sound) + 1) if len(sound) > 1 else ():
                if heard[start : start + len(sound)] == sound:
                    yield start, start + len(sound)

    def _literal(self, value: str) -> Callable[[str], Iterator[tuple[int, int]]]:
        spoken = self._normalised(value)
        return lambda text: everywhere(text, spoken) if spoken in text else _scattered(text, spoken)

    def _coupon(self, text: str) -> Iterator[tuple[int, int]]:
        known = list(self._by_forms("coupon", "use")(text))
        yield from known or (match.span() for match in _COUPON.finditer(text))


def everywhere(text: str, form: str) -> Iterator[tuple[int, int]]:
    """Every place where a form stands."""
    at = text.find(form) if form else -1
    while at >= 0:
        yield at, at + len(form)
        at = text.find(form, at + 1)


def _scattered(text: str, spoken: str) -> Iterator[tuple[int, int]]:
    """The value with something dropped into it (a pause, a filler), at most half as long again."""
    pattern = re.compile(".{0,3}?".join(map(re.escape, spoken)))
    for match in pattern.finditer(text):
        if match.end() - match.start() <= len(spoken) * 1.5 + 2:
            yield match.span()


def _by_pattern(pattern: re.Pattern[str]) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: (match.span() for match in pattern.finditer(text))


def _by_money(amount: float) -> Callable[[str], Iterator[tuple[int, int]]]:
    return lambda text: money(text, amount)


def money(text: str, amount: float) -> Iterator[tuple[int, int]]:
    """Every place where a number stands that is worth so much."""
    return (match.span() for match in _MONEY.finditer(text) if _worth(match.group()) == amount)


_CHINESE = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


def _worth(numeral: str) -> float | None:
    """The number that a numeral below a thousand stands for."""
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", numeral):
        return float(numeral)
    total, digit = 0, 0
    for char in numeral:
        if char in _CHINESE:
            digit = _CHINESE[char]
        elif char in "十百":
            total, digit = total + (digit or 1) * (10 if char == "十" else 100), 0
        else:
            return None
    return float(total + digit)


def _longest(candidates: list[Find]) -> tuple[Find, ...]:
    """Finds that do not overlap, the longest first; of equals the open-ended value, which was copied from here."""
    taken: set[int] = set()
    chosen: list[Find] = []
    for find in sorted(
        candidates, key=lambda find: (find.start - find.end, -KINDS.index(find.kind), find.start)
    ):
        places = range(find.start, find.end)
        if taken.isdisjoint(places):
            taken.update(places)
            chosen.append(find)
    return tuple(sorted(chosen, key=lambda find: find.start))
