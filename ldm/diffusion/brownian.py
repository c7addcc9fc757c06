"""A Brownian path that can be asked for its value at any time, in any order, always with the same answer.

A virtual Brownian tree (Li et al. 2020, "Scalable gradients for stochastic differential equations", alg. 3): nothing
is kept but the seed. Halves, seeds and rounding are chosen as torchsde's `BrownianTree` has them, so that the numbers
are its own but for rounding: on the CPU that is what ComfyUI draws.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

DIGITS = 6  # times are rounded to so many digits, which is how deep the tree gets
POOL = 24  # the size of numpy's pool of entropy


class BrownianPath:
    """W(t) for t between `low` and `high`, with W(low) = 0, shaped (b, c, h, w).

    The whole increment is drawn first; each half of an interval is a draw around half of it, seeded by its place.
    """

    def __init__(self, seed: int, low: float, high: float, shape: Sequence[int]) -> None:
        self._seed, self._shape = seed, tuple(shape)
        self._span = (low, high)
        (drawn,) = np.random.SeedSequence(seed, pool_size=POOL).generate_state(1)
        self._whole = self._draw(drawn) * math.sqrt(high - low)
        self._latest: dict[float, Tensor] = {}

    def spans(self, span: tuple[float, float], shape: Sequence[int]) -> bool:
        """Whether this is the path between these two times, of this shape."""
        return span == self._span and tuple(shape) == self._shape

    def __call__(self, time: float) -> Tensor:
        """W at this time; times beyond the ends are taken to be there."""
        low, high = (round(end, DIGITS) for end in self._span)
        wanted = min(max(round(time, DIGITS), low), high)
        if wanted not in self._latest:
            # A step begins where the one before it ended.
            self._latest = {**dict([*self._latest.items()][-1:]), wanted: self._found(wanted, low, high)}
        return self._latest[wanted]

    def _found(self, wanted: float, low: float, high: float) -> Tensor:
        value, increment = torch.zeros(self._shape), self._whole
        if wanted == low:
            return value
        place = depth = 0
        while wanted != high:
            middle = round(0.5 * (low + high), DIGITS)
            left, right = middle - low, high - middle
            spread = math.sqrt(left * right / (high - low))
            half = increment * (left / (high - low)) + spread * self._draw(self._seed_of(place, depth))
            if wanted > middle:
                value, increment, low = value + half, increment - half, middle
            else:
                increment, high = half, middle
            place, depth = 2 * place + (wanted > middle), depth + 1
        return value + increment

    def _seed_of(self, place: int, depth: int) -> int:
        found = np.random.SeedSequence(self._seed, spawn_key=(place, depth), pool_size=POOL).generate_state(1)
        return int(found[0])

    def _draw(self, seed: int) -> Tensor:
        return torch.randn(self._shape, generator=torch.Generator().manual_seed(int(seed)))
