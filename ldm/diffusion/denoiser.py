"""The one contract of sampling, D(x, sigma) -> denoised, and the wrapper that makes an LDM keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from torch import Tensor

from ldm.diffusion.schedule import Schedule

NoisePredictor: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""epsilon_theta(z_t, t, context), in the variance-preserving scale of training."""


class Denoiser(Protocol):
    """Give the expected clean latent of x = z_0 + sigma * eps; x: (b, c, h, w), sigma: a number or (b,)."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise."""
        ...


@dataclass(frozen=True, slots=True)
class EpsDenoiser:
    """An eps-predicting model under one context.

    D(x, sigma) = x - sigma * eps_theta(x / sqrt(1 + sigma^2), t(sigma)).
    """

    predict: NoisePredictor
    schedule: Schedule
    context: Tensor

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""
        level = sigma.to(x.device).expand(x.shape[0])
        time = self.schedule.timestep(level.cpu()).to(x.device)
        spread = level.to(x.dtype)[:, None, None, None]
        context = self.context.expand(x.shape[0], -1, -1)
        noise = self.predict(x / (1 + spread.square()).sqrt(), time, context)
        return x - spread * noise
