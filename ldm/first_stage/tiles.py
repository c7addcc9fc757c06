"""Cutting maps into tiles that fade into each other, for what memory does not hold at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Span:
    """One side of a tile, from `begin` to `end`. Cores of neighbours touch, but have no place in common.

    `core_begin` and `core_end` are counted from `begin`.
    """

    begin: int
    end: int
    core_begin: int
    core_end: int

    @property
    def place(self) -> slice:
        """Where it lies."""
        return slice(self.begin, self.end)

    def core(self, length: int) -> slice:
        """Where its core lies in a map of the tile that has become so long."""
        ratio = Fraction(length, self.end - self.begin)
        return slice(int(self.core_begin * ratio), int(self.core_end * ratio))


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle of a map."""

    down: Span
    across: Span

    def of(self, x: Tensor) -> Tensor:
        """That part of x (..., h, w)."""
        return x[..., self.down.place, self.across.place]

    def core_of(self, x: Tensor) -> Tensor:
        """What no other tile's core has of x (..., h', w'), which is a map of this tile, of whatever size."""
        return x[..., self.down.core(x.shape[-2]), self.across.core(x.shape[-1])]


def spans(whole: int, tile: int, overlap: int, unit: int = 1) -> list[Span]:
    """One side cut into as few tiles as reach that far into each other, all of one length, or into one.

    `whole`, `tile` and where tiles begin are multiples of `unit`.
    """
    if whole <= tile:
        return [Span(0, whole, 0, whole)]
    count = -(-(whole - overlap) // max(tile - overlap, unit))
    begins = [(whole - tile) // unit * index // (count - 1) * unit for index in range(count)]
    borders = [0, *((last + tile + first) // 2 // unit * unit for last, first in pairwise(begins)), whole]
    return [
        Span(begin, begin + tile, first - begin, last - begin)
        for begin, (first, last) in zip(begins, pairwise(borders), strict=True)
    ]


def tiles_of(size: Sequence[int], tile: tuple[int, int], overlap: int, unit: int = 1) -> list[Tile]:
    """A map of this height and width cut into tiles of that height and width at most."""
    downs, acrosses = (spans(whole, side, overlap, unit) for whole, side in zip(size, tile, strict=True))
    return [Tile(down, across) for down in downs for across in acrosses]


def joined(
    convert: Callable[[Tile], Tensor], tiles: Sequence[Tile], size: Sequence[int], scale: Fraction
) -> Tensor:
    """What `convert` makes of the core of each tile, side by side.

    Args:
        convert: From a tile to (b, c, h * scale, w * scale).
        tiles: Of a map.
        size: The map's height and width.
        scale: How many times as wide the result is.
    """
    whole: Tensor | None = None
    for tile in tiles:
        part = convert(tile)
        if whole is None:
            whole = part.new_zeros(*part.shape[:2], *(int(side * scale) for side in size))
        core = tile.core_of(part)
        top, left = (int((one.begin + one.core_begin) * scale) for one in (tile.down, tile.across))
        whole[..., top : top + core.shape[-2], left : left + core.shape[-1]] = core
    if whole is None:
        raise ValueError("There is nothing to convert.")
    return whole


def blended(
    convert: Callable[[Tile], Tensor],
    tiles: Sequence[Tile],
    size: Sequence[int],
    overlap: int,
    scale: Fraction,
) -> Tensor:
    """What `convert` makes of each tile, laid on each other, each fading out where it reaches into the next.

    Args:
        convert: From a tile to (b, c, h * scale, w * scale).
        tiles: Of a map.
        size: The map's height and width.
        overlap: How far neighbours reach into each other at least.
        scale: How many times as wide the result is.
    """
    total: Tensor | None = None
    weights = torch.zeros(1, 1, *(int(side * scale) for side in size))
    for tile in tiles:
        part = convert(tile)
        height, width = part.shape[-2:]
        faded = _fade(height, int(overlap * scale))[:, None] * _fade(width, int(overlap * scale))
        top, left = int(tile.down.begin * scale), int(tile.across.begin * scale)
        place = (..., slice(top, top + height), slice(left, left + width))
        if total is None:
            total = part.new_zeros(*part.shape[:2], *weights.shape[-2:])
        total[place] += part * faded.to(part)
        weights[place] += faded
    if total is None:
        raise ValueError("There is nothing to convert.")
    return total / weights.to(total)


def one_tiling(
    convert: Callable[[Tensor], Tensor], x: Tensor, tile: tuple[int, int], overlap: int, scale: Fraction
) -> Tensor:
    """What `convert` makes of x (b, c, h, w), each (height, width) tile by itself."""
    tiles = tiles_of(x.shape[-2:], tile, overlap)
    if len(tiles) == 1:
        return convert(x)
    return blended(lambda tile: convert(tile.of(x)), tiles, x.shape[-2:], overlap, scale)


def _fade(side: int, overlap: int) -> Tensor:
    ramp = torch.ones(side)
    rise = torch.arange(1, overlap + 1)[:side] / max(overlap, 1)
    ramp[: len(rise)] *= rise
    ramp[side - len(rise) :] *= rise.flip(0)
    return ramp
