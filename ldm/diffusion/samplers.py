"""Samplers: each a short generator of latents that only knows D(x, sigma) and the noise levels to pass through.

All are single-step methods: run over two levels they do one step, which is how the step-wise sampler takes them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Protocol

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.noise import StepNoise


class Sampler(Protocol):
    """Yield the latent after each step; x: (b, c, h, w) at sigmas[0], sigmas: falling, (steps + 1,)."""

    def __call__(self, denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise) -> Iterator[Tensor]:
        """Sample."""
        ...


def euler(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise) -> Iterator[Tensor]:
    """Euler steps along the probability-flow ODE (Karras et al. 2022, alg. 2 without its correction)."""
    for sigma, next_sigma in pairwise(sigmas):
        slope = (x - denoise(x, sigma)) / sigma
        x = x + slope * (next_sigma - sigma)
        yield x


def heun(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise) -> Iterator[Tensor]:
    """Heun's second-order steps (Karras et al. 2022, alg. 2); the last step, to zero, is an Euler step."""
    for sigma, next_sigma in pairwise(sigmas):
        slope = (x - denoise(x, sigma)) / sigma
        guess = x + slope * (next_sigma - sigma)
        if next_sigma > 0:
            next_slope = (guess - denoise(guess, next_sigma)) / next_sigma
            guess = x + (slope + next_slope) / 2 * (next_sigma - sigma)
        x = guess
        yield x


def ddim(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, *, eta: float = 0.0
) -> Iterator[Tensor]:
    """DDIM (Song et al. 2021, eq. 12 and 16), written in x = z / sqrt(abar).

    There sigma_eta^2 = eta^2 * s'^2 (s^2 - s'^2) / s^2 for a step from s to s'. eta = 0 is Euler's step, eta = 1 is
    DDPM's ancestral one.
    """
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        denoised = denoise(x, sigma)
        slope = (x - denoised) / sigma
        added = eta * next_sigma * (1 - (next_sigma / sigma).square()).clamp(min=0).sqrt()
        if float(added) == 0.0:
            x = x + slope * (next_sigma - sigma)
        else:
            kept = (next_sigma.square() - added.square()).clamp(min=0).sqrt()
            x = denoised + slope * kept + noise(step, x) * added
        yield x


SAMPLERS: Mapping[str, Callable[[float], Sampler]] = {
    "euler": lambda eta: euler,
    "euler_ancestral": lambda eta: partial(ddim, eta=1.0),
    "heun": lambda eta: heun,
    "ddim": lambda eta: partial(ddim, eta=eta),
}


def sampler(name: str, eta: float = 0.0) -> Sampler:
    """Give a sampler by its name; only `ddim` looks at eta (0: deterministic, 1: as noisy as DDPM).

    Raises:
        KeyError: no sampler has this name.
    """
    return SAMPLERS[name](eta)
