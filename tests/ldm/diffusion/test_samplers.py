"""Samplers against data whose ideal denoiser is known: N(MEAN, STD^2) in one dimension."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import pytest
import torch
from torch import Tensor

from ldm.diffusion.denoiser import Model, ModelDenoiser
from ldm.diffusion.multi_step import adams_bashforth
from ldm.diffusion.noise import StepNoise, finish, noise_from_seed, start
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.samplers import SAMPLERS, sampler
from ldm.diffusion.schedule import Schedule
from ldm.spec import Parameterization, ScheduleSpec

MEAN, STD = 0.3, 0.5
TOP = 10.0
SEED = 3


def ideal(x: Tensor, sigma: Tensor) -> Tensor:
    """E[z_0 | z_0 + sigma eps = x] for z_0 ~ N(MEAN, STD^2)."""
    spread = sigma**2
    return (STD**2 * x + spread * MEAN) / (STD**2 + spread)


def exact(x: Tensor, sigma: float, next_sigma: float) -> Tensor:
    """The probability-flow ODE's solution: distances from the mean shrink with the marginal's width."""
    return MEAN + (x - MEAN) * math.sqrt((STD**2 + next_sigma**2) / (STD**2 + sigma**2))


def levels(steps: int) -> Tensor:
    """Evenly spread on a log scale, so that the order of a method shows, down to a small level."""
    return torch.linspace(math.log(TOP), math.log(0.01), steps + 1, dtype=torch.float64).exp()


def last(name: str, x: Tensor, sigmas: Tensor, **settings: float) -> Tensor:
    """Where a sampler ends."""
    *_, end = sampler(name, settings)(ideal, x, sigmas, StepNoise(SEED))
    return end.x


def points() -> Tensor:
    """Noisy points to start from."""
    return MEAN + torch.linspace(-3, 3, 11, dtype=torch.float64)[:, None, None, None] * math.hypot(STD, TOP)


ORDERS = [
    ("euler", {}, 1),
    ("ddim", {}, 1),
    ("gradient_estimation", {}, 1),
    ("heun", {}, 2),
    ("dpm_2", {}, 2),
    ("dpm_2_ancestral", {"eta": 0.0}, 2),
    ("dpmpp_2s_ancestral", {"eta": 0.0}, 2),
    ("dpmpp_2m", {}, 2),
    ("ipndm", {}, 2),  # its steps are taken to be equal, which they are the more so the more there are
    ("res_multistep", {}, 2),
    ("lms", {"order": 2}, 2),
]


@pytest.mark.parametrize(("name", "settings", "order"), ORDERS)
def test_a_sampler_converges_to_the_exact_solution_with_its_order(
    name: str, settings: dict[str, float], order: int
) -> None:
    x = points()
    errors = [
        float((last(name, x, levels(n), **settings) - exact(x, TOP, 0.01)).abs().max()) for n in (40, 80, 160)
    ]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.3)
    assert errors[-1] < 0.05


def test_more_remembered_steps_make_linear_multistep_better() -> None:
    x = points()
    errors = [
        float((last("lms", x, levels(80), order=order) - exact(x, TOP, 0.01)).abs().max())
        for order in (1, 2, 4)
    ]
    assert errors[0] > 5 * errors[1] > 5 * errors[2]


def test_linear_multistep_on_even_levels_is_adams_bashforth() -> None:
    assert adams_bashforth([4.0, 5.0, 6.0, 7.0], 3.0) == pytest.approx(
        [-55 / 24, 59 / 24, -37 / 24, 9 / 24], abs=1e-12
    )
    x, even = points(), torch.linspace(TOP, 2.0, 20, dtype=torch.float64)
    assert torch.allclose(last("lms", x, even), last("ipndm", x, even), atol=1e-10, rtol=0)


def test_linear_multistep_counts_a_polynomial_slope_exactly() -> None:
    places, end = [9.0, 9.5, 11.0, 14.0], 7.0
    shares = adams_bashforth(places, end)
    for power in range(4):
        exact_integral = (end ** (power + 1) - places[0] ** (power + 1)) / (power + 1)
        assert sum(
            share * place**power for share, place in zip(shares, places, strict=True)
        ) == pytest.approx(exact_integral)


def test_adams_bashforth_alone_makes_every_integral_of_constant_slope_exact() -> None:
    assert sum(adams_bashforth([5.0, 7.0, 10.0], 2.0)) == pytest.approx(-3.0)


def test_the_last_step_lands_on_the_models_guess() -> None:
    x, sigmas = points(), torch.tensor([3.0, 2.0, 1.0, 0.0], dtype=torch.float64)
    for name in SAMPLERS:
        *_, end = sampler(name)(ideal, x, sigmas, StepNoise(0))
        assert torch.allclose(end.x, end.guess, atol=1e-12), name


def test_the_ancestral_stream_begins_with_the_noise_that_the_run_began_with() -> None:
    """ComfyUI 0.3.64 on the CPU seeds both alike; later versions do not."""
    x = noise_from_seed((1, 4, 8, 8), 5)
    assert torch.equal(StepNoise(5)(0, x), x)


def test_consistency_sampling_puts_the_next_levels_noise_on_the_guess() -> None:
    x, sigmas = points(), torch.tensor([3.0, 1.0, 0.0], dtype=torch.float64)
    first, _ = sampler("lcm")(ideal, x, sigmas, StepNoise(7))
    assert torch.allclose(first.x, ideal(x, sigmas[0]) + StepNoise(7)(0, x) * 1.0)


def test_ddim_without_noise_is_eulers_step() -> None:
    x = points()
    assert torch.allclose(last("ddim", x, levels(30)), last("euler", x, levels(30)), atol=1e-12, rtol=0)


def compvis_ddim(
    predict: Callable[[Tensor, Tensor], Tensor], z: Tensor, abars: Tensor, eta: float, noise: StepNoise
) -> Tensor:
    """DDIM as its paper writes it, in z = sqrt(abar) x (Song et al. 2021, eq. 12)."""
    for step, (abar, next_abar) in enumerate(pairwise(abars)):
        eps = predict(z, abar)
        clean = (z - (1 - abar).sqrt() * eps) / abar.sqrt()
        spread = eta * ((1 - next_abar) / (1 - abar) * (1 - abar / next_abar)).sqrt()
        z = next_abar.sqrt() * clean + (1 - next_abar - spread**2).sqrt() * eps + spread * noise(step, z)
    return z


@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_ddim_is_the_papers_formula_in_other_coordinates(eta: float) -> None:
    sigmas = levels(20)
    abars = 1 / (1 + sigmas**2)

    def predict(z: Tensor, abar: Tensor) -> Tensor:
        x, sigma = z / abar.sqrt(), ((1 - abar) / abar).sqrt()
        return (x - ideal(x, sigma)) / sigma

    x = points()
    theirs = compvis_ddim(predict, x * abars[0].sqrt(), abars, eta, StepNoise(SEED))
    ours = finish(last("ddim", x, sigmas, eta=eta), sigmas[-1])
    assert torch.allclose(ours, theirs, atol=1e-12, rtol=0)


def test_ancestral_sampling_reaches_the_distribution_of_the_data() -> None:
    noisy = MEAN + math.hypot(STD, TOP) * torch.randn(
        4000, 1, 1, 1, generator=torch.Generator().manual_seed(1)
    )
    end = last("euler_ancestral", noisy.double(), levels(100))
    assert float(end.mean()) == pytest.approx(MEAN, abs=0.03)
    assert float(end.std()) == pytest.approx(STD, abs=0.03)


@pytest.mark.parametrize("name", SAMPLERS)
def test_single_steps_in_a_row_give_the_bits_of_the_whole_run(name: str) -> None:
    x, sigmas, past = points().float(), levels(12).float(), cast("Memory", ())
    whole = last(name, x, sigmas)
    for step, pair in enumerate(pairwise(sigmas.tolist())):
        (done,) = sampler(name)(ideal, x, torch.tensor(pair), StepNoise(SEED, first=step), past)
        past = (*past, Past(pair[0], x, done.guess))[-3:]
        x = done.x
    assert torch.equal(x, whole)


def test_a_sampler_over_no_levels_does_nothing() -> None:
    for name in SAMPLERS:
        assert list(sampler(name)(ideal, points(), torch.zeros(0), StepNoise(0))) == []


@dataclass
class Knowing:
    """A model that has the answer."""

    answer: Tensor

    def __call__(self, z: Tensor, times: Tensor, context: Tensor) -> Tensor:
        return self.answer


@pytest.mark.parametrize("parameterization", ["eps", "v"])
def test_a_perfect_guess_of_either_kind_gives_the_clean_latent(parameterization: Parameterization) -> None:
    generator = torch.Generator().manual_seed(0)
    clean, eps = (torch.randn(2, 4, 8, 8, generator=generator, dtype=torch.float64) for _ in range(2))
    schedule = Schedule(ScheduleSpec())
    for time in (0, 300, 999):
        sigma = schedule.sigmas[time].double()
        abar = 1 / (1 + sigma**2)
        v = abar.sqrt() * eps - (1 - abar).sqrt() * clean
        model = Model(Knowing(eps if parameterization == "eps" else v), schedule, parameterization)
        denoised = ModelDenoiser(model, torch.zeros(1, 2, 3))(clean + sigma * eps, sigma)
        assert torch.allclose(denoised, clean, atol=1e-10)


@dataclass
class Watched:
    """A model that notes what it is asked."""

    times: list[int]

    def __call__(self, z: Tensor, times: Tensor, context: Tensor) -> Tensor:
        self.times += times.tolist()
        assert float(z.std()) == pytest.approx(1.0, abs=0.1)
        return z


def test_the_wrapped_model_sees_unit_variance_and_whole_timesteps() -> None:
    schedule = Schedule(ScheduleSpec())
    watched = Watched([])
    denoise = ModelDenoiser(Model(watched, schedule), torch.zeros(1, 2, 3))
    noise = torch.randn(4, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    x = start(torch.zeros_like(noise), noise, schedule.sigmas[-1], schedule.sigma_max)
    assert denoise(x, schedule.sigmas[-1]).shape == x.shape
    assert watched.times == [999] * 4
