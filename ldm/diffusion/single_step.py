"""Samplers that need nothing but where they are: each step stands alone.

All get D(x, sigma), x at sigmas[0] and the falling noise levels, and yield each step. The last step, to level 0,
lands on the model's guess.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser, with_variance
from ldm.diffusion.growing import Growth, Method
from ldm.diffusion.noise import StepNoise, thinned
from ldm.diffusion.past import Memory
from ldm.diffusion.step import Step, ancestral, raised, steps


def euler(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """Euler steps along the probability-flow ODE (Karras et al. 2022, alg. 2 without its correction)."""
    for _, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        x = x + slope * (next_sigma - sigma)
        yield Step(x, guess)


def heun(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """Heun's second-order steps (Karras et al. 2022, alg. 2); the last step, to zero, is an Euler step."""
    for _, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        there = x + slope * (next_sigma - sigma)
        if next_sigma > 0:
            next_slope = (there - denoise(there, next_sigma)) / next_sigma
            there = x + (slope + next_slope) / 2 * (next_sigma - sigma)
        x = there
        yield Step(x, guess)


def heunpp2(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """Heun's steps with another weight: up to two slopes ahead count, each as much as its level.

    Of n slopes, one ahead has the share level / (n * the run's first level); the slope here has the rest. So the
    steps turn into Euler's where little noise is left. (No paper is known; behaviour as k-diffusion's users have it.)
    """
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        inner = sigmas[step + 1 : -1][:2]  # the levels ahead, but for the last of the run
        mean, there, level, ahead = slope, x, sigma, slope
        for further in inner:
            there = there + ahead * (further - level)
            level, ahead = further, (there - denoise(there, further)) / further
            mean = mean + (ahead - slope) * (further / ((len(inner) + 1) * sigmas[0]))
        x = x + mean * (next_sigma - sigma)
        yield Step(x, guess)


def dpm_2(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
) -> Iterator[Step]:
    """DPM-Solver-2 (Lu et al. 2022, alg. 1) as midpoint steps, half way in log sigma."""
    yield from dpm_2_ancestral(denoise, x, sigmas, noise, past, only, eta=0.0)


def dpm_2_ancestral(
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
    """DPM-Solver-2 steps that go further down than asked for and add noise to come back."""
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        down, up = ancestral(sigma, next_sigma, eta)
        if down > 0:
            middle = sigma.log().lerp(down.log(), 0.5).exp()
            there = x + slope * (middle - sigma)
            slope = (there - denoise(there, middle)) / middle
        x = x + slope * (down - sigma)
        x = raised(x, up, noise, step, s_noise)
        yield Step(x, guess)


def dpmpp_2s_ancestral(
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
    """DPM-Solver++(2S) (Lu et al. 2022b, alg. 1), ancestral; in x = z / alpha, with lambda = -log sigma."""
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        down, up = ancestral(sigma, next_sigma, eta)
        last = guess
        if down > 0:
            middle = (sigma * down).sqrt()
            there = guess + (x - guess) * (middle / sigma)
            last = denoise(there, middle)
        x = last + (x - last) * (down / sigma)
        x = raised(x, up, noise, step, s_noise)
        yield Step(x, guess)


def ddim(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
    noise_dropout: float = 0.0,
) -> Iterator[Step]:
    """DDIM (Song et al. 2021, eq. 12 and 16), written in x = z / sqrt(abar).

    There sigma_eta^2 = eta^2 * s'^2 (s^2 - s'^2) / s^2 for a step from s to s'. eta = 0 is Euler's step, eta = 1 is
    DDPM's ancestral one (Ho et al. 2020, alg. 2), which is Euler's with noise. `s_noise` is CompVis' temperature; a
    share of `noise_dropout` of the noise is left out.
    """
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        slope = (x - guess) / sigma
        down, up = ancestral(sigma, next_sigma, eta)
        x = x + slope * (down - sigma)
        if up > 0:
            x = x + thinned(noise, step, x, noise_dropout) * s_noise * up
        yield Step(x, guess)


def ddpm(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    variance: Literal["small", "large", "learned"] = "small",
    s_noise: float = 1.0,
    noise_dropout: float = 0.0,
) -> Iterator[Step]:
    """DDPM's ancestral steps (Ho et al. 2020, alg. 2): the posterior's mean, and noise of a variance.

    "small" is the posterior's own, beta~; "large" is beta (their section 3.2). "learned" lies between them in log
    (Nichol & Dhariwal 2021, eq. 15), where the model says. `s_noise` and `noise_dropout` as for DDIM.
    """
    for step, sigma, next_sigma in steps(sigmas, only):
        place: Tensor | float = 1.0 if variance == "large" else 0.0
        if variance == "learned":
            guess, place = with_variance(denoise, x, sigma)
        else:
            guess = denoise(x, sigma)
        before, x = x, guess + (x - guess) * (next_sigma / sigma) ** 2
        if next_sigma > 0:
            now, then = (
                sigma.square(),
                next_sigma.square(),
            )  # in x = z / sqrt(abar), beta is (now - then) / (1 + now)
            smallest, largest = then / now, (1 + then) / (1 + now)
            ratio = float(largest / smallest) ** place
            spread = ((now - then) * smallest).sqrt() * ratio**0.5 * s_noise
            x = x + thinned(noise, step, before, noise_dropout) * spread
        yield Step(x, guess)


def lcm(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    scale_ratio: float = 1.0,
    scale_steps: int = -1,
    upscale_method: Method = "bislerp",
) -> Iterator[Step]:
    """Consistency sampling (Song et al. 2023, alg. 1; Luo et al. 2023): guess, then noise to the next level.

    The guess may grow on the way, as `Growth` says.
    """
    growth = Growth(scale_ratio, scale_steps, upscale_method)
    for step, sigma, next_sigma in steps(sigmas, only):
        guess = denoise(x, sigma)
        x = growth.grown(guess, step, len(sigmas))
        if next_sigma > 0:
            x = x + noise(step, x) * next_sigma
        yield Step(x, guess)
