"""Samplers that remember: a step also uses the model's guesses at the steps behind it, and so needs a single new one.

`past` is what a run that is taken apart brings along; in one go it begins empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.step import Step, ancestral

Advance = Callable[[Past, Memory, Tensor], Tensor]
"""From where the step begins, the steps before it and the next level, to the next latent."""


def _walk(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, past: Memory, most: int, advance: Advance
) -> Iterator[Step]:
    """Take each step by `advance`, remembering up to `most` of them; a step to level 0 lands on the guess."""
    for sigma, next_sigma in pairwise(sigmas):
        here = Past(float(sigma), x, denoise(x, sigma))
        x = here.denoised if next_sigma == 0 else advance(here, past, next_sigma)
        past = (*past, here)[-most:]
        yield Step(x, here.denoised)


def lms(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = (), *, order: int = 4
) -> Iterator[Step]:
    """Linear multistep: the polynomial through the last slopes, integrated (Adams-Bashforth for uneven steps)."""

    def advance(here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (*past, here)[-order:][::-1]
        shares = adams_bashforth([step.sigma for step in behind], float(next_sigma))
        return here.x + _sum(shares, [step.slope for step in behind])

    yield from _walk(denoise, x, sigmas, past, max(order - 1, 1), advance)


def adams_bashforth(levels: Sequence[float], end: float) -> list[float]:
    """How much the slope at each of these levels counts in the integral from the first of them to `end`."""
    shares = []
    for place, level in enumerate(levels):
        others = [other for index, other in enumerate(levels) if index != place]
        basis = np.poly(others) / math.prod(level - other for other in others)
        whole = np.polyint(np.atleast_1d(basis))
        shares.append(float(np.polyval(whole, end) - np.polyval(whole, levels[0])))
    return shares


IPNDM = (
    (1.0,),
    (3 / 2, -1 / 2),
    (23 / 12, -16 / 12, 5 / 12),
    (55 / 24, -59 / 24, 37 / 24, -9 / 24),
)


def ipndm(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()
) -> Iterator[Step]:
    """Improved pseudo linear multistep (Zhang & Chen 2023, eq. 14): Adams-Bashforth as if all steps were equal."""

    def advance(here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (here, *past[::-1])
        slope = _sum(IPNDM[len(behind) - 1], [step.slope for step in behind])
        return here.x + slope * (float(next_sigma) - here.sigma)

    yield from _walk(denoise, x, sigmas, past, 3, advance)


def dpmpp_2m(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()
) -> Iterator[Step]:
    """DPM-Solver++(2M) (Lu et al. 2022b, alg. 2): an exponential step towards a guess carried on from the last one."""

    def advance(here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        guess, end = here.denoised, float(next_sigma)
        if past:
            before = past[-1]
            ratio = math.log(before.sigma / here.sigma) / math.log(here.sigma / end)
            guess = guess + (guess - before.denoised) / (2 * ratio)
        return guess + (here.x - guess) * (end / here.sigma)

    yield from _walk(denoise, x, sigmas, past, 1, advance)


def gradient_estimation(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = (), *, gamma: float = 2.0
) -> Iterator[Step]:
    """Euler steps along a slope that is pushed on from the last one (Permenter & Yuan 2024, alg. 3)."""

    def advance(here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        slope = here.slope
        if past:
            slope = gamma * slope + (1 - gamma) * past[-1].slope
        return here.x + slope * (float(next_sigma) - here.sigma)

    yield from _walk(denoise, x, sigmas, past, 1, advance)


def res_multistep(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Refined exponential solver, multistep of order 2 (Zhang et al. 2023, eq. 20), with lambda = -log sigma."""
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        here = Past(float(sigma), x, denoise(x, sigma))
        down, up = ancestral(sigma, next_sigma, eta)
        x = _res_step(here, past, float(down), partial(_reached, sigma=sigma, eta=eta))
        if up > 0:
            x = x + noise(step, x) * s_noise * up
        past = (here,)
        yield Step(x, here.denoised)


def _res_step(here: Past, past: Memory, down: float, reached: Callable[[Past], float]) -> Tensor:
    if down == 0.0:
        return here.denoised
    if not past:
        return here.denoised + (here.x - here.denoised) * (down / here.sigma)
    before = past[-1]
    h = math.log(here.sigma / down)
    place = math.log(reached(before) / before.sigma) / h
    phi_1 = -math.expm1(-h) / h
    phi_2 = (1 - phi_1) / h
    older = phi_2 / place
    guesses = (phi_1 - older) * here.denoised + older * before.denoised
    return math.exp(-h) * here.x + h * guesses


def _reached(before: Past, *, sigma: Tensor, eta: float) -> float:
    """The level that the step before went down to, before its noise was added."""
    down, _ = ancestral(sigma.new_tensor(before.sigma), sigma, eta)
    return float(down)


def _sum(shares: Sequence[float], values: Sequence[Tensor]) -> Tensor:
    total = shares[0] * values[0]
    for share, value in zip(shares[1:], values[1:], strict=True):
        total = total + share * value
    return total
