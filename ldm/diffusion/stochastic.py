"""Solvers of the reverse-time stochastic differential equation, in x = z / alpha with lambda = -log sigma.

`eta` is how much noise comes in on the way: 0 makes each of them a solver of the probability-flow ODE.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.multi_step import walk
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.step import Step, ancestral, steps


def dpmpp_sde(
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
) -> Iterator[Step]:
    """SDE-DPM-Solver++ (Lu et al. 2022b): as their 2S, a guess at r of the way and then all, with noise."""

    def towards(guess: Tensor, sigma: Tensor, next_sigma: Tensor) -> Tensor:
        down, up = ancestral(sigma, next_sigma, eta)
        there = guess + (x - guess) * (down / sigma)
        return there + noise.between(sigma, next_sigma, span(sigmas), x) * s_noise * up if up > 0 else there

    for _, sigma, next_sigma in steps(sigmas, only):
        guess = both = denoise(x, sigma)
        if next_sigma > 0:
            middle = sigma * (next_sigma / sigma) ** r
            further = denoise(towards(guess, sigma, middle), middle)
            both = guess + (further - guess) / (2 * r)
        x = towards(both, sigma, next_sigma)
        yield Step(x, guess)


def dpmpp_2m_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    solver_type: Literal["midpoint", "heun"] = "midpoint",
) -> Iterator[Step]:
    """SDE-DPM-Solver++(2M) (Lu et al. 2022b): an exponential step, corrected by the guess before."""

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        h = math.log(here.sigma / float(next_sigma))
        there = _first_order(here, h, eta)
        if past:
            # The guess moves on as between the two last levels; how much of that counts is where the solvers differ.
            gone = -math.expm1(-h * (1 + eta))
            share = gone / 2 if solver_type == "midpoint" else 1 - gone / (h * (1 + eta))
            there = there + (here.denoised - past[-1].denoised) * (share * h / _gap(past[-1], here))
        return there + _kick(noise, sigmas, here, next_sigma, eta, s_noise)

    yield from walk(denoise, x, sigmas, past, only, 1, advance)


def dpmpp_3m_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """The same with two guesses before, as k-diffusion has it.

    The second difference counts half as much as the third order would need. So it stays: pictures depend on it.
    """

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        h = math.log(here.sigma / float(next_sigma))
        there = _first_order(here, h, eta)
        if past:
            rate = h * (1 + eta)
            phi_2 = math.expm1(-rate) / rate + 1
            first = (here.denoised - past[-1].denoised) * (h / _gap(past[-1], here))
            if len(past) == 1:
                there = there + phi_2 * first
            else:
                near, far = _gap(past[-1], here) / h, _gap(past[-2], past[-1]) / h
                older = (past[-1].denoised - past[-2].denoised) / far
                second = (first - older) / (near + far)
                there = there + phi_2 * (first + second * near) - (phi_2 / rate - 0.5) * second
        return there + _kick(noise, sigmas, here, next_sigma, eta, s_noise)

    yield from walk(denoise, x, sigmas, past, only, 2, advance)


def er_sde(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    s_noise: float = 1.0,
    eta: float = 1.0,
    max_stage: int = 3,
    solver_type: Literal["ER-SDE", "Reverse-time SDE", "ODE"] = "ER-SDE",
    points: int = 200,
) -> Iterator[Step]:
    """ER-SDE-Solver-3 (Cui et al. 2023), by default with the noise phi(sigma) = sigma (exp(sigma^0.3) + 10).

    phi(sigma) = sigma is the ODE, sigma^2 the reverse-time SDE. The integrals of 1 / phi are sums over `points`.
    """
    power = eta if solver_type == "Reverse-time SDE" else 0.0

    def phi(level: Tensor) -> Tensor:
        return level * ((level**0.3).exp() + 10 if solver_type == "ER-SDE" else level**power)

    def advance(step: int, here: Past, past: Memory, next_sigma: Tensor) -> Tensor:
        start, end = (torch.tensor(level, dtype=torch.float64) for level in (here.sigma, float(next_sigma)))
        kept = float(phi(end) / phi(start))
        there = here.denoised + (here.x - here.denoised) * kept
        gap = float(end - start)
        places = end - torch.arange(points) * (gap / points)
        inverse = float(phi(end)) / phi(places) * (-gap / points)
        if past and max_stage > 1:
            slope = _slope(past[-1], here)
            there = there + slope * (gap + float(inverse.sum()))
            if len(past) > 1 and max_stage > 2:
                bend = (slope - _slope(past[-2], past[-1])) / ((here.sigma - past[-2].sigma) / 2)
                there = there + bend * (gap**2 / 2 + float(((places - start) * inverse).sum()))
        if solver_type == "ER-SDE" or power > 0:
            up = math.sqrt(max(float(end**2 - (start * kept) ** 2), 0.0))
            there = there + noise(step, here.x) * (s_noise * up)
        return there

    yield from walk(denoise, x, sigmas, past, only, 2, advance)


def span(sigmas: Tensor) -> tuple[float, float]:
    """The lowest level of a run but for 0, and the highest."""
    return float(sigmas[sigmas > 0].min()), float(sigmas.max())


def _first_order(here: Past, h: float, eta: float) -> Tensor:
    """The exponential step towards the guess, before its noise."""
    return here.denoised + (here.x - here.denoised) * math.exp(-h * (1 + eta))


def _kick(
    noise: StepNoise, sigmas: Tensor, here: Past, next_sigma: Tensor, eta: float, s_noise: float
) -> Tensor | float:
    """The noise that comes in from one level to the next."""
    if eta * s_noise == 0.0:
        return 0.0
    up = -math.expm1(-2 * eta * math.log(here.sigma / float(next_sigma)))
    drawn = noise.between(next_sigma.new_tensor(here.sigma), next_sigma, span(sigmas), here.x)
    return drawn * (float(next_sigma) * math.sqrt(up) * s_noise)


def _gap(before: Past, after: Past) -> float:
    return math.log(before.sigma / after.sigma)


def _slope(before: Past, after: Past) -> Tensor:
    """How the guess changes with the level."""
    return (after.denoised - before.denoised) / (after.sigma - before.sigma)
