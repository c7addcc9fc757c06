"""Port types as data: what may flow along a link. Plain values, so that a manifest can hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Named:
    """A class by its name, with the names of the classes it extends (nearest first)."""

    name: str
    bases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Anything:
    """`Any`: everything fits in, and it fits in everywhere."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A union. It flows into a port only if every member fits there."""

    members: tuple[PortType, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values. A node that takes one item is mapped over it, so lists never clash with items."""

    item: PortType


PortType: TypeAlias = Named | Anything | OneOf | ListOf


def fits(given: PortType, wanted: PortType) -> bool:
    """Whether a value of the type `given` may flow into a port of the type `wanted`.

    A subclass fits its base, a whole number fits a real one, a union fits only with all its members. A list
    fits where its items do and the other way round: the engine maps over lists and wraps single values.
    """
    if given == wanted:
        return True  # as nearly always: the rest takes five times as long
    match given, wanted:
        case (Anything(), _) | (_, Anything()):
            return True
        case ListOf(item), _:
            return fits(item, wanted)
        case _, ListOf(item):
            return fits(given, item)
        case OneOf(members), _:
            return all(fits(member, wanted) for member in members)
        case _, OneOf(members):
            return any(fits(given, member) for member in members)
        case Named(name, bases), Named(other):
            names = (name, *bases)
            return other in names or (other == "float" and "int" in names)
    return False


def type_text(type: PortType) -> str:
    """The type as a person reads it: `Latent`, `Image | Latent`, `list of Image`."""
    match type:
        case Named(name):
            return name
        case Anything():
            return "anything"
        case OneOf(members):
            return " | ".join(type_text(member) for member in members)
        case ListOf(item):
            return f"list of {type_text(item)}"
