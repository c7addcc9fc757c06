"""Encoding and decoding in tiles that fade into each other, for pictures that memory does not hold at once."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import torch
from torch import Tensor

Convert = Callable[[Tensor], Tensor]


def tiled(convert: Convert, x: Tensor, tile: int, overlap: int, scale: Fraction) -> Tensor:
    """What `convert` makes of x, as the mean of three tilings: square tiles, wide ones and high ones.

    Their seams lie in different places, so that none of them shows.

    Args:
        convert: From (b, c, h, w) to (b, d, h * scale, w * scale).
        x: (b, c, h, w).
        tile: Side of the square tiles, in places of x.
        overlap: How far neighbours reach into each other.
        scale: How many times as wide the result is.
    """
    shapes = ((2 * tile, tile // 2), (tile // 2, 2 * tile), (tile, tile))
    return sum((one_tiling(convert, x, shape, overlap, scale) for shape in shapes), torch.zeros(())) / len(
        shapes
    )


def one_tiling(convert: Convert, x: Tensor, tile: tuple[int, int], overlap: int, scale: Fraction) -> Tensor:
    """The same with one tiling, tiles being (height, width)."""
    whole_height, whole_width = x.shape[-2:]
    if whole_height <= tile[0] and whole_width <= tile[1]:
        return convert(x)
    total: Tensor | None = None
    weights = torch.zeros(1, 1, int(whole_height * scale), int(whole_width * scale))
    for top in _begins(whole_height, tile[0], overlap):
        for left in _begins(whole_width, tile[1], overlap):
            part = convert(x[..., top : top + tile[0], left : left + tile[1]])
            height, width = part.shape[-2:]
            faded = _fade(height, int(overlap * scale))[:, None] * _fade(width, int(overlap * scale))
            place = (..., slice(int(top * scale), int(top * scale) + height),
                     slice(int(left * scale), int(left * scale) + width))  # fmt: skip
            if total is None:
                total = part.new_zeros(*part.shape[:2], *weights.shape[-2:])
            total[place] += part * faded.to(part)
            weights[place] += faded
    if total is None:
        raise ValueError(f"There is nothing to convert in {tuple(x.shape)}.")
    return total / weights.to(total)


def _begins(whole: int, tile: int, overlap: int) -> list[int]:
    """Where tiles begin along a side."""
    if whole <= tile:
        return [0]
    return list(range(0, whole - overlap, max(tile - overlap, 1)))


def _fade(side: int, overlap: int) -> Tensor:
    ramp = torch.ones(side)
    rise = torch.arange(1, overlap + 1)[:side] / max(overlap, 1)
    ramp[: len(rise)] *= rise
    ramp[side - len(rise) :] *= rise.flip(0)
    return ramp
