"""What a multi-step sampler remembers of a step: where it stood, and what the model guessed there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor


@dataclass(frozen=True, slots=True)
class Past:
    """One step that lies behind: the latent x at level sigma, and D(x, sigma)."""

    sigma: float
    x: Tensor
    denoised: Tensor

    @property
    def slope(self) -> Tensor:
        """Dx / dsigma along the probability-flow ODE (Karras et al. 2022, eq. 3)."""
        return (self.x - self.denoised) / self.sigma


Memory: TypeAlias = tuple[Past, ...]
"""The latest steps, oldest first."""
