"""The one contract of sampling, D(x, sigma) -> denoised, and the wrapper that makes an LDM keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from torch import Tensor

from ldm.diffusion.schedule import Schedule
from ldm.spec import Parameterization

Network: TypeAlias = Callable[[Tensor, Tensor, Tensor], Tensor]
"""F_theta(z_t, t, context), in the variance-preserving scale of training."""


class Denoiser(Protocol):
    """Give the expected clean latent of x = z_0 + sigma * eps; x: (b, c, h, w), sigma: a number or (b,)."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """A network, with what its training said of time and of its answer."""

    network: Network
    schedule: Schedule
    parameterization: Parameterization = "eps"


@dataclass(frozen=True, slots=True)
class ModelDenoiser:
    """A model under one context.

    With z = x / sqrt(1 + sigma^2): D = x - sigma * F(z, t) if F guesses eps,
    D = (z - sigma * F(z, t)) / sqrt(1 + sigma^2) if F guesses v (Salimans & Ho 2022, appendix D).
    """

    model: Model
    context: Tensor

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""
        # Samplers keep their levels on the CPU, so that no step waits for the device.
        time = self.model.schedule.timestep(sigma.cpu()).to(x.device).expand(x.shape[0])
        spread = sigma.to(x).reshape(-1, 1, 1, 1)
        width = (1 + spread.square()).sqrt()
        z = x / width
        answer = self.model.network(z, time, self.context.expand(x.shape[0], -1, -1))
        match self.model.parameterization:
            case "eps":
                return x - spread * answer
            case "v":
                return (z - spread * answer) / width
