"""Cutting maps into tiles, and laying them together again."""

from fractions import Fraction
from itertools import pairwise

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.first_stage.tiles import Tile, one_tiling, spans, tiles_of


def enlarged(x: Tensor) -> Tensor:
    """A decoder without a view beyond its cell: tiles change nothing for it."""
    return F.interpolate(x, scale_factor=4, mode="nearest")


X = torch.randn(2, 3, 40, 56, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("tile", [(16, 16), (12, 40), (40, 9), (7, 5)])
def test_tiles_of_a_local_conversion_give_what_the_whole_gives(tile: tuple[int, int]) -> None:
    assert torch.allclose(one_tiling(enlarged, X, tile, 4, Fraction(4)), enlarged(X), atol=1e-6)


def test_what_fits_into_one_tile_is_converted_at_once() -> None:
    calls: list[Tensor] = []

    def watched(x: Tensor) -> Tensor:
        calls.append(x)
        return x

    assert torch.equal(one_tiling(watched, X, (40, 56), 8, Fraction(1)), X)
    assert len(calls) == 1


def test_tiles_fade_into_each_other() -> None:
    numbers = iter(range(1, 100))
    flat = torch.zeros(1, 1, 4, 28)
    found = one_tiling(lambda part: part + next(numbers), flat, (4, 16), 4, Fraction(1))[0, 0, 0]
    assert found[:12].tolist() == pytest.approx([1.0] * 12)
    assert found[12:16].tolist() == pytest.approx([1.2, 1.4, 1.6, 1.8])
    assert found[16:24].tolist() == pytest.approx([2.0] * 8)


@pytest.mark.parametrize(("whole", "tile", "overlap", "unit"), [
    (28, 16, 4, 1), (100, 16, 4, 1), (33, 32, 8, 1), (64, 64, 8, 1), (10, 64, 8, 1), (21, 5, 4, 1), (160, 64, 16, 8),
])  # fmt: skip
def test_tiles_are_of_one_size_reach_into_each_other_and_cover_everything(
    whole: int, tile: int, overlap: int, unit: int
) -> None:
    found = spans(whole, tile, overlap, unit)
    assert (found[0].begin, found[-1].end) == (0, whole)
    assert {span.end - span.begin for span in found} == {min(tile, whole)}
    assert all(span.begin % unit == 0 for span in found)
    for one, following in pairwise(found):
        assert one.end - following.begin >= overlap


def test_every_place_lies_in_the_core_of_one_tile_whatever_size_its_map_has_become() -> None:
    for scale in (Fraction(1), Fraction(4), Fraction(1, 4)):
        counted = torch.zeros(1, 1, int(40 * scale), int(56 * scale))
        for tile in tiles_of((40, 56), (16, 24), 4, unit=4):
            here = grown(tile, counted, scale)
            tile.core_of(here).add_(1)
        assert torch.equal(counted, torch.ones_like(counted))


def grown(tile: Tile, whole: Tensor, scale: Fraction) -> Tensor:
    """The tile's part of a map that has grown by this scale."""
    down, across = (
        slice(int(span.begin * scale), int(span.end * scale)) for span in (tile.down, tile.across)
    )
    return whole[..., down, across]
