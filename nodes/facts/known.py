"""Facts of pictures, masks and latents by their sides, and sums with sides that may not be known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from typing import TypeAlias

from engine.api import Fact

Side: TypeAlias = int | None
FLOAT = 4  # bytes of a number, as values on links have them
PIXELS, CELLS, LAYERS = 4, 4, 3  # sides of a picture (b, h, w, c), a latent (b, c, h, w), a mask (b, h, w)


def image_fact(batch: Side, height: Side, width: Side, channels: Side = 3) -> Fact:
    """Pictures of this size."""
    return sized("image", (batch, height, width, channels))


def mask_fact(batch: Side, height: Side, width: Side) -> Fact:
    """Masks of this size."""
    return sized("mask", (batch, height, width))


def sized(kind: str, shape: tuple[Side, ...], family: str | None = None, **more: Side) -> Fact:
    """A tensor of these sides; of `more`, what is known."""
    return Fact(kind, shape, family, _bytes(shape), None, _known(more))


def reshaped(fact: Fact, shape: tuple[Side, ...], **more: Side) -> Fact:
    """The same with other sides, and with `more` in place of what it said there."""
    known = _known({**fact.more, **more}) if more else fact.more
    return Fact(fact.kind, shape, fact.family, _bytes(shape), None, known)


def sides(fact: Fact | None, count: int) -> tuple[Side, ...]:
    """The sides of a value that has so many; None for each where nothing is known."""
    shape = fact.shape if fact is not None else None
    return shape if shape is not None and len(shape) == count else (None,) * count


def times(side: Side, factor: float | None, whole: Callable[[float], int] = int) -> Side:
    """A side so many times as long, made whole by a rule."""
    return None if side is None or factor is None else max(1, whole(side * factor))


def cells(side: Side, factor: Side) -> Side:
    """How many cells there are along a side of so many pixels."""
    return None if side is None or not factor else max(1, side // factor)


def most(one: Side, other: Side) -> Side:
    """The longer of two sides."""
    return None if one is None or other is None else max(one, other)


def together(*parts: Side) -> Side:
    """The sum of sides."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def number(value: Side) -> Fact:
    """A number that may be known already."""
    return Fact("number", value=value)


def only(more: Mapping[str, int], *names: str) -> dict[str, int]:
    """Of what is known besides, that under these names."""
    return {name: more[name] for name in names if name in more}


def _known(more: Mapping[str, Side]) -> dict[str, int]:
    return {name: number for name, number in more.items() if number is not None}


def _bytes(shape: tuple[Side, ...]) -> int | None:
    known = [side for side in shape if side is not None]
    return FLOAT * prod(known) if len(known) == len(shape) else None
