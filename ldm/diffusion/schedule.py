"""The forward process: betas, their products, and the same thing seen as noise levels sigma."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ldm.spec import ScheduleSpec


def betas(spec: ScheduleSpec) -> Tensor:
    """beta_t, (T,), float64. "sqrt_linear" is linear in sqrt(beta) (LDM); "linear" in beta (DDPM)."""
    match spec.kind:
        case "sqrt_linear":
            return (
                torch.linspace(math.sqrt(spec.first), math.sqrt(spec.last), spec.steps, dtype=torch.float64)
                ** 2
            )
        case "linear":
            return torch.linspace(spec.first, spec.last, spec.steps, dtype=torch.float64)


@dataclass(frozen=True)
class Schedule:
    """A variance-preserving process z_t = sqrt(abar_t) z_0 + sqrt(1 - abar_t) eps; sigma = sqrt((1 - abar) / abar)."""

    spec: ScheduleSpec

    @cached_property
    def alphas_cumprod(self) -> Tensor:
        """abar_t, (T,), float64."""
        return torch.cumprod(1 - betas(self.spec), dim=0)

    @cached_property
    def sigmas(self) -> Tensor:
        """Noise level of each timestep, rising, (T,), float32 (computed in float64)."""
        abar = self.alphas_cumprod
        return ((1 - abar) / abar).sqrt().float()

    @cached_property
    def _log_sigmas(self) -> Tensor:
        return self.sigmas.log()

    @property
    def sigma_min(self) -> float:
        """The noise level of t = 0."""
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        """The noise level of t = T - 1."""
        return float(self.sigmas[-1])

    def timestep(self, sigma: Tensor) -> Tensor:
        """The nearest whole timestep of a noise level, in log sigma (as ComfyUI does), same shape, int64."""
        distances = (sigma.to(self._log_sigmas).log()[..., None] - self._log_sigmas).abs()
        return distances.argmin(dim=-1)

    def continuous_timestep(self, sigma: Tensor) -> Tensor:
        """The timestep of a noise level, interpolated in log sigma (as k-diffusion does), same shape, float32."""
        log_sigmas = self._log_sigmas
        wanted = sigma.to(log_sigmas).log()
        high = torch.searchsorted(log_sigmas, wanted.contiguous()).clamp(1, len(log_sigmas) - 1)
        low = high - 1
        share = (wanted - log_sigmas[low]) / (log_sigmas[high] - log_sigmas[low])
        return low + share.clamp(0, 1)

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level of a timestep between 0 and T - 1, interpolated in log sigma, same shape."""
        t = timestep.float().clamp(0, len(self.sigmas) - 1)
        low = t.floor().long()
        high = (low + 1).clamp(max=len(self.sigmas) - 1)
        share = t - low
        return torch.lerp(self._log_sigmas[low], self._log_sigmas[high], share).exp()

    def sigma_at(self, share: float) -> float:
        """The noise level at a share of the way from noise (0) to picture (1); the ends lie beyond all levels."""
        if share <= 0.0:
            return math.inf
        if share >= 1.0:
            return 0.0
        return float(self.sigma(torch.tensor((1.0 - share) * (len(self.sigmas) - 1))))
