"""Lists of ``grammar.yaml`` that stand in several places: written once under ``lists``, named as ``$earlier`` there.

Two copies of a list drift apart, and what one of them lacks is found by a user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from cascade.grammar.forms import MOST
from cascade.strict_yaml import Document

SECTION: Final = "lists"
_MARK: Final = "$"
_PLACES: Final = 1
"""How deep in a list of words the places of a combination stand: ``[[$earlier, 点], [的]]``."""


def written_out(document: Document) -> Document:
    """The document with each named list in place of its name, and without the section of lists.

    A name among words, or among the alternatives of one place, adds the words of its list to them; as a place of a
    combination it is that place. A list may name those above it.

    Raises :class:`~cascade.errors.BundleCorrupt` with the line of a name that no list has, of a list that nothing
    names, and of one that grows too long.
    """
    if not isinstance(document.data, dict) or SECTION not in document.data:
        return document
    lists = document.data[SECTION]
    if not isinstance(lists, dict) or not all(isinstance(words, list) for words in lists.values()):
        raise document.error("lists of words by their names", (SECTION,))
    writer = _Writer(document)
    for name, words in lists.items():
        writer.known[name] = writer.words(words, (SECTION, name))
    rest = {key: writer.written(value, (key,)) for key, value in document.data.items() if key != SECTION}
    unused = next((name for name in lists if name not in writer.used), None)
    if unused is not None:
        raise document.error(f"nothing names the list {_MARK}{unused}", (SECTION, unused))
    return replace(document, data=rest)


class _Writer:
    """Puts lists in place of their names."""

    def __init__(self, document: Document) -> None:
        self.known: dict[str, list[Any]] = {}
        self.used: set[str] = set()
        self._document = document

    def written(self, value: Any, path: tuple[str | int, ...]) -> Any:
        """A value of the document with the lists that it names."""
        if isinstance(value, Mapping):
            return {key: self.written(child, (*path, key)) for key, child in value.items()}
        return self.words(value, path) if isinstance(value, list) else value

    def words(self, forms: Sequence[Any], path: tuple[str | int, ...], depth: int = 0) -> list[Any]:
        """A list of words with the lists that it names."""
        found: list[Any] = []
        for at, form in enumerate(forms):
            place = (*path, at)
            if isinstance(form, str) and form.startswith(_MARK):
                named = self._named(form.removeprefix(_MARK), place)
                found += [named] if depth == _PLACES else named
            elif isinstance(form, list):
                found.append(self.words(form, place, depth + 1))
            else:
                found.append(self.written(form, place))
            if len(found) > MOST:  # lists of lists grow without bound, as aliases would
                raise self._document.error(f"more than {MOST} words", place)
        return found

    def _named(self, name: str, path: tuple[str | int, ...]) -> list[Any]:
        if name not in self.known:
            raise self._document.error(f"no list above is called {_MARK}{name}", path)
        self.used.add(name)
        return self.known[name]
