"""SEEDS (Gonzalez et al. 2023): exponential solvers of the reverse-time SDE whose steps stand alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory
from ldm.diffusion.step import Step, steps


def seeds_2(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
    solver_type: Literal["phi_1", "phi_2"] = "phi_1",
) -> Iterator[Step]:
    """SEEDS-2 in guesses of the clean latent: a guess at r of the way, then all.

    "phi_2" weighs the second guess as an exponential Runge-Kutta method does; with r = 1 that is exponential Heun.
    """
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        if next_sigma == 0:
            x = guess
        else:
            way = _Way(x, guess, float(sigma), math.log(float(sigma) / float(next_sigma)), eta)
            drawn = _drawn(noise, step, x, 2, eta * s_noise)
            change = denoise(way.at(r, s_noise, drawn[:1]), way.level(r, sigma)) - guess
            share = way.gone(1) / (2 * r) if solver_type == "phi_1" else way.bend(1) / r
            x = way.at(1, s_noise, drawn, (r,)) + change * share
        yield Step(x, guess)


def seeds_3(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Iterator[Step]:
    """SEEDS-3 in guesses of the clean latent: two guesses on the way, then all of it."""
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        if next_sigma == 0:
            x = guess
        else:
            way = _Way(x, guess, float(sigma), math.log(float(sigma) / float(next_sigma)), eta)
            drawn = _drawn(noise, step, x, 3, eta * s_noise)
            change = denoise(way.at(r_1, s_noise, drawn[:1]), way.level(r_1, sigma)) - guess
            there = way.at(r_2, s_noise, drawn[:2], (r_1,)) + change * (way.bend(r_2) * r_2 / r_1)
            change = denoise(there, way.level(r_2, sigma)) - guess
            x = way.at(1, s_noise, drawn, (r_1, r_2)) + change * (way.bend(1) / r_2)
        yield Step(x, guess)


def _drawn(noise: StepNoise, step: int, x: Tensor, count: int, amount: float) -> list[Tensor]:
    return [noise(step, x, draw, count) for draw in range(count)] if amount > 0 else []


@dataclass(frozen=True, slots=True)
class _Way:
    """The exponential steps that can be taken from one place, to any share of the way of length h in log sigma."""

    x: Tensor
    guess: Tensor
    sigma: float
    h: float
    eta: float

    def level(self, share: float, like: Tensor) -> Tensor:
        """The noise level there."""
        return like.new_tensor(self.sigma * math.exp(-share * self.h))

    def gone(self, share: float) -> float:
        """How much of what lay between x and the guess is gone there."""
        return -math.expm1(-share * self.h * (1 + self.eta))

    def bend(self, share: float) -> float:
        """What a guess counts that changes evenly on the way there, by its change at the end."""
        return 1 - self.gone(share) / (share * self.h * (1 + self.eta))

    def at(
        self, share: float, s_noise: float, drawn: Sequence[Tensor], stops: Sequence[float] = ()
    ) -> Tensor:
        """The place there, with the noise that came in up to each of the stops and after the last."""
        there = self.guess + (self.x - self.guess) * (1 - self.gone(share))
        for one, (begin, end) in zip(drawn, pairwise((0.0, *stops, share)), strict=bool(drawn)):
            rate = 2 * self.h * self.eta
            spread = math.exp(-rate * (share - end)) - math.exp(-rate * (share - begin))
            there = there + one * (self.sigma * math.exp(-share * self.h) * math.sqrt(spread) * s_noise)
        return there
