"""Samplers that remember: a step also uses the model's guesses at the steps behind it, and so needs a single new one.

`past` is what a run that is taken apart brings along; in one go it begins empty.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.interpolation import Floats, shares_of
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.step import Step, ancestral, raised, steps

Advance = Callable[[int, Past, Memory, Tensor], Tensor]
"""From a step's number, where it begins, the steps before it and the next level, to the next latent."""


def walk(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    past: Memory,
    only: int | None,
    most: int,
    advance: Advance,
) -> Iterator[Step]:
    """Take each step by `advance`, remembering up to `most` of them; a step to level 0 lands on the guess."""
    for step, sigma, next_sigma in steps(sigmas, only):
        here = Past(float(sigma), x, denoise(x, sigma))
        x = here.denoised if next_sigma == 0 else advance(step, here, past, next_sigma)
        past = (*past, here)[-most:]
        yield Step(x, here.denoised, past)


def lms(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    order: int = 4,
) -> Iterator[Step]:
    """Linear multistep: the polynomial through the last slopes, integrated (Adams-Bashforth for uneven steps)."""

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (*past, here)[-order:][::-1]
        shares = adams_bashforth([step.sigma for step in behind], float(next_sigma))
        return here.x + _sum(shares, [step.slope for step in behind])

    yield from walk(denoise, x, sigmas, past, only, max(order - 1, 1), advance)


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
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """Improved pseudo linear multistep (Zhang & Chen 2023, eq. 14): Adams-Bashforth as if all steps were equal."""

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (here, *past[::-1])
        slope = _sum(IPNDM[len(behind) - 1], [step.slope for step in behind])
        return here.x + slope * (float(next_sigma) - here.sigma)

    yield from walk(denoise, x, sigmas, past, only, 3, advance)


