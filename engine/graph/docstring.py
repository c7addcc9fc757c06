"""A node's help, read from its docstring. Nothing here knows what a node is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import docstring_parser


@dataclass(frozen=True, slots=True)
class Docs:
    """The text above the sections, and what `Args:` (or `Attributes:`) says of each name."""

    text: str
    names: Mapping[str, str]


def read_docstring(doc: str | None) -> Docs:
    """Read a docstring; Google, NumPy and reST styles are all understood."""
    if not doc:
        return Docs("", {})
    try:
        parsed = docstring_parser.parse(doc)
    except docstring_parser.ParseError:
        return Docs(doc.strip(), {})
    parts = [part for part in (parsed.short_description, parsed.long_description) if part]
    names = {param.arg_name: " ".join((param.description or "").split()) for param in parsed.params}
    return Docs("\n\n".join(parts), names)
