"""Guidance by the model's own attention: what it looks at, and what it would guess without looking (SAG, PAG)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.diffusion.denoiser import Network

Watch: TypeAlias = Callable[[Tensor], None]
MUCH = 1.0  # times as much as the mean: what is looked at more than this is blurred
WINDOW = 9  # cells along a side of the blur
SMALLEST = 4  # cells along a side, below which nothing can be blurred


@dataclass(frozen=True, slots=True)
class Inside:
    """Two further ways to run a network.

    `unseeing` lets no place look at another in the middle. `watched` shows who looks at whom there, (b, heads, n, n).
    """

    unseeing: Network
    watched: Callable[[Watch], Network]


def blurred_where_seen(guess: Tensor, shares: Tensor, blur: float) -> Tensor:
    """The guess (b, c, h, w) with all blurred that is looked at more than usual.

    Args:
        guess: Of the clean latent.
        shares: Who looks at whom, (b, heads, n, n), each row a sum of 1; the n are cells of a smaller map.
        blur: The blur's standard deviation, in cells.
    """
    seen = shares.float().mean(dim=1).sum(dim=1) > MUCH  # half precision cannot sum so many
    height, width = _sides(seen.shape[1], guess.shape[-2], guess.shape[-1])
    mask = seen.unflatten(1, (height, width))[:, None].to(guess)
    mask = F.interpolate(mask, size=guess.shape[-2:], mode="nearest")
    return torch.lerp(guess, blurred(guess, blur), mask)


def can_blur(guess: Tensor) -> bool:
    """Whether it is large enough."""
    return min(guess.shape[-2:]) > SMALLEST


def blurred(x: Tensor, spread: float) -> Tensor:
    """A map (b, c, h, w) under a Gaussian window of 9 x 9 cells; at its edges it is mirrored."""
    if spread <= 0.0:
        return x
    places = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    line = (-0.5 * (places / spread).square()).exp()
    line = line / line.sum()
    window = (line[:, None] * line).expand(x.shape[1], 1, -1, -1)
    return F.conv2d(F.pad(x, [WINDOW // 2] * 4, mode="reflect"), window, groups=x.shape[1])


def _sides(cells: int, height: int, width: int) -> tuple[int, int]:
    """The sides of a map of so many cells whose proportions are as near to these as can be."""
    rows = [rows for rows in range(1, cells + 1) if cells % rows == 0]
    nearest = min(rows, key=lambda one: abs(math.log(one * one / cells * width / height)))
    return nearest, cells // nearest
