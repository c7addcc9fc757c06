"""Multi-step samplers that first predict the next latent, and correct it once the model has seen it.

A step begins with a predicted latent: it asks the model, corrects, and predicts the next. `Past.x` is corrected.
They look at the whole run: their order falls towards its end, where large steps make high orders unstable.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.interpolation import shares_of
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.step import Step, steps

Solution = Literal["bh1", "bh2"]
NEARLY_ZERO = 0.001  # where UniPC stops instead of 0, whose logarithm it would need


def uni_pc(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    variant: Solution = "bh1",
    max_order: int = 3,
) -> Iterator[Step]:
    """UniPC in guesses of the clean latent (Zhao et al. 2023), with B(h) = h ("bh1") or e^h - 1 ("bh2")."""
    levels = [float(sigma) or NEARLY_ZERO for sigma in sigmas]
    last = len(levels) - 1
    most = max(min(max_order, last - 1), 1)
    for step, _, _ in steps(sigmas, only):
        here, end = levels[step : step + 2]
        guess = denoise(x, sigmas[step])
        if past and step > 0:
            x = _unified(past[-min(step, most, last + 1 - step) :], here, variant, guess)
        past = (*past, Past(here, x, guess))[-max_order:]
        x = _unified(past[-max(min(step + 1, most, last - step), 1) :], end, variant)
        yield Step(x, guess, past)


def _unified(known: Memory, end: float, variant: Solution, guess: Tensor | None = None) -> Tensor:
    """UniP's step to a level from the last of these, or UniC's if the model's guess there is given."""
    last = known[-1]
    h = math.log(last.sigma / end)
    there = last.denoised + (last.x - last.denoised) * (end / last.sigma)
    scale = -h if variant == "bh1" else math.expm1(-h)
    places = [math.log(last.sigma / one.sigma) / h for one in known[-2::-1]]
    changes = [
        (one.denoised - last.denoised) / place for one, place in zip(known[-2::-1], places, strict=True)
    ]
    if guess is not None:
        places, changes = [*places, 1.0], [*changes, guess - last.denoised]
    for share, change in zip(_unified_shares(places, h, scale), changes, strict=True):
        there = there - scale * share * change
    return there


def _unified_shares(places: Sequence[float], h: float, scale: float) -> list[float]:
    """How much each change counts: the solution of R a = b (Zhao et al. 2023); of a single one, a half."""
    if len(places) < 2:
        return [0.5] * len(places)
    wanted, phi, factorial = [], math.expm1(-h) / -h - 1, 1
    for power in range(1, len(places) + 1):
        wanted.append(phi * factorial / scale)
        factorial *= power + 1
        phi = phi / -h - 1 / factorial
    matrix = np.vander(places, increasing=True).T
    return [float(share) for share in np.linalg.solve(matrix, np.array(wanted))]


def sa_solver(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    noisy_from: float = math.inf,
    noisy_to: float = 0.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Iterator[Step]:
    """SA-Solver (Xue et al. 2023, alg. 1): stochastic Adams steps; tau is `eta` between two noise levels and else 0.

    With `use_pece` the model is asked again about the corrected latent.
    """
    levels, last = [float(sigma) for sigma in sigmas], len(sigmas) - 1
    taus = [eta if noisy_to <= level <= noisy_from else 0.0 for level in levels]
    to_zero = bool(levels) and levels[-1] == 0.0

    def kick(step: int, like: Tensor) -> Tensor | float:
        """The noise that comes in on the way to the level behind a step."""
        if taus[step + 1] * s_noise == 0.0:
            return 0.0
        up = -math.expm1(-2 * taus[step + 1] ** 2 * math.log(levels[step] / levels[step + 1]))
        draw = sum(tau > 0 for tau in taus[1 : step + 1])  # only steps that add noise draw any
        return noise(draw, like) * (levels[step + 1] * math.sqrt(up) * s_noise)

    for step, sigma, next_sigma in steps(sigmas, only):
        here = Past(levels[step], x, denoise(x, sigma))
        order = min(corrector_order, len(past) + 1, last - step if to_zero else corrector_order)
        if past and step > 0 and order > 0 and (next_sigma > 0 or use_pece):
            known = (*past, here)[-order:]
            x = _adams(past[-1], known, here.sigma, taus[step], simple_order_2) + kick(step - 1, x)
            here = Past(here.sigma, x, denoise(x, sigma) if use_pece else here.denoised)
        past = (*past, here)[-max(predictor_order, corrector_order) :]
        x = here.denoised
        if next_sigma > 0:
            known = past[-min(predictor_order, last - 1 - step if to_zero else predictor_order) :]
            x = _adams(here, known, levels[step + 1], taus[step + 1], simple_order_2) + kick(step, x)
        yield Step(x, here.denoised, past)


def _adams(begin: Past, known: Memory, end: float, tau: float, simple: bool) -> Tensor:
    """The exponential step to a level, with the polynomial in lambda through the known guesses (Xue et al., eq. 14)."""
    rate, h = 1 + tau**2, math.log(begin.sigma / end)
    gone = -math.expm1(-rate * h)
    if simple and len(known) == 2:  # Xue et al., B.5.3: a simpler form of the same order
        far = math.log(begin.sigma / known[0].sigma) if known[1] is begin else h
        other = rate * h * h / 2 / far
        shares = [other, gone - other] if known[1] is begin else [gone - other, other]
    else:
        nodes = [math.log(begin.sigma / one.sigma) for one in known]
        shares = shares_of(nodes, 0.0, h, lambda place: rate * np.exp(rate * (place - h)))
    there = begin.x * (math.exp(-(tau**2) * h) * end / begin.sigma)
    for share, one in zip(shares, known, strict=True):
        there = there + share * one.denoised
    return there
