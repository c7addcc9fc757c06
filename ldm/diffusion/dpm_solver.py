"""DPM-Solver (Lu et al. 2022) in steps of its own: from the highest level to the lowest above 0, where it stops."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from ldm.diffusion.denoiser import Denoiser
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.past import Memory
from ldm.diffusion.step import Step, ancestral, raised


def dpm_fast(
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
    """DPM-Solver-fast (Lu et al. 2022, section 3.4): steps of third order, evenly spaced in log sigma.

    For n intervals between `sigmas` the model is called n times, in n // 3 + 1 steps; only their ends count.
    """
    calls = len(sigmas) - 1
    if calls < 1:
        return
    high, low = _ends(sigmas)
    if high == low:
        yield _landed(denoise, x, sigmas)
        return
    count = fast_steps(calls)
    orders = [3] * (count - 2) + [2, 1] if calls % 3 == 0 else [3] * (count - 1) + [calls % 3]
    for step, order in enumerate(orders):
        if only in (None, step):
            sigma, next_sigma = (
                sigmas.new_tensor(high * (low / high) ** (at / count)) for at in (step, step + 1)
            )
            guess = denoise(x, sigma)
            down, up = _split(sigma, next_sigma, low, eta)
            _, x = _tried(denoise, x, guess, sigma, down, order)
            x = raised(x, up, noise, step, s_noise)
            yield Step(x, guess)


def fast_steps(calls: int) -> int:
    """In how many steps DPM-Solver-fast makes so many calls of the model."""
    return calls // 3 + 1


def dpm_adaptive(
    denoise: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: StepNoise,
    past: Memory = (),
    only: int | None = None,
    *,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Iterator[Step]:
    """DPM-Solver-12 or -23 (Lu et al. 2022, appendix C): steps as large as two orders agree on.

    Of `sigmas` only the ends count. All of it is one step to whoever takes it apart, since none knows how many follow.
    """
    if len(sigmas) < 2 or only not in (None, 0):
        return
    high, low = _ends(sigmas)
    if high == low:
        yield _landed(denoise, x, sigmas)
        return
    pace = _Pace(h_init, pcoeff, icoeff, dcoeff, 1.5 if eta else order, accept_safety)
    sigma, before, accepted = high, x, 0
    while math.log(sigma / low) > 1e-5:
        next_sigma = max(sigma * math.exp(-pace.h), low)
        level = sigmas.new_tensor(sigma)
        guess = denoise(x, level)
        down, up = _split(level, sigmas.new_tensor(next_sigma), low, eta)
        coarse, fine = _tried(denoise, x, guess, level, down, order)
        allowed = (rtol * coarse.abs().maximum(before.abs())).clamp(min=atol)
        if pace.accepts(float(((coarse - fine) / allowed).square().mean().sqrt())):
            sigma, before, x = next_sigma, coarse, fine
            x = raised(x, up, noise, accepted, s_noise)
            accepted += 1
            yield Step(x, guess)


def _ends(sigmas: Tensor) -> tuple[float, float]:
    """The first level of a run, and its last above 0."""
    return float(sigmas[0]), float(sigmas[sigmas > 0][-1])


def _landed(denoise: Denoiser, x: Tensor, sigmas: Tensor) -> Step:
    """The one step that is left where there is no way to go: to the guess."""
    guess = denoise(x, sigmas[0])
    return Step(guess, guess)


def _split(sigma: Tensor, next_sigma: Tensor, low: float, eta: float) -> tuple[float, float]:
    """The level to go down to, no further than the run's end, and the noise that leads back up."""
    if eta == 0.0:
        return float(next_sigma), 0.0
    down = max(float(ancestral(sigma, next_sigma, eta)[0]), low)
    return down, math.sqrt(max(float(next_sigma) ** 2 - down**2, 0.0))


def _tried(
    denoise: Denoiser, x: Tensor, guess: Tensor, sigma: Tensor, end: float, order: int
) -> tuple[Tensor, Tensor]:
    """A step by two DPM-Solvers that share their calls: of one order less (but for order 1), and of this order."""
    start, h = float(sigma), math.log(float(sigma) / end)
    slope = (x - guess) / start
    if order == 1:
        there = x - slope * (end * math.expm1(h))
        return there, there

    def change(share: float, bent: Tensor | float = 0.0) -> Tensor:
        """How the slope has changed at a share of the way."""
        level = start * math.exp(-share * h)
        there = x - slope * (level * math.expm1(share * h)) - bent * level
        return (there - denoise(there, sigma.new_tensor(level))) / level - slope

    straight = x - slope * (end * math.expm1(h))
    first = 1 / 2 if order == 2 else 1 / 3
    near = change(first)
    second = straight - near * (end * math.expm1(h) / (2 * first))
    if order == 2:
        return straight, second
    far = change(2 / 3, near * (2 * (math.expm1(2 / 3 * h) / (2 / 3 * h) - 1)))
    return second, straight - far * (end * 1.5 * (math.expm1(h) / h - 1))


@dataclass(slots=True)
class _Pace:
    """A controller of the step size h in log sigma: proportional, integral and differential in the errors so far."""

    h: float
    proportional: float
    integral: float
    differential: float
    order: float
    safety: float
    inverse_errors: tuple[float, float] | None = None

    def accepts(self, error: float) -> bool:
        """Whether a step with this error counts; sets the size of the next."""
        now = 1 / (error + 1e-8)
        last, older = self.inverse_errors or (now, now)
        factor = now ** ((self.proportional + self.integral + self.differential) / self.order)
        factor *= last ** (-(self.proportional + 2 * self.differential) / self.order)
        factor *= older ** (self.differential / self.order)
        factor = 1 + math.atan(factor - 1)
        accepted = factor >= self.safety
        if accepted or self.inverse_errors is None:
            self.inverse_errors = (now, last)
        self.h *= factor
        return accepted
