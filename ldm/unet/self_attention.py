"""Self-attention under changes: in tiles, over fewer tokens, or not at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from ldm.unet.changes import HyperTile, MergeTokens, MiddleAlone, UNetChange, Way
from ldm.unet.token_merging import merging


class SelfAttention(Protocol):
    """Tokens (b, n, c) that look at each other."""

    def attend(self, x: Tensor) -> Tensor:
        """What they see, (b, n, c)."""
        ...

    def alone(self, x: Tensor) -> Tensor:
        """What each sees if it looks at itself alone."""
        ...

    def shares(self, x: Tensor) -> Tensor:
        """How much each looks at each, (b, heads, n, n)."""
        ...


def looking_around(attention: SelfAttention, x: Tensor, way: Way | None) -> Tensor:
    """What tokens (b, n, c) see of each other, with what is changed there."""
    if way is None:
        return attention.attend(x)
    if way.watch is not None and way.middle:
        way.watch(attention.shares(x))
    changes = sorted(
        way.changes, key=lambda one: isinstance(one, MergeTokens)
    )  # in tiles first, then among few
    return _changed(attention, x, way, tuple(changes), _depth(way))


def _changed(
    attention: SelfAttention, x: Tensor, way: Way, changes: tuple[UNetChange, ...], depth: int
) -> Tensor:
    """The changes one within the other, the first one outermost."""
    if not changes:
        return attention.attend(x)
    change, rest = changes[0], changes[1:]
    match change:
        case MiddleAlone() if way.middle:
            return attention.alone(x)
        case HyperTile():
            rows, columns = _cuts(change, way, depth)
            if rows * columns > 1:
                height, width = way.map
                within = replace(way, map=(height // rows, width // columns))
                tiles = _tiles(x, way.map, rows, columns)
                return _joined(_changed(attention, tiles, within, rest, depth), way.map, rows, columns)
        case MergeTokens(ratio) if depth == 0:
            merge, unmerge = merging(x, way.map, ratio, way.turn)
            return unmerge(attention.attend(merge(x)))
        case _:
            pass
    return _changed(attention, x, way, rest, depth)


def _depth(way: Way) -> int:
    """How often the map was halved; -1 for one that is no halving of the latent."""
    for depth in range(8):
        if way.map == tuple(-(-side // 2**depth) for side in way.whole):
            return depth
    return -1


def _cuts(change: HyperTile, way: Way, depth: int) -> tuple[int, int]:
    """Into how many rows and columns of tiles a map is cut."""
    if not 0 <= depth <= change.depth:
        return 1, 1
    least = change.tile * (2**depth if change.grow else 1)
    height, width = (_count(side, least, change.swap, way.turn) for side in way.map)
    return height, width


def _count(side: int, least: int, swap: int, turn: int) -> int:
    """How many equal parts of at least so many cells: one of the `swap` largest numbers, in turn."""
    counts = [side // part for part in range(min(least, side), side + 1) if side % part == 0][:swap]
    return counts[turn % len(counts)]


def _tiles(x: Tensor, size: tuple[int, int], rows: int, columns: int) -> Tensor:
    """(b, h * w, c) to (b * tiles, tokens of a tile, c)."""
    cut: Tensor = x.unflatten(1, (rows, size[0] // rows, columns, size[1] // columns))
    return cut.permute(0, 1, 3, 2, 4, 5).flatten(3, 4).flatten(0, 2)


def _joined(tiles: Tensor, size: tuple[int, int], rows: int, columns: int) -> Tensor:
    """The tiles as one map again."""
    cut = tiles.unflatten(0, (-1, rows, columns)).unflatten(3, (size[0] // rows, size[1] // columns))
    return torch.flatten(cut.permute(0, 1, 3, 2, 4, 5), 1, 4)
