"""The forward process: betas, their products, and the same thing seen as noise levels sigma."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ldm.spec import ScheduleSpec

# In schedules that end in pure noise: what ComfyUI leaves of the picture, so that nothing is divided by 0.
LEAST_LEFT = 4.8973451890853435e-08
COSINE_SHIFT, LARGEST_BETA = 0.008, 0.999
LOG_SIGMA = 0.25  # c_noise of Karras et al. (2022), table 1: time is a quarter of log sigma


def betas(spec: ScheduleSpec) -> Tensor:
    """beta_t, (T,), float64.

    Raises:
        ValueError: the schedule has none, or none are given.
    """
    return _rescaled(_betas(spec)) if spec.zero_terminal else _betas(spec)


def _betas(spec: ScheduleSpec) -> Tensor:
    match spec.kind:
        case "sqrt_linear":
            return _between(math.sqrt(spec.first), math.sqrt(spec.last), spec.steps).square()
        case "linear":
            return _between(spec.first, spec.last, spec.steps)
        case "sqrt":
            return _between(spec.first, spec.last, spec.steps).sqrt()
        case "cosine":
            return _cosine(spec.steps)
        case "given":
            if len(spec.betas) != spec.steps:
                raise ValueError(
                    f"The schedule has {spec.steps} timesteps, but {len(spec.betas)} betas are given."
                )
            return torch.tensor(spec.betas, dtype=torch.float64)
        case "log_sigma" | "arctan_sigma":
            raise ValueError("This schedule says noise levels, and no betas.")


def _between(first: float, last: float, steps: int) -> Tensor:
    return torch.linspace(first, last, steps, dtype=torch.float64)


def _cosine(steps: int) -> Tensor:
    """Nichol & Dhariwal 2021, eq. 17: abar falls like a squared cosine."""
    times = torch.arange(steps + 1, dtype=torch.float64) / steps
    abar = ((times + COSINE_SHIFT) / (1 + COSINE_SHIFT) * math.pi / 2).cos().square()
    return (1 - abar[1:] / abar[:-1]).clamp(max=LARGEST_BETA)


def _rescaled(found: Tensor) -> Tensor:
    """Betas under which nothing of the picture is left at the end (Lin et al. 2024, alg. 1), or next to nothing."""
    root = torch.cumprod(1 - found, dim=0).sqrt()
    abar = ((root - root[-1]) * root[0] / (root[0] - root[-1])).square()
    abar[-1] = LEAST_LEFT
    return 1 - abar / torch.cat([torch.ones(1, dtype=torch.float64), abar[:-1]])


@dataclass(frozen=True)
class Schedule:
    """A variance-preserving process z_t = sqrt(abar_t) z_0 + sqrt(1 - abar_t) eps; sigma = sqrt((1 - abar) / abar)."""

    spec: ScheduleSpec

    @property
    def continuous(self) -> bool:
        """Whether every noise level has a time of its own, and not only those of a table."""
        return self.spec.kind in ("log_sigma", "arctan_sigma")

    @cached_property
    def alphas_cumprod(self) -> Tensor:
        """abar_t, (T,), float64."""
        if self.continuous:
            return 1 / (1 + self.sigmas.double().square())
        return torch.cumprod(1 - betas(self.spec), dim=0)

    @cached_property
    def sigmas(self) -> Tensor:
        """Noise level of each timestep that the model knows, rising, float32 (computed in float64)."""
        if self.continuous:
            ends = math.log(self.spec.first), math.log(self.spec.last)
            return _between(*ends, self.spec.steps).exp().float()
        abar = self.alphas_cumprod[self.spec.every - 1 :: self.spec.every]
        return ((1 - abar) / abar).sqrt().float()

    @cached_property
    def _log_sigmas(self) -> Tensor:
        return self.sigmas.log()

    @property
    def sigma_min(self) -> float:
        """The lowest noise level."""
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        """The highest noise level."""
        return float(self.sigmas[-1])

    @property
    def times(self) -> tuple[float, float]:
        """The timesteps of the highest level and of the lowest."""
        last, first = self.timestep(self.sigmas[[-1, 0]]).tolist()
        return last, first

    def timestep(self, sigma: Tensor) -> Tensor:
        """The time of a noise level, same shape: the nearest whole timestep in log sigma, as ComfyUI takes it.

        Where the schedule is continuous, it is that level's own.
        """
        match self.spec.kind:
            case "log_sigma":
                return LOG_SIGMA * sigma.to(self._log_sigmas).log()
            case "arctan_sigma":
                return sigma.to(self._log_sigmas).atan() / (math.pi / 2)
        distances = (sigma.to(self._log_sigmas).log()[..., None] - self._log_sigmas).abs()
        return distances.argmin(dim=-1) * self.spec.every + self.spec.every - 1

    def continuous_timestep(self, sigma: Tensor) -> Tensor:
        """The timestep of a noise level, interpolated in log sigma (as k-diffusion does), same shape, float32."""
        if self.continuous:
            return self.timestep(sigma)
        log_sigmas = self._log_sigmas
        wanted = sigma.to(log_sigmas).log()
        high = torch.searchsorted(log_sigmas, wanted.contiguous()).clamp(1, len(log_sigmas) - 1)
        low = high - 1
        share = (wanted - log_sigmas[low]) / (log_sigmas[high] - log_sigmas[low])
        return (low + share.clamp(0, 1)) * self.spec.every + self.spec.every - 1

    def sigma(self, timestep: Tensor) -> Tensor:
        """The noise level of a time, interpolated in log sigma where only whole timesteps have one, same shape."""
        match self.spec.kind:
            case "log_sigma":
                return (timestep.float() / LOG_SIGMA).exp()
            case "arctan_sigma":
                return (timestep.float() * (math.pi / 2)).tan()
        t = (timestep.float() - (self.spec.every - 1)) / self.spec.every
        t = t.clamp(0, len(self.sigmas) - 1)
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
        if self.continuous:
            ends = math.log(self.sigma_max), math.log(self.sigma_min)
            return math.exp(ends[0] + share * (ends[1] - ends[0]))
        return float(self.sigma(torch.tensor((1.0 - share) * (self.spec.steps - 1))))
