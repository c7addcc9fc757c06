"""Noise from a seed: the same on every device, since it is always drawn on the CPU."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ldm.diffusion.brownian import BrownianPath

SEEDS = 2**64  # torch has no more streams; behind the last comes the first again


def noise_from_seed(shape: Sequence[int], seed: int, places: Sequence[int] | None = None) -> Tensor:
    """Standard normal noise, drawn for the whole batch at once (as ComfyUI does).

    Args:
        shape: (b, c, h, w).
        seed: Of the one stream that all is drawn from.
        places: For each latent, which draw of that stream is its own. Then they are drawn one by one.
    """
    generator = _stream(seed)
    if places is None:
        return torch.randn(tuple(shape), generator=generator)
    wanted, drawn = set(places), {}
    for place in range(max(wanted) + 1):
        noise = torch.randn(1, *shape[1:], generator=generator)
        if place in wanted:
            drawn[place] = noise
    return torch.cat([drawn[place] for place in places])


def noise_per_sample(shape: Sequence[int], seed: int) -> Tensor:
    """Standard normal noise where sample i is what seed + i gives alone."""
    return torch.cat([noise_from_seed((1, *shape[1:]), seed + i) for i in range(shape[0])])


class StepNoise:
    """The noise that a stochastic sampler adds at each of its steps; step i is the i-th draw of one seeded stream.

    Any step can be drawn alone, so a step-wise run adds the same noise as a fused one; in order, each is drawn once.
    Samplers of stochastic differential equations ask for noise between two levels instead: that of a Brownian path.
    """

    def __init__(self, seed: int, first: int = 0) -> None:
        self._seed = seed
        self._first = first
        self._path: BrownianPath | None = None
        self._rewind()

    def _rewind(self) -> None:
        self._generator = _stream(self._seed)
        self._drawn = 0
        self._latest: Tensor | None = None

    def __call__(self, step: int, like: Tensor, draw: int = 0, draws: int = 1) -> Tensor:
        """Noise of a step, counted from `first`, shaped and placed like x; one of `draws` that each step takes."""
        wanted = (self._first + step) * draws + draw
        if self._latest is not None and wanted == self._drawn - 1 and self._latest.shape == like.shape:
            return self._latest.to(like)  # a corrector adds the noise of the step before once more
        if wanted < self._drawn:
            self._rewind()
        while True:
            noise = torch.randn(like.shape, generator=self._generator)
            self._drawn += 1
            if self._drawn > wanted:
                self._latest = noise
                return noise.to(like)

    def between(self, sigma: Tensor, next_sigma: Tensor, span: tuple[float, float], like: Tensor) -> Tensor:
        """Standard normal noise for the way between two levels, shaped and placed like x.

        It is a Brownian path's increment divided by its spread. The path depends on the seed and on the lowest and
        highest level of the whole run only, so that more steps see the same noise in finer detail.
        """
        if self._path is None or not self._path.spans(span, like.shape):
            self._path = BrownianPath(self._seed % SEEDS, *span, like.shape)
        here, there = float(sigma), float(next_sigma)
        gone = self._path(there) - self._path(here)
        return gone.to(like) / math.sqrt(abs(here - there))


def thinned(noise: StepNoise, step: int, like: Tensor, left_out: float) -> Tensor:
    """The noise of a step, of which a share is left out at random and the rest is raised (CompVis' `noise_dropout`)."""
    if left_out <= 0.0:
        return noise(step, like)
    drawn, chance = noise(step, like, 0, 2), torch.special.ndtr(noise(step, like, 1, 2))
    return torch.where(chance >= left_out, drawn / (1 - left_out), torch.zeros_like(drawn))


def _stream(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed % SEEDS)


def start(latent: Tensor, noise: Tensor, sigma: Tensor, sigma_max: float) -> Tensor:
    """The noisy latent a sampler begins with: latent + sigma * noise.

    From the schedule's end the noise is scaled by sqrt(1 + sigma^2): the model then sees unit variance, as in training.
    """
    level = sigma.to(latent)
    if float(sigma) > sigma_max or math.isclose(float(sigma), sigma_max, rel_tol=1e-5):
        return latent + noise.to(latent) * (1 + level.square()).sqrt()
    return latent + noise.to(latent) * level


def finish(x: Tensor, sigma: Tensor) -> Tensor:
    """What a sampler returns when it stops at a level above zero, as the DDIM grid does: x / sqrt(1 + sigma^2)."""
    return x / (1 + sigma.to(x).square()).sqrt()
