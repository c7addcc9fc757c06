"""Values written into a graph: what a node is given for them, and the text they have in its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.graph.spec import Literal_
from engine.graph.types import ListOf, Named, PortType

REAL = Named("float")


def as_taken(type: PortType, value: Literal_) -> Literal_:
    """What an input of this type is given for a literal.

    A real number may be written as a whole one: browsers write 7.0 as 7, which must neither run anything again
    nor hand a node an int where it declares a float.
    """
    if type == REAL or type.__class__ is ListOf:
        match value:
            case bool():
                return value
            case int() if type == REAL:
                return float(value)
            case tuple() if isinstance(type, ListOf):
                return tuple(as_taken(type.item, item) for item in value)
            case int() if isinstance(type, ListOf):
                return as_taken(type.item, value)
    return value


def literal_text(value: object) -> str:
    """A text that differs whenever the values do: 1, 1.0, True and "1" have four."""
    text = PLAIN.get(value.__class__)
    if text is not None:
        return text(value)
    match value:
        case tuple() | list():
            return f"({len(value)}:{''.join(map(literal_text, value))}"
        case Mapping():
            entries = (f"{literal_text(key)}{literal_text(value[key])}" for key in sorted(value))
            return f"{{{len(value)}:{''.join(entries)}"
    raise TypeError(f"A graph holds numbers, texts, lists and mappings of them, not {value!r}.")


PLAIN: Mapping[type, Callable[[Any], str]] = {
    type(None): lambda value: "none;",
    bool: lambda value: "yes;" if value else "no;",
    int: lambda value: f"i{value};",
    float: lambda value: f"f{value!r};",
    str: lambda value: f"s{len(value)}:{value}",
}
