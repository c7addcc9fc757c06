"""Plain values as nodes, so that several inputs can share one; and looking at any value."""

from __future__ import annotations

import json
from typing import Annotated, Any

from engine.api import Multiline, Output, Published, Range, node
from nodes.facts import values

FARTHEST = 2**63 - 1


@node("PrimitiveInt", title="Int", category="utils/primitive", facts=values.number)
def whole_number(value: Annotated[int, Range(-FARTHEST, FARTHEST)]) -> Annotated[int, Output("value")]:
    """A whole number."""
    return value


@node("PrimitiveFloat", title="Float", category="utils/primitive", facts=values.number)
def real_number(
    value: Annotated[float, Range(-FARTHEST, FARTHEST)],
) -> Annotated[float, Output("value")]:
    """A number."""
    return value


@node("PrimitiveString", title="String", category="utils/primitive", facts=values.text)
def line(value: str) -> Annotated[str, Output("value")]:
    """A line of text."""
    return value


@node("PrimitiveStringMultiline", title="String (multiline)", category="utils/primitive", facts=values.text)
def text(value: Multiline) -> Annotated[str, Output("value")]:
    """A text of many lines."""
    return value


@node("PrimitiveBoolean", title="Boolean", category="utils/primitive", facts=values.switch)
def truth(value: bool) -> Annotated[bool, Output("value")]:
    """True or false."""
    return value


@node("PreviewAny", title="Preview any", category="utils")
def preview_any(source: Any) -> Published:
    """Show any value as text.

    Args:
        source: What to show.
    """
    return Published((), {"text": (shown(source),)})


def shown(value: object) -> str:
    """A value as text: texts and numbers as they are, what JSON can hold as JSON, all else as Python shows it."""
    if value is None or isinstance(value, str | int | float):
        return str(value)
    try:
        return json.dumps(value)
    except (TypeError, ValueError):
        return str(value)