def plms(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """Pseudo linear multistep (Liu et al. 2022), as the code of LDM has it.

    As `ipndm`, but the first step takes the mean of two slopes, as Heun's does: one call of the model more.
    """

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (here, *past[::-1])
        if past:
            slope = _sum(IPNDM[len(behind) - 1], [one.slope for one in behind])
        else:
            there = here.x + here.slope * (float(next_sigma) - here.sigma)
            slope = (here.slope + Past(float(next_sigma), there, denoise(there, next_sigma)).slope) / 2
        return here.x + slope * (float(next_sigma) - here.sigma)

    yield from walk(denoise, x, sigmas, past, only, 3, advance)


def ipndm_v(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """`ipndm` for uneven steps, of up to four slopes, with the weights that diff-sampler has published."""

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (here, *past[::-1])
        shares = ipndm_v_shares([float(next_sigma), *(one.sigma for one in behind)])
        return here.x + _sum(shares, [one.slope for one in behind]) * (float(next_sigma) - here.sigma)

    yield from walk(denoise, x, sigmas, past, only, 3, advance)


def ipndm_v_shares(levels: Sequence[float]) -> list[float]:
    """How much each slope counts; levels: where the step ends, where it begins, and those before, two to five.

    Newton's form: the slope, then its divided differences, each integrated. Where steps are uneven, `second` and the
    oldest slope's weight are known to differ from Adams and Bashforth's. They are kept: pictures depend on them.
    """
    h, *gaps = (a - b for a, b in pairwise(levels))
    if not gaps:
        return [1.0]
    first = h / gaps[0] / 2
    if len(gaps) == 1:
        return [1 + first, -first]
    both = gaps[0] + gaps[1]
    second = (1 - h * h / (3 * gaps[0] * both)) / 2
    ratio = gaps[0] / gaps[1]
    shares = [1 + first + second, -first - (1 + ratio) * second, ratio * second]
    if len(gaps) == 2:
        return shares
    near, far = h + gaps[0], h + gaps[0] + gaps[1]
    third = (1 - h / (3 * near)) / 2 + (1 - h / (2 * near)) * h / (6 * far)
    third *= h * near * far / (gaps[0] * both * (both + gaps[2]))
    tail = gaps[0] * both / (gaps[1] * (gaps[1] + gaps[2]))
    cubic = [1, -(1 + ratio + tail), ratio + tail * (1 + gaps[1] / gaps[2]), -tail * ratio]
    return [share + third * weight for share, weight in zip([*shares, 0.0], cubic, strict=True)]


def deis(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    max_order: int = 3,
) -> Iterator[Step]:
    """tAB-DEIS (Zhang & Chen 2023, eq. 15): the polynomial in time through the last slopes, integrated over sigma.

    Time is that of a variance-preserving process with levels from 0.002 at t = 0.001 to 80 at t = 1.
    """

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        behind = (here, *past[::-1])[:max_order]
        times = [deis_time(one.sigma) for one in behind]
        shares = shares_of(times, times[0], deis_time(float(next_sigma)), deis_speed)
        return here.x + _sum(shares, [one.slope for one in behind])

    yield from walk(denoise, x, sigmas, past, only, max(max_order - 1, 1), advance)


def _deis_betas() -> tuple[float, float]:
    """How fast log(1 + sigma^2) = rise * t^2 / 2 + begin * t grows."""
    first, low, high = 1e-3, math.log(0.002**2 + 1), math.log(80.0**2 + 1)
    rise = 2 * (low / first - high) / (first - 1)
    return rise, high - rise / 2


def deis_time(sigma: float) -> float:
    """The time at which that process has this level."""
    rise, begin = _deis_betas()
    return (math.sqrt(begin**2 + 2 * rise * math.log1p(sigma**2)) - begin) / rise


def deis_speed(time: Floats) -> Floats:
    """How fast sigma grows at a time."""
    rise, begin = _deis_betas()
    growth: Floats = np.expm1(rise * time**2 / 2 + begin * time)
    speed: Floats = (growth + 1) * (rise * time + begin) / (2 * np.sqrt(growth))
    return speed


def dpmpp_2m(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """DPM-Solver++(2M) (Lu et al. 2022b, alg. 2): an exponential step towards a guess carried on from the last one."""

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        guess, end = here.denoised, float(next_sigma)
        if past:
            before = past[-1]
            ratio = math.log(before.sigma / here.sigma) / math.log(here.sigma / end)
            guess = guess + (guess - before.denoised) / (2 * ratio)
        return guess + (here.x - guess) * (end / here.sigma)

    yield from walk(denoise, x, sigmas, past, only, 1, advance)


def gradient_estimation(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    gamma: float = 2.0,
) -> Iterator[Step]:
    """Euler steps along a slope that is pushed on from the last one (Permenter & Yuan 2024, alg. 3)."""

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        slope = here.slope
        if past:
            slope = gamma * slope + (1 - gamma) * past[-1].slope
        return here.x + slope * (float(next_sigma) - here.sigma)

    yield from walk(denoise, x, sigmas, past, only, 1, advance)


def res_multistep(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """Refined exponential solver, multistep of order 2 (Zhang et al. 2023, eq. 20), with lambda = -log sigma."""
    for step, sigma, next_sigma in steps(sigmas, only):
        here = Past(float(sigma), x, denoise(x, sigma))
        down, up = ancestral(sigma, next_sigma, eta)
        if past and down > 0:
            x = res_step(here, past[-1], float(down), reached(past[-1], sigma, eta))
        else:
            x = here.denoised + (x - here.denoised) * (float(down) / here.sigma)
        x = raised(x, up, noise, step, s_noise)
        past = (here,)
        yield Step(x, here.denoised, past)


def res_step(here: Past, before: Past, down: float, reached_before: float) -> Tensor:
    """The exponential step down to a level, with the guess of the step before, which went down to its own level."""
    h = math.log(here.sigma / down)
    place = math.log(reached_before / before.sigma) / h
    phi_1 = -math.expm1(-h) / h
    phi_2 = (1 - phi_1) / h
    older = phi_2 / place
    guesses = (phi_1 - older) * here.denoised + older * before.denoised
    return math.exp(-h) * here.x + h * guesses


def reached(before: Past, sigma: Tensor, eta: float) -> float:
    """The level that the step before went down to, before its noise was added."""
    down, _ = ancestral(sigma.new_tensor(before.sigma), sigma, eta)
    return float(down)


def _sum(shares: Sequence[float], values: Sequence[Tensor]) -> Tensor:
    total = shares[0] * values[0]
    for share, value in zip(shares[1:], values[1:], strict=True):
        total = total + share * value
    return total
