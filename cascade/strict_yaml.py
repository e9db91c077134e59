"""YAML as people expect it: equal keys are an error, and only ``true``/``false`` are booleans.

PyYAML keeps the last of two equal keys, reads ``no`` as False and ``12:30`` as 750. Rule files are written by hand,
so each of these would be a silent wrong order. Aliases are refused: nothing here needs them, and nested ones grow
without bound.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from cascade.errors import BundleCorrupt

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _StrictLoader(_Loader):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789")
)
_StrictLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789")
)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed YAML file: plain data, and the 1-based line at which each node of it stands."""

    file: str
    data: Any
    lines: Mapping[tuple[str | int, ...], int]

    def line(self, path: tuple[str | int, ...]) -> int | None:
        """Line of the node at ``path`` (as in a pydantic error's ``loc``), or of its nearest known parent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def error(self, message: str, path: tuple[str | int, ...] = ()) -> BundleCorrupt:
        """An error that points at the node at ``path``."""
        return BundleCorrupt(message, file=self.file, line=self.line(path))


def parse(text: str, file: str) -> Document:
    """Parse one document. Raises :class:`BundleCorrupt` with the line of whatever is wrong."""
    loader = _StrictLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[tuple[str | int, ...], int] = {}
        data = _Builder(loader, file, lines).build(node, ()) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise BundleCorrupt(
            error.problem or "not YAML", file=file, line=mark.line + 1 if mark else None
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise BundleCorrupt(f"not YAML: {error}", file=file) from error
    finally:
        loader.dispose()
    return Document(file, data, lines)


class _Builder:
    """Plain data from YAML nodes, noting the line of each."""

    def __init__(self, loader: Any, file: str, lines: dict[tuple[str | int, ...], int]) -> None:
        self._loader = loader
        self._file = file
        self._lines = lines
        self._seen: set[int] = set()

    def build(self, node: yaml.Node, path: tuple[str | int, ...]) -> Any:
        if id(node) in self._seen:  # an alias gives the anchored node itself once more
            raise self._error("an alias cannot be used here", node)
        self._seen.add(id(node))
        self._lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, path: tuple[str | int, ...]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._error("a key must be a plain word", key_node)
            key = key_node.value
            if key in result:
                raise self._error(f"key {key!r} stands twice", key_node)
            self._lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*path, key))
        return result

    def _error(self, message: str, node: yaml.Node) -> BundleCorrupt:
        return BundleCorrupt(message, file=self._file, line=node.start_mark.line + 1)
