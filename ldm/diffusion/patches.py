"""Large latents through the UNet in patches that fade into each other, as large as those it was trained on.

(LDM, section 4.3.2 and appendix D.1: where memory does not hold the whole, or where it was trained too small for it.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from torch import Tensor

from ldm.diffusion.denoiser import Given, Network
from ldm.first_stage.tiles import Tile, blended, tiles_of
from ldm.unet.hints import part_of


@dataclass(frozen=True, slots=True)
class Patches:
    """Squares of `size` cells that reach `overlap` cells into each other."""

    size: int
    overlap: int


def in_patches(network: Network, patches: Patches) -> Network:
    """F_theta of each patch, blended; what stands beside the latent, and what is followed, is cut with it."""

    def guess(z: Tensor, time: Tensor, given: Given) -> Tensor:
        size = z.shape[-2:]
        tiles = tiles_of(size, (patches.size, patches.size), patches.overlap)
        if len(tiles) == 1:
            return network(z, time, given)
        return blended(
            lambda tile: network(tile.of(z), time, _cut(given, tile)),
            tiles,
            size,
            patches.overlap,
            Fraction(1),
        )

    return guess


def _cut(given: Given, tile: Tile) -> Given:
    down, across = tile.down, tile.across

    def part(pixels: Tensor) -> Tensor:
        return part_of(pixels, down.begin, across.begin, down.end - down.begin, across.end - across.begin)

    beside = None if given.beside is None else tile.of(given.beside)
    return replace(given, beside=beside, control=tuple(one.changed(part) for one in given.control))
