"""How values change at the border of a pack's node: Weft's frozen classes outside, ComfyUI's tensors and dicts inside.

The engine knows no tensors: whoever owns a class says how with `offer_value`. A type that nobody speaks of goes through
as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from engine.graph.types import Anything, Named, OneOf, PortType

Change: TypeAlias = Callable[[Any], Any]

BUILT_IN = (int, float, str, bool, type(None))
PLAIN = {"int", "float", "str", "bool", "COMBO"}


@dataclass(frozen=True, slots=True)
class Border:
    """How values of a class change: `inward` into a pack, `outward` out of it; `looks_so` tells one by itself."""

    port: str
    inward: Change
    outward: Change
    looks_so: Callable[[object], bool] | None = None


BY_CLASS: dict[type, Border] = {}
BY_PORT: dict[str, Border] = {}


def _nothing() -> object:
    return None


def _nothing_after(before: object) -> None:
    return


_SURROUNDINGS: list[tuple[Callable[[], object], Callable[[Any], None]]] = [(_nothing, _nothing_after)]


def offer_value(
    of: type,
    port: str,
    inward: Change,
    outward: Change,
    looks_so: Callable[[object], bool] | None = None,
) -> None:
    """Say how values of a class change at the border of packs.

    Args:
        of: The class, outside.
        port: The name of its type, "IMAGE".
        inward: Gives the pack's value for one of the class.
        outward: Gives one of the class for the pack's value, or the value itself where it is none.
        looks_so: Whether a value that came out at a port of any type is one of these.
    """
    BY_CLASS[of] = BY_PORT[port] = Border(port, inward, outward, looks_so)


def offer_surroundings(before: Callable[[], object], after: Callable[[Any], None]) -> None:
    """Say what is done before each call of a pack's node, and after it with what `before` gave: no gradients."""
    _SURROUNDINGS[:] = [(before, after)]


def surroundings() -> tuple[Callable[[], object], Callable[[Any], None]]:
    """What is done before and after each call."""
    return _SURROUNDINGS[0]


def inward(value: object) -> object:
    """A value as packs know it."""
    border = BY_CLASS.get(value.__class__)
    return value if border is None else border.inward(value)


def outward(type: PortType) -> Change | None:
    """What turns a pack's value for a port of this type into ours; None where nothing does."""
    match type:
        case Named(name, bases):
            border = BY_PORT.get(name)
            if border is not None:
                return border.outward
            return guessed if any(base in BY_PORT for base in bases) else None
        case Anything() | OneOf():
            return guessed
    return None


def changes_inward(type: PortType) -> bool:
    """Whether a value of this type may change on its way into a pack."""
    match type:
        case Named(name):
            return name not in PLAIN
        case _:
            return True


def guessed(value: object) -> object:
    """A pack's value that came out at a port of any type, as what it looks like."""
    if value.__class__ in BUILT_IN:
        return value
    for border in BY_PORT.values():
        if border.looks_so is not None and border.looks_so(value):
            return border.outward(value)
    return value
