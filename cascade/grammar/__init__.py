"""The order grammar shared by the tiers: lexicon, numerals, and the composition of whole orders."""

from cascade.grammar.grammar import OrderGrammar
from cascade.grammar.parse import Guard, Mention, Parse, Problem

__all__ = ["Guard", "Mention", "OrderGrammar", "Parse", "Problem"]
