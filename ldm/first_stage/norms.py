"""Norms of a whole picture of which only tiles are at hand.

A group norm looks at all places of a map. Where each tile is normed by itself, its contrast and its colours are its
own, and seams show. Here tiles are normed by the mean and the variance of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

Normed: TypeAlias = Callable[[nn.GroupNorm, Tensor], Tensor]
"""What a norm makes of a map (b, c, h, w)."""


def own(norm: nn.GroupNorm, x: Tensor) -> Tensor:
    """The map by its own mean and variance, as usual."""
    normed: Tensor = norm(x)
    return normed


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean and the variance of each group's numbers, (b, groups), and how many they are."""

    mean: Tensor
    variance: Tensor
    count: int

    def with_more(self, other: Spread) -> Spread:
        """Those of both together."""
        count = self.count + other.count
        share, away = other.count / count, other.mean - self.mean
        variance = self.variance + (other.variance - self.variance) * share
        return Spread(self.mean + away * share, variance + away.square() * share * (1 - share), count)


def spread_of(norm: nn.GroupNorm, x: Tensor) -> Spread:
    """Mean and variance of each of the norm's groups."""
    numbers = x.float().unflatten(1, (norm.num_groups, -1)).flatten(2)
    variance, mean = torch.var_mean(numbers, dim=2, correction=0)
    return Spread(mean.double(), variance.double(), numbers.shape[2])


def by(norm: nn.GroupNorm, spread: Spread, x: Tensor) -> Tensor:
    """The map normed by a mean and a variance that are not its own."""
    width = norm.num_channels // norm.num_groups
    scale = (spread.variance + norm.eps).rsqrt().repeat_interleave(width, dim=1) * norm.weight
    shift = norm.bias - spread.mean.repeat_interleave(width, dim=1) * scale
    return torch.addcmul(shift.to(x)[..., None, None], x, scale.to(x)[..., None, None])


class NotKnown(Exception):
    """No error: the walk through a tile has come to a norm whose mean and variance are not known yet."""

    def __init__(self, norm: nn.GroupNorm, x: Tensor) -> None:
        self.norm, self.x = norm, x


def known(spreads: Mapping[nn.GroupNorm, Spread]) -> Normed:
    """Norms by these means and variances. Raises `NotKnown` for another norm."""

    def normed(norm: nn.GroupNorm, x: Tensor) -> Tensor:
        if norm not in spreads:
            raise NotKnown(norm, x)
        return by(norm, spreads[norm], x)

    return normed
