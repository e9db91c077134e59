"""A word of the grammar: what it may do in a sentence and which thing of the trade it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cascade.grammar.function_words import Words
from cascade.grammar.spec import SlotSpec

_OTHER_ROLES: Final = (
    "numeral measure counted unit bound cap hour minute fraction delay later soon around half clock bundle "
    "count"
)
ROLE: Final[Mapping[str, int]] = {
    name: 1 << bit for bit, name in enumerate((*_OTHER_ROLES.split(), *Words.model_fields))
}
"""What a word may do, as bits: the classes of ``words`` and of the budget, clock and quantity sections."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot with its name."""

    name: str
    spec: SlotSpec
    field: str


class Vague(str):
    """A value that a more exact one of the same field may replace."""

    __slots__ = ("exact",)
    exact: tuple[str, ...]

    @classmethod
    def of(cls, value: str, exact: tuple[str, ...]) -> Vague:
        """``value``, to be replaced by any of ``exact``."""
        vague = cls(value)
        vague.exact = exact
        return vague


@dataclass(slots=True, eq=False)
class Entry:
    """A word of the automaton; immutable once the lexicon is built."""

    form: str
    kind: str
    """The handler that reads it: a slot role, a word class, ``guard``, ``unknown`` or ``ambiguous``."""
    roles: int = 0
    slot: Slot | None = None
    value: str = ""
    """Canonical value of a mention."""
    guard: str = ""
    """Reason of the abstention where no other role explains the word."""
    number: int = 0
    variants: tuple[Entry, ...] = ()
    """One entry for each sense, when there are several."""
    pieces: tuple[Entry, ...] = ()
    """The words this string stands for, when it is several."""
    rejects: bool = False
    """Whether it may also be read as a rejection of what follows: 不要冰 before 红茶."""
    twofold: bool = False
    """Whether a head may also be a part, or a part a head: 芋圆."""
    of_all: bool = False
    """Whether it also says that what the rest of it says holds for all: 全去冰."""
    said: str = field(init=False)
    """``value``, as a :class:`Vague` one where the form leaves open how exactly."""
    latin: bool = field(init=False)
    """Whether it counts only as a whole word."""

    def __post_init__(self) -> None:
        self.said = self.value
        if self.slot is not None:
            spec = self.slot.spec
            if self.form in spec.vague:
                self.said = Vague.of(self.value, spec.exact)
            elif self.form in spec.unlike:
                self.said = Vague.of(self.value, spec.instead)
            elif spec.rough and self.value in spec.about and self.form.endswith(spec.rough):
                self.said = Vague.of(self.value, spec.about[self.value])
        first, last = self.form[:1], self.form[-1:]
        self.latin = (first.isascii() and first.isalnum()) or (last.isascii() and last.isalnum())


Token = tuple[Entry, int, int]
"""A word and its place in the normalised text."""

UNKNOWN: Final = Entry("", "unknown")
