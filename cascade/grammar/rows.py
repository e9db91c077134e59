"""Shares of one name that were counted one by one, with no number for all of them: 奶茶一杯半糖，两杯无糖."""

from __future__ import annotations

from cascade.grammar.piece import Fields, Piece
from cascade.grammar.reading import ALL, BREAK
from cascade.grammar.spec import GrammarSpec


def in_row(pieces: list[Piece], spec: GrammarSpec, head: str, spreading: frozenset[str]) -> list[Piece]:
    """The pieces, with such shares as one; the same where they are none, or may be a number and its parts."""
    counted = [piece for piece in pieces if piece.number is not None and piece.link is BREAK]
    named = [piece for piece in pieces if piece.headed]
    others = [piece for piece in pieces if piece not in counted]
    if len(counted) < 2 or len(named) != 1 or any(piece.shares for piece in pieces):
        return pieces
    name = named[0]
    if any(piece.link is not ALL and piece is not name for piece in others):
        return pieces
    if name not in counted and name.link not in (BREAK, ALL):
        return pieces
    apart = _told_apart(counted, spec)
    own = counted[0].fields.keys() & apart
    for piece in counted[1:]:
        own &= piece.fields.keys()
    kept = {head, *spreading}
    if not own or (name in counted and (name.fields.keys() - kept - own or _alone(name, counted, own))):
        return pieces
    base: Fields = {}
    if name in counted:
        base = {field: value for field, value in name.fields.items() if field in kept}
    elif name.link is BREAK:
        base = name.fields
    shares = [
        (piece.number or 1, {field: value for field, value in piece.fields.items() if field not in base})
        for piece in counted
    ]
    headed = name.link is BREAK
    row = Piece(BREAK, counted[0].clause, None, headed, base, shares, name.leads)
    return [row, *(piece for piece in others if piece is not name or not headed)]


def _alone(name: Piece, counted: list[Piece], own: set[str]) -> bool:
    """Whether a name may be of its own share alone, or what it counts be the whole: 三杯奶茶去冰，一杯热的."""
    if all(piece.clause == name.clause for piece in counted):
        return False
    first, *others = counted
    whole = (first.number or 1) > sum(piece.number or 1 for piece in others)
    # 奶茶冰的三杯，热的两杯 says of each how many it is, 奶茶冰的三杯，两杯热的 may say which of them
    each = own <= name.between and all(own <= piece.leads for piece in others)
    return name is not first or (whole and not own <= name.leads and not each)


def _told_apart(pieces: list[Piece], spec: GrammarSpec) -> set[str]:
    """Fields in which no two of some pieces are alike."""
    names = {
        name for slot in spec.slots.values() if slot.specifies for name in (slot.field, slot.without) if name
    }
    return {name for name in names if len({str(piece.fields.get(name)) for piece in pieces}) == len(pieces)}
