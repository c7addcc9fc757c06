"""Latents that grow while they are sampled: after each of the first steps the guess is enlarged, then given noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from torch import Tensor
from torch.nn import functional as F

from ldm.resizing import bislerp

Method: TypeAlias = Literal["bislerp", "nearest-exact", "bilinear", "area", "bicubic"]


@dataclass(frozen=True, slots=True)
class Growth:
    """To `ratio` times the size, evenly over so many steps; -1: over about half of them."""

    ratio: float = 1.0
    steps: int = -1
    method: Method = "bislerp"

    def scale_after(self, step: int, levels: int) -> float:
        """How large the latent is after a step, counted from 0, of a run through so many noise levels."""
        wanted = levels // 2 if self.steps < 0 else min(self.steps, levels)
        return 1 + (self.ratio - 1) * min((step + 1) / wanted, 1.0) if wanted else 1.0

    def grown(self, guess: Tensor, step: int, levels: int) -> Tensor:
        """The guess of a step (b, c, h, w) as large as it is after it."""
        before, after = (self.scale_after(one, levels) for one in (step - 1, step))
        height, width = (max(1, round(round(side / before) * after)) for side in guess.shape[-2:])
        if (height, width) == guess.shape[-2:]:
            return guess
        if self.method == "bislerp":
            return bislerp(guess, width, height)
        return F.interpolate(guess, size=(height, width), mode=self.method)
