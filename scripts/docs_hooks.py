"""What the documentation site does to its pages: links to files of the checkout become their names.

The pages are also read in the checkout, where such links lead somewhere; a built site has no place for them.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any

_ROLE = re.compile(r":(?:class|meth|func|mod|data|attr|exc|const):\s*<code>(?:~(?:\w+\.)*)?([\w.]+)</code>")
_ALTERNATE = re.compile(r'<link rel="alternate"[^>]*hreflang[^>]*>\s*')
_LINK = re.compile(r"\[([^\]]+)\]\((\.\./[^)\s]+)\)")


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Called by mkdocs for every page."""
    home = PurePosixPath(page.file.src_uri).parent
    return _LINK.sub(lambda link: link[1] if _leaves(home, link[2]) else link[0], markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Called by mkdocs for every page turned to HTML: roles of docstrings become the names that they mark."""
    return _ROLE.sub(r"<code>\1</code>", html)


def on_post_page(output: str, **_: Any) -> str:
    """Called by mkdocs for every finished page.

    The theme's search dialog has no name for those who hear it; and for each edition named in the head its script
    asks for a site map that a site without an address does not have.
    """
    output = _ALTERNATE.sub("", output)
    return output.replace('role="dialog">', 'role="dialog" aria-label="Search / 搜索">')


def _leaves(home: PurePosixPath, target: str) -> bool:
    """Whether a relative link goes above the folder of the pages."""
    depth = len(home.parts)
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return True
    return False
