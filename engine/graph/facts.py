"""What is known of values before there are any: how large a picture will be, of which family a model is.

A node says so with `@node(..., facts=function)`. The function takes those inputs that it names: a `Fact` for each
socket, and the value itself for each widget, or None where that is not known yet. It gives a `Fact`, a tuple of them
where the node has several outputs, or a `Clash` with what cannot go together. It must be quick and only look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.graph.types import ListOf, Named, PortType

# What people call the values of plain types; any other type is called by its own name.
KINDS: Mapping[str, str] = {"int": "number", "float": "number", "str": "text", "bool": "switch"}
ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Fact:
    """What is known of a value that is not there yet; of a list, what holds for each of its values.

    Args:
        kind: "image", "latent", "model", "number", "text"...
        shape: Its sides, None where one is not known; None where nothing is.
        family: Which models it belongs to, as "sd15".
        bytes: How much memory it takes.
        value: The value itself, where it is a number or a text that is known already.
        more: Further numbers that nodes tell each other, such as how many pixels a cell of a latent spans.
    """

    kind: str
    shape: tuple[int | None, ...] | None = None
    family: str | None = None
    bytes: int | None = None
    value: bool | int | float | str | None = None
    more: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clash:
    """An input cannot be what it is going to be: which, why (a sentence without its dot), and what to do."""

    input: str
    reason: str
    hint: str = ""


Facts: TypeAlias = "Fact | Clash | tuple[Fact, ...] | None"
"""What a node's function gives: for each output what is known, or what clashes; None for nothing new."""


def plain_fact(type: PortType) -> Fact:
    """What a type alone tells."""
    match type:
        case Named(name):
            return Fact(KINDS.get(name, name.lower()))
        case ListOf(item):
            return plain_fact(item)
    return Fact(ANYTHING)
