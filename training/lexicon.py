"""The pack's lexicon as training needs it: slot -> canonical name -> spoken forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from cascade.bundle import Bundle, validated
from cascade.grammar.named import written_out
from cascade.grammar.spec import GrammarSpec

NAMED_SLOTS = ("brand", "drink", "topping", "base", "flavour")
"""Slots whose canonical name is itself a spoken form."""


@dataclass(frozen=True)
class Lexicon:
    """What the trade calls its things; all forms as the normaliser leaves them."""

    slots: Mapping[str, Mapping[str, tuple[str, ...]]]
    phrasings: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """The same of the grammar: forms made of function words."""

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Lexicon:
        """Read ``lexicon.yaml``, and the phrasings of ``grammar.yaml``."""
        data = bundle.yaml("lexicon.yaml").data
        spec = validated(GrammarSpec, written_out(bundle.yaml("grammar.yaml")))
        return cls(
            {
                slot: {str(name): tuple(map(str, forms or ())) for name, forms in names.items()}
                for slot, names in data.items()
            },
            spec.phrasings,
        )

    def forms(self, slot: str, canonical: str) -> tuple[str, ...]:
        """Every way to say one value, the canonical name among them where it can be said."""
        spoken = self.slots.get(slot, {}).get(canonical, ())
        return (canonical.lower(), *spoken) if slot in NAMED_SLOTS else spoken

    def phrased(self, slot: str, canonical: str) -> tuple[str, ...]:
        """What says a value with other words around it, or as a single character that often says something else."""
        return self.phrasings.get(slot, {}).get(canonical, ())

    def knows(self, slot: str, canonical: str) -> bool:
        """Whether ``canonical`` is a canonical name of the slot."""
        return canonical in self.slots.get(slot, {})

    @cached_property
    def canonical(self) -> Mapping[tuple[str, str], str]:
        """``(slot, form)`` to the canonical name, for the slots that have names."""
        return {
            (slot, form): name
            for slot in NAMED_SLOTS
            for name in self.slots.get(slot, {})
            for form in self.forms(slot, name)
        }

    @cached_property
    def characters(self) -> frozenset[str]:
        """Every character of every form."""
        return frozenset(
            char
            for slot, names in self.slots.items()
            for name in names
            for form in self.forms(slot, name)
            for char in form
        )
