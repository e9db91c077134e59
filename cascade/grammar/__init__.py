"""The order grammar shared by the tiers: lexicon, numerals, and the composition of whole orders."""

from cascade.grammar.grammar import OrderGrammar
from cascade.grammar.heard import HeardParse
from cascade.grammar.hearing import Heard
from cascade.grammar.parse import Guard, Mention, Parse, Problem

__all__ = ["Guard", "Heard", "HeardParse", "Mention", "OrderGrammar", "Parse", "Problem"]
