"""Samplers that need nothing but where they are: each step stands alone.

All get D(x, sigma), x at sigmas[0] and the falling noise levels, and yield each step. The last step, to level 0,
lands on the model's guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory
from ldm.diffusion.step import Step, ancestral


def euler(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()
) -> Iterator[Step]:
    """Euler steps along the probability-flow ODE (Karras et al. 2022, alg. 2 without its correction)."""
    for sigma, next_sigma in pairwise(sigmas):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        x = x + slope * (next_sigma - sigma)
        yield Step(x, guess)


def heun(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()) -> Iterator[Step]:
    """Heun's second-order steps (Karras et al. 2022, alg. 2); the last step, to zero, is an Euler step."""
    for sigma, next_sigma in pairwise(sigmas):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        there = x + slope * (next_sigma - sigma)
        if next_sigma > 0:
            next_slope = (there - denoise(there, next_sigma)) / next_sigma
            there = x + (slope + next_slope) / 2 * (next_sigma - sigma)
        x = there
        yield Step(x, guess)


def dpm_2(
    denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()
) -> Iterator[Step]:
    """DPM-Solver-2 (Lu et al. 2022, alg. 1) as midpoint steps, half way in log sigma."""
    yield from dpm_2_ancestral(denoise, x, sigmas, noise, past, eta=0.0)


def dpm_2_ancestral(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """DPM-Solver-2 steps that go further down than asked for and add noise to come back."""
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        down, up = ancestral(sigma, next_sigma, eta)
        if down > 0:
            middle = sigma.log().lerp(down.log(), 0.5).exp()
            there = x + slope * (middle - sigma)
            slope = (there - denoise(there, middle)) / middle
        x = x + slope * (down - sigma)
        if up > 0:
            x = x + noise(step, x) * s_noise * up
        yield Step(x, guess)


def dpmpp_2s_ancestral(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """DPM-Solver++(2S) (Lu et al. 2022b, alg. 1), ancestral; in x = z / alpha, with lambda = -log sigma."""
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        guess = denoise(x, sigma)
        down, up = ancestral(sigma, next_sigma, eta)
        last = guess
        if down > 0:
            middle = (sigma * down).sqrt()
            there = guess + (x - guess) * (middle / sigma)
            last = denoise(there, middle)
        x = last + (x - last) * (down / sigma)
        if up > 0:
            x = x + noise(step, x) * s_noise * up
        yield Step(x, guess)


def ddim(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """DDIM (Song et al. 2021, eq. 12 and 16), written in x = z / sqrt(abar).

    There sigma_eta^2 = eta^2 * s'^2 (s^2 - s'^2) / s^2 for a step from s to s'. eta = 0 is Euler's step, eta = 1 is
    DDPM's ancestral one (Ho et al. 2020, alg. 2), which is Euler's with noise.
    """
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        down, up = ancestral(sigma, next_sigma, eta)
        x = x + slope * (down - sigma)
        if up > 0:
            x = x + noise(step, x) * s_noise * up
        yield Step(x, guess)


def lcm(denoise: Denoiser, x: Tensor, sigmas: Tensor, noise: StepNoise, past: Memory = ()) -> Iterator[Step]:
    """Consistency sampling (Song et al. 2023, alg. 1; Luo et al. 2023): guess, then noise to the next level."""
    for step, (sigma, next_sigma) in enumerate(pairwise(sigmas)):
        guess = denoise(x, sigma)
        x = guess if next_sigma == 0 else guess + noise(step, x) * next_sigma
        yield Step(x, guess)
