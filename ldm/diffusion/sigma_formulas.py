"""Noise levels by formula, between two of them and without a model's schedule. All fall to 0, but `laplace_between`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def karras_between(sigma_min: float, sigma_max: float, steps: int, rho: float = 7.0) -> Tensor:
    """Karras et al. 2022, eq. 5."""
    if rho <= 0:
        raise ValueError(f"rho is {rho:g}, but this schedule needs one above 0; 7 is usual.")
    ramp = torch.linspace(0, 1, steps)
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return torch.cat([(high + ramp * (low - high)) ** rho, torch.zeros(1)])


def exponential_between(sigma_min: float, sigma_max: float, steps: int) -> Tensor:
    """Evenly spaced in log sigma."""
    levels = torch.linspace(_log(sigma_max), _log(sigma_min), steps).exp()
    return torch.cat([levels, torch.zeros(1)])


def polyexponential_between(sigma_min: float, sigma_max: float, steps: int, rho: float = 1.0) -> Tensor:
    """Spaced like a power of the way in log sigma; rho = 1 is even."""
    low, high = _log(sigma_min), _log(sigma_max)
    levels = (torch.linspace(1, 0, steps) ** rho * (high - low) + low).exp()
    return torch.cat([levels, torch.zeros(1)])


def kl_optimal_between(sigma_min: float, sigma_max: float, steps: int) -> Tensor:
    """Evenly spaced in arctan sigma (Sabour et al. 2024, eq. 9)."""
    share = torch.arange(steps) / max(steps - 1, 1)
    levels = (share * math.atan(sigma_min) + (1 - share) * math.atan(sigma_max)).tan()
    return torch.cat([levels, torch.zeros(1)])


def laplace_between(
    sigma_min: float, sigma_max: float, steps: int, mu: float = 0.0, beta: float = 0.5
) -> Tensor:
    """At the quantiles of a Laplace distribution of log sigma (Hang et al. 2024); no level 0 at the end."""
    off_middle = 0.5 - torch.linspace(0, 1, steps)
    # The small number keeps the ends, quantiles 0 and 1, finite; it is ComfyUI's.
    log_sigma = mu - beta * off_middle.sign() * (1 - 2 * off_middle.abs() + 1e-5).log()
    return log_sigma.exp().clamp(sigma_min, sigma_max)


def variance_preserving(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, end: float = 1e-3) -> Tensor:
    """At even times of the continuous process with beta(t) = beta_min + beta_d t (Song et al. 2021b, appendix C)."""
    time = torch.linspace(1, end, steps)
    return torch.cat([torch.expm1(beta_d * time**2 / 2 + beta_min * time).sqrt(), torch.zeros(1)])


def between_in_log(levels: Sequence[float], count: int) -> Tensor:
    """So many levels along a table's, interpolated in log sigma; the table itself where it is as long."""
    if count == len(levels):
        return torch.tensor(levels)
    known = torch.tensor(levels, dtype=torch.float64).log()
    place = torch.linspace(0, len(levels) - 1, count, dtype=torch.float64)
    low = place.floor().long().clamp(max=len(levels) - 2)
    return torch.lerp(known[low], known[low + 1], place - low).exp().float()


def _log(level: float) -> float:
    if level <= 0:
        raise ValueError(
            f"A noise level is {level:g}, but this schedule needs both above 0. Raise sigma_min."
        )
    return math.log(level)
