"""What a sampler yields, and how an ancestral step is split."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Step(NamedTuple):
    """The latent behind a step, and what the model guessed of the clean one in front of it."""

    x: Tensor
    guess: Tensor


def ancestral(sigma: Tensor, next_sigma: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """The level to go down to, and the noise to add there so that `next_sigma` is reached (Song et al. 2021, eq. 16).

    eta = 0 adds none, eta = 1 as much as DDPM.
    """
    if eta == 0.0:
        return next_sigma, torch.zeros_like(next_sigma)
    variance = next_sigma.square() * (sigma.square() - next_sigma.square()) / sigma.square()
    up = torch.minimum(next_sigma, eta * variance.clamp(min=0).sqrt())
    return (next_sigma.square() - up.square()).clamp(min=0).sqrt(), up
