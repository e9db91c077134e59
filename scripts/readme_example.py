"""Runs the first Python example of a README and holds what it does to what the README says.

    python readme_example.py README.md

An expression that stands as a statement must have the value in the comment behind it, ``print`` must print its comment:

    result.tier, result.intent    # "rules", "order_drink"
    print(result.intent)          # order_drink

Assertions hold by themselves; a comment that is no Python value, behind anything but ``print``, is prose. An example
that checks nothing fails: it would prove nothing. Needs nothing but what the example itself imports.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import sys
import tokenize
from pathlib import Path
from typing import Any

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def first_example(readme: str) -> str:
    """The first block marked ``python``."""
    found = _BLOCK.search(readme)
    if found is None:
        raise SystemExit("the README has no python example")
    return found[1]


def comments(code: str) -> dict[int, str]:
    """Line numbers and the comments that end them."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def run(code: str) -> int:
    """Run the example statement by statement; the number of things checked."""
    told = comments(code)
    names: dict[str, Any] = {"__name__": "readme"}
    checked = 0
    for statement in ast.parse(code).body:
        comment = told.get(statement.end_lineno or 0, "")
        if isinstance(statement, ast.Expr):
            checked += _expression(statement, comment, names)
        else:
            exec(compile(ast.Module([statement], []), "README", "exec"), names)
            checked += isinstance(statement, ast.Assert)
    return checked


def _expression(statement: ast.Expr, comment: str, names: dict[str, Any]) -> bool:
    source = ast.unparse(statement)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        value = eval(compile(ast.Expression(statement.value), "README", "eval"), names)
    prints = source.startswith("print(")
    if not comment or not (prints or _is_literal(comment)):
        print(source, "->", printed.getvalue().strip() if prints else value)
        return False
    found, expected = (printed.getvalue().strip(), comment) if prints else (value, ast.literal_eval(comment))
    if found != expected:
        raise SystemExit(f"{source}\n  the README says: {expected!r}\n  it is:           {found!r}")
    print(source, "==", expected)
    return True


def _is_literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: readme_example.py README")
    number = run(first_example(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if not number:
        raise SystemExit("the README's example checks nothing")
    print(f"the README's example holds: {number} checked")
