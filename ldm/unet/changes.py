"""What may be changed in how a UNet computes, without touching its weights: frozen values, and no code that patches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from torch import Tensor

Resizing: TypeAlias = Literal["bicubic", "nearest-exact", "bilinear", "area", "bislerp"]


@dataclass(frozen=True, slots=True)
class FreeU:
    """On the way up, louder features and quieter skips (Si et al. 2023).

    Each where there are 4 times as many channels as at first, and where there are twice as many. `by_mean`:
    features are made louder where their mean is high (the paper's second version), else all alike.
    """

    backbone: tuple[float, float]
    skip: tuple[float, float]
    by_mean: bool = False


@dataclass(frozen=True, slots=True)
class HyperTile:
    """Self-attention within tiles of at least `tile` cells a side, in the `depth` + 1 largest sizes of the map.

    `swap` ways of cutting take turns, so that no seam stays. `grow`: tiles span as many cells of smaller maps too.
    """

    tile: int
    swap: int = 2
    depth: int = 0
    grow: bool = False


@dataclass(frozen=True, slots=True)
class MergeTokens:
    """In the largest map, self-attention takes a share of the tokens for their likes (Bolya & Hoffman 2023)."""

    ratio: float


@dataclass(frozen=True, slots=True)
class Shrink:
    """From an input block on, a smaller map, between two timesteps: large pictures keep one composition.

    `after_skip`: the block's own skip stays as large as it was.
    """

    block: int
    factor: float
    first: float
    last: float
    after_skip: bool = True
    down: Resizing = "bicubic"
    up: Resizing = "bicubic"


@dataclass(frozen=True, slots=True)
class MiddleAlone:
    """In the middle, no place looks at another: what perturbed-attention guidance leads away from."""


UNetChange: TypeAlias = FreeU | HyperTile | MergeTokens | Shrink | MiddleAlone


@dataclass(frozen=True, slots=True)
class Way:
    """One pass through a UNet: what is changed in it, and where it has got to.

    `whole` is the size of the latent in cells, `map` that of the features there. `watch` is shown who looks at whom,
    (b, heads, n, n), in the middle's first self-attention.
    """

    changes: tuple[UNetChange, ...]
    whole: tuple[int, int]
    time: float
    map: tuple[int, int] = (1, 1)
    place: int = 0
    middle: bool = False
    watch: Callable[[Tensor], None] | None = field(default=None, compare=False)

    def at(self, place: int, *, middle: bool = False) -> Way:
        """At a block."""
        return replace(self, place=place, middle=middle)

    def over(self, size: tuple[int, int]) -> Way:
        """Over features of this size."""
        return replace(self, map=size)

    @property
    def turn(self) -> int:
        """A number that changes with every step and block: what is picked by it does not depend on chance."""
        return int(997 * self.time) + self.place
