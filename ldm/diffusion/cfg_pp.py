"""CFG++ (Chung et al. 2024, alg. 2): a step goes to the guided guess, along the noise that was found without guidance.

Known samplers written so that x - denoised is x - unguided. Where guidance changes nothing they are those samplers.
What they remember of a step is the guess without guidance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser, apart
from ldm.diffusion.multi_step import reached, res_step
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.step import Step, ancestral, raised, steps


def euler_ancestral_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    version: Literal["regular", "alternative"] = "regular",
) -> Iterator[Step]:
    """DDIM with CFG++; eta = 0 is Euler's step.

    "alternative": Euler's step from x, along x - 2 * denoised + unguided.
    """
    for step, sigma, next_sigma in steps(sigmas, only):
        guess, unguided = apart(denoise, x, sigma)
        down, up = ancestral(sigma, next_sigma, eta)
        if version == "regular":
            x = guess + (x - unguided) / sigma * down
        else:
            x = x + (x - 2 * guess + unguided) / sigma * (down - sigma)
        x = raised(x, up, noise, step, s_noise)
        yield Step(x, guess)


def dpmpp_2s_ancestral_cfg_pp(
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
    """DPM-Solver++(2S), ancestral, with CFG++; all of the step starts from where guidance moved x at its begin."""
    for step, sigma, next_sigma in steps(sigmas, only):
        guess, unguided = apart(denoise, x, sigma)
        down, up = ancestral(sigma, next_sigma, eta)
        if down == 0:
            x = guess
        else:
            middle = (sigma * down).sqrt()
            there = guess + (x - unguided) * (middle / sigma)
            last = denoise(there, middle)
            x = last + (x + (guess - unguided) - last) * (down / sigma)
        x = raised(x, up, noise, step, s_noise)
        yield Step(x, guess)


def dpmpp_2m_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """DPM-Solver++(2M) with CFG++."""
    for _, sigma, next_sigma in steps(sigmas, only):
        guess, unguided = apart(denoise, x, sigma)
        here, end = Past(float(sigma), x, unguided), float(next_sigma)
        left = end / here.sigma
        x = guess + (x - unguided) * left
        if past and end > 0:
            ratio = math.log(past[-1].sigma / here.sigma) / -math.log(left)
            x = x + (guess - past[-1].denoised) * ((1 - left) / (2 * ratio))
        past = (here,)
        yield Step(x, guess, past)


def gradient_estimation_cfg_pp(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    gamma: float = 2.0,
) -> Iterator[Step]:
    """Gradient estimation with CFG++."""
    for _, sigma, next_sigma in steps(sigmas, only):
        guess, unguided = apart(denoise, x, sigma)
        here = Past(float(sigma), x, unguided)
        x = guess + here.slope * float(next_sigma)
        if past and next_sigma > 0:
            x = x + (gamma - 1) * (here.slope - past[-1].slope) * (float(next_sigma) - here.sigma)
        past = (here,)
        yield Step(x, guess, past)


def res_multistep_cfg_pp(
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
    """The refined exponential solver with CFG++."""
    for step, sigma, next_sigma in steps(sigmas, only):
        guess, unguided = apart(denoise, x, sigma)
        here = Past(float(sigma), x, unguided)
        down, up = ancestral(sigma, next_sigma, eta)
        if past and down > 0:
            moved = Past(here.sigma, x + (guess - unguided), unguided)
            x = res_step(moved, past[-1], float(down), reached(past[-1], sigma, eta))
        else:
            x = guess + here.slope * float(down)
        x = raised(x, up, noise, step, s_noise)
        past = (here,)
        yield Step(x, guess, past)
