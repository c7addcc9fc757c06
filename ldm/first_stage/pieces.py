"""How the large maps of a first stage are made: at once, or in tiles that give the same.

Near its latents a first stage is small, and attends over the whole picture there: that is always done at once. Levels
near the pixels are large. They see no further than their convolutions reach, but for their norms, which see everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ldm.first_stage.norms import Normed, NotKnown, Spread, known, own, spread_of
from ldm.first_stage.tiles import Tile, joined, tiles_of


@dataclass(frozen=True, slots=True)
class Part:
    """One level of a first stage: from (b, c, h, w), and how it is normed, to (b, d, h * scale, w * scale).

    It sees `reach` places around each. A place spans `pixels` along each side.
    """

    run: Callable[[Tensor, Normed], Tensor]
    scale: Fraction
    reach: int
    pixels: int


Pieces: TypeAlias = Callable[[Part, Tensor], Tensor]
"""Carries a part out for a whole map."""


def at_once(part: Part, x: Tensor) -> Tensor:
    """Everything in one go."""
    return part.run(x, own)


@dataclass(frozen=True, slots=True)
class Tiles:
    """Squares of about `size` pixels that reach `overlap` pixels into each other at least, picture by picture.

    Tiles see as far beyond their core as the part does, and norms are those of the whole: they are found one after the
    other, each by a walk through all tiles that ends there. So no seams can show, at about four times the work.
    """

    size: int
    overlap: int = 0

    def __call__(self, part: Part, x: Tensor) -> Tensor:
        """Carry a part out in tiles."""
        unit = max(int(1 / part.scale), 1)  # tiles of pixels must become whole cells
        overlap = max(self.overlap // part.pixels, 2 * (part.reach + unit))
        side = max(self.size // part.pixels, 2 * overlap)
        tiles = tiles_of(x.shape[-2:], (side - side % unit,) * 2, overlap, unit)
        if len(tiles) == 1:
            return torch.cat([part.run(one, own) for one in x.split(1)])
        return torch.cat([_in_tiles(part, one, tiles) for one in x.split(1)])


def _in_tiles(part: Part, x: Tensor, tiles: Sequence[Tile]) -> Tensor:
    spreads: dict[nn.GroupNorm, Spread] = {}
    while (found := _next_norm(part, x, tiles, spreads)) is not None:
        norm, spread = found
        spreads[norm] = spread
    return joined(lambda tile: part.run(tile.of(x), known(spreads)), tiles, x.shape[-2:], part.scale)


def _next_norm(
    part: Part, x: Tensor, tiles: Sequence[Tile], spreads: dict[nn.GroupNorm, Spread]
) -> tuple[nn.GroupNorm, Spread] | None:
    """The first norm that is not known yet, and the whole map's spread there; None if all are known."""
    norm: nn.GroupNorm | None = None
    total: Spread | None = None
    for tile in tiles:
        try:
            part.run(tile.of(x), known(spreads))
        except NotKnown as here:
            norm, seen = here.norm, spread_of(here.norm, tile.core_of(here.x))
            total = seen if total is None else total.with_more(seen)
        else:
            return None
    return None if norm is None or total is None else (norm, total)
