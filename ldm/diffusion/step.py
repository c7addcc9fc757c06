"""What a sampler yields, which steps it takes, and how an ancestral step is split."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from ldm.diffusion.past import Memory


class Step(NamedTuple):
    """The latent behind a step, the model's guess of the clean one in front of it, and what the next step needs."""

    x: Tensor
    guess: Tensor
    past: Memory = ()


def steps(sigmas: Tensor, only: int | None = None) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Number the steps between levels, each with where it begins and ends; with `only`, that one alone."""
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        if only is None or step == only:
            yield step, sigma, next_sigma


def ancestral(sigma: Tensor, next_sigma: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """The level to go down to, and the noise to add there so that `next_sigma` is reached (Song et al. 2021, eq. 16).

    eta = 0 adds none, eta = 1 as much as DDPM.
    """
    if eta == 0.0:
        return next_sigma, torch.zeros_like(next_sigma)
    variance = next_sigma.square() * (sigma.square() - next_sigma.square()) / sigma.square()
    up = torch.minimum(next_sigma, eta * variance.clamp(min=0).sqrt())
    return (next_sigma.square() - up.square()).clamp(min=0).sqrt(), up


def raised(
    x: Tensor, up: Tensor | float, noise: Callable[[int, Tensor], Tensor], step: int, s_noise: float
) -> Tensor:
    """What went too far down, brought back up by noise, as an ancestral step ends. Where `up` is 0 none is drawn."""
    return x + noise(step, x) * s_noise * up if up > 0 else x
