"""Samplers against data whose ideal denoiser is known: N(MEAN, STD^2) in one dimension."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import cast

import pytest
import torch
from torch import Tensor

from ldm.diffusion.multi_step import adams_bashforth
from ldm.diffusion.noise import StepNoise, finish, noise_from_seed
from ldm.diffusion.past import Memory, Past
from ldm.diffusion.samplers import SAMPLERS, noisy_part, sampler
from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec
from tests.goldens.samplers import MEAN, SEED, STD, TOP, ideal, points


def exact(x: Tensor, sigma: float, next_sigma: float) -> Tensor:
    """The probability-flow ODE's solution: distances from the mean shrink with the marginal's width."""
    return MEAN + (x - MEAN) * math.sqrt((STD**2 + next_sigma**2) / (STD**2 + sigma**2))


def levels(steps: int) -> Tensor:
    """Evenly spread on a log scale, so that the order of a method shows, down to a small level."""
    return torch.linspace(math.log(TOP), math.log(0.01), steps + 1, dtype=torch.float64).exp()


def last(name: str, x: Tensor, sigmas: Tensor, **settings: float | str) -> Tensor:
    """Where a sampler ends."""
    *_, end = sampler(name, settings)(ideal, x, sigmas, StepNoise(SEED))
    return end.x


ORDERS = [
    ("euler", {}, 1),
    ("euler_cfg_pp", {}, 1),
    ("ddim", {}, 1),
    ("heunpp2", {}, 1),  # its weights are Heun's only where levels are equal
    ("gradient_estimation", {}, 1),
    ("gradient_estimation_cfg_pp", {}, 1),
    ("heun", {}, 2),
    ("exp_heun_2_x0", {}, 2),
    ("exp_heun_2_x0_sde", {"eta": 0.0}, 2),
    ("dpm_2", {}, 2),
    ("dpm_2_ancestral", {"eta": 0.0}, 2),
    ("dpmpp_2s_ancestral", {"eta": 0.0}, 2),
    ("dpmpp_2s_ancestral_cfg_pp", {"eta": 0.0}, 2),
    ("dpmpp_sde", {"eta": 0.0}, 2),
    ("dpmpp_sde", {"eta": 0.0, "r": 0.7}, 2),
    ("dpmpp_2m", {}, 2),
    ("dpmpp_2m_cfg_pp", {}, 2),
    ("dpmpp_2m_sde", {"eta": 0.0}, 2),
    ("dpmpp_2m_sde_heun", {"eta": 0.0}, 2),
    ("dpmpp_3m_sde", {"eta": 0.0}, 2),  # whatever its name: see its docstring
    ("er_sde", {"solver_type": "ODE", "points": 20_000}, 2),
    ("ipndm", {}, 2),  # its steps are taken to be equal, which they are the more so the more there are
    ("plms", {}, 2),
    ("res_multistep", {}, 2),
    ("res_multistep_cfg_pp", {}, 2),
    ("seeds_2", {"eta": 0.0}, 2),
    ("seeds_2", {"eta": 0.0, "r": 0.3}, 2),
    ("lms", {"order": 2}, 2),
    ("deis", {"max_order": 2}, 2),
    ("deis", {}, 3),
    ("seeds_3", {"eta": 0.0}, 3),
    ("uni_pc", {}, 3),
    ("uni_pc_bh2", {}, 3),
    ("sa_solver", {"eta": 0.0, "predictor_order": 1, "corrector_order": 0}, 1),
    ("sa_solver", {"eta": 0.0, "predictor_order": 2, "corrector_order": 0}, 2),
    ("sa_solver", {"eta": 0.0, "predictor_order": 2, "corrector_order": 2, "simple_order_2": True}, 2),
    ("sa_solver", {"eta": 0.0}, 4),
    ("sa_solver_pece", {"eta": 0.0}, 4),
]


@pytest.mark.parametrize(("name", "settings", "order"), ORDERS)
def test_a_sampler_converges_to_the_exact_solution_with_its_order(
    name: str, settings: dict[str, float | str], order: int
) -> None:
    x = points()
    errors = [
        float((last(name, x, levels(n), **settings) - exact(x, TOP, 0.01)).abs().max()) for n in (40, 80, 160)
    ]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order, abs=0.42 if order > 3 else 0.3)
    assert errors[-1] < 0.05


ONE_STEP = [
    ("lms", {}, 4),
    ("deis", {}, 3),
    ("dpmpp_2m", {}, 2),
    ("dpmpp_3m_sde", {"eta": 0.0}, 2),
    ("er_sde", {"solver_type": "ODE", "points": 200_000}, 2),
]


@pytest.mark.parametrize(("name", "settings", "order"), ONE_STEP)
def test_a_step_from_a_true_past_errs_by_one_order_more(
    name: str, settings: dict[str, float | str], order: int
) -> None:
    def error(h: float) -> float:
        places = [2.0 * math.exp(h * back) for back in (3, 2, 1, 0)]
        true = [exact(points(), TOP, place) for place in places]
        past = tuple(
            Past(place, x, ideal(x, torch.tensor(place, dtype=torch.float64)))
            for place, x in zip(places[:-1], true, strict=False)
        )
        pair = torch.tensor([2.0, 2.0 * math.exp(-h)], dtype=torch.float64)
        (step,) = sampler(name, settings)(ideal, true[-1], pair, StepNoise(0), past)
        return float((step.x - exact(points(), TOP, float(pair[1]))).abs().max())

    errors = [error(h) for h in (0.1, 0.05, 0.025)]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) == pytest.approx(order + 1, abs=0.35)


def test_dpm_fast_is_of_third_order_in_the_calls_that_it_makes() -> None:
    x = points()
    errors = [
        float((last("dpm_fast", x, levels(n)) - exact(x, TOP, 0.01)).abs().max()) for n in (20, 80, 320)
    ]
    for coarse, fine in pairwise(errors):
        assert math.log2(coarse / fine) / 2 == pytest.approx(3, abs=0.3)


@pytest.mark.parametrize("order", [2, 3])
def test_adaptive_steps_err_no_more_than_asked_for(order: int) -> None:
    x, ends = points(), torch.tensor([TOP, 0.01, 0.0], dtype=torch.float64)
    taken = []
    for tolerance in (1e-2, 1e-4, 1e-6):
        settings = {"order": order, "rtol": tolerance, "atol": tolerance}
        steps = list(sampler("dpm_adaptive", settings)(ideal, x, ends, StepNoise(SEED)))
        assert float((steps[-1].x - exact(x, TOP, 0.01)).abs().max()) < 20 * tolerance
        taken.append(len(steps))
    assert 5 < taken[0] < taken[1] < taken[2] < 2000


CALLS: dict[str, Callable[[int], int]] = {
    "euler": lambda steps: steps,
    "heun": lambda steps: 2 * steps - 1,
    "heunpp2": lambda steps: 3 * steps - 3,
    "dpm_fast": lambda steps: steps,
    "dpmpp_sde": lambda steps: 2 * steps - 1,
    "dpmpp_3m_sde": lambda steps: steps,
    "seeds_3": lambda steps: 3 * steps - 2,
    "deis": lambda steps: steps,
    "plms": lambda steps: steps + 1,
    "uni_pc": lambda steps: steps,
    "sa_solver": lambda steps: steps,
    "sa_solver_pece": lambda steps: 2 * steps - 1,
}


@pytest.mark.parametrize("name", CALLS)
def test_a_sampler_calls_the_model_as_often_as_it_is_known_to(name: str) -> None:
    called: list[float] = []

    def counted(x: Tensor, sigma: Tensor) -> Tensor:
        called.append(float(sigma))
        return ideal(x, sigma)

    sigmas = torch.cat([levels(12), torch.zeros(1)])
    list(sampler(name)(counted, points(), sigmas, StepNoise(0)))
    assert len(called) == CALLS[name](13)
    assert min(called) > 0


SAME = [
    ("euler_ancestral", {"eta": 0.0}, "euler", {}),
    ("euler_ancestral_cfg_pp", {"eta": 0.0}, "euler_cfg_pp", {}),
    ("dpm_2_ancestral", {"eta": 0.0}, "dpm_2", {}),
    ("dpmpp_sde", {"eta": 0.0}, "dpmpp_2s_ancestral", {"eta": 0.0}),
    ("dpmpp_2m_sde", {"eta": 0.0}, "dpmpp_2m", {}),
    ("dpmpp_2m_sde_heun", {"eta": 0.0}, "res_multistep", {}),
    ("res_multistep_ancestral", {"eta": 0.0}, "res_multistep", {}),
    ("seeds_2", {"eta": 0.0}, "dpmpp_2s_ancestral", {"eta": 0.0}),
    ("exp_heun_2_x0_sde", {"eta": 0.0}, "exp_heun_2_x0", {}),
    ("er_sde", {"solver_type": "Reverse-time SDE", "eta": 0.0}, "er_sde", {"solver_type": "ODE"}),
    ("er_sde", {"solver_type": "ODE", "max_stage": 1}, "euler", {}),
    ("sa_solver", {"eta": 0.0, "predictor_order": 1, "corrector_order": 0}, "euler", {}),
    ("sa_solver", {"noisy_from": 0.0}, "sa_solver", {"eta": 0.0}),
    ("lms", {"order": 1}, "euler", {}),
    ("deis", {"max_order": 1}, "euler", {}),
    ("gradient_estimation", {"gamma": 1.0}, "euler", {}),
    ("dpmpp_sde", {"s_noise": 0.0}, "dpmpp_sde_gpu", {"s_noise": 0.0}),
]


@pytest.mark.parametrize(("name", "settings", "other", "others"), SAME)
def test_without_noise_a_stochastic_sampler_is_a_known_deterministic_one(
    name: str, settings: dict[str, float | str], other: str, others: dict[str, float | str]
) -> None:
    x, sigmas = points(), levels(15)
    assert torch.allclose(last(name, x, sigmas, **settings), last(other, x, sigmas, **others), atol=1e-12)


def test_sa_solver_adds_noise_between_a_fifth_and_four_fifths_of_the_models_way() -> None:
    schedule = Schedule(ScheduleSpec())
    given = noisy_part(schedule)
    assert given["noisy_from"] == schedule.sigma_at(0.2) > given["noisy_to"] == schedule.sigma_at(0.8)
    x, sigmas = points(), levels(15)
    (*_, usual) = sampler("sa_solver", {}, schedule)(ideal, x, sigmas, StepNoise(SEED))
    assert torch.equal(usual.x, last("sa_solver", x, sigmas, **given))
    assert not torch.equal(usual.x, last("sa_solver", x, sigmas))


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
        if name in ("dpm_fast", "dpm_adaptive"):  # they stop at the last level above zero
            assert not torch.allclose(end.x, end.guess, atol=0.1), name
        else:
            assert torch.allclose(end.x, end.guess, atol=0.01 if "uni_pc" in name else 1e-12), name


def test_where_one_level_above_zero_is_left_every_sampler_lands_on_the_guess() -> None:
    x, sigmas = points(), torch.tensor([3.0, 0.0], dtype=torch.float64)
    for name in SAMPLERS:
        (end,) = sampler(name)(ideal, x, sigmas, StepNoise(0))
        assert torch.allclose(end.x, ideal(x, sigmas[0]), atol=0.01 if "uni_pc" in name else 1e-12), name


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


def test_ddim_inversion_is_the_same_steps_up_and_comes_back_the_nearer_the_smaller_they_are() -> None:
    x, away = points() / 10, []
    for steps in (50, 100, 200):
        noisy = last("ddim", x, levels(steps).flip(0))
        assert float(noisy.std()) > 3 * float(x.std())
        away.append(float((last("ddim", noisy, levels(steps)) - x).abs().max()))
    assert away[0] / away[1] == pytest.approx(2, abs=0.2)
    assert away[1] / away[2] == pytest.approx(2, abs=0.2)


NOISY: list[tuple[str, dict[str, float | str]]] = [
    ("euler_ancestral", {}),
    ("euler_ancestral_cfg_pp", {}),
    ("dpm_2_ancestral", {}),
    ("dpmpp_2s_ancestral", {}),
    ("dpmpp_2s_ancestral_cfg_pp", {}),
    ("dpmpp_sde", {}),
    ("dpmpp_2m_sde", {}),
    ("dpmpp_2m_sde_heun", {}),
    ("dpmpp_2m_sde", {"eta": 0.5}),
    ("dpmpp_3m_sde", {}),
    ("ddpm", {}),
    ("res_multistep_ancestral", {}),
    ("res_multistep_ancestral_cfg_pp", {}),
    ("er_sde", {}),
    ("er_sde", {"solver_type": "Reverse-time SDE"}),
    ("seeds_2", {}),
    ("seeds_2", {"r": 0.3, "eta": 0.5}),
    ("seeds_3", {}),
    ("exp_heun_2_x0_sde", {}),
    ("sa_solver", {}),
    ("sa_solver_pece", {"eta": 0.5}),
    ("dpm_fast", {"eta": 1.0}),
    ("dpm_adaptive", {"eta": 1.0, "rtol": 0.01, "atol": 0.01}),
]


@pytest.mark.parametrize(("name", "settings"), NOISY)
def test_stochastic_sampling_reaches_the_distribution_of_the_data(
    name: str, settings: dict[str, float | str]
) -> None:
    noisy = MEAN + math.hypot(STD, TOP) * torch.randn(
        4000, 1, 1, 1, generator=torch.Generator().manual_seed(1)
    )
    end = last(name, noisy.double(), levels(100), **settings)
    assert float(end.mean()) == pytest.approx(MEAN, abs=0.03)
    assert float(end.std()) == pytest.approx(STD, abs=0.03)
    assert abs(float((end * noisy).mean() - end.mean() * noisy.mean())) < 0.9 * TOP * STD  # noise came in


@pytest.mark.parametrize("name", SAMPLERS)
def test_single_steps_in_a_row_give_the_bits_of_the_whole_run(name: str) -> None:
    method, x, sigmas, past = SAMPLERS[name], points().float(), levels(12).float(), cast("Memory", ())
    whole = last(name, x, sigmas)
    for step in range(method.steps(12)):
        if method.sees_all:
            *_, done = sampler(name)(ideal, x, sigmas, StepNoise(SEED), past, step)
        else:
            pair = sigmas[step : step + 2]
            (done,) = sampler(name)(ideal, x, pair, StepNoise(SEED, first=step), past)
            (same,) = sampler(name)(ideal, x, sigmas, StepNoise(SEED), past, step)
            assert torch.equal(same.x, done.x)
        x, past = done.x, done.past
    assert torch.equal(x, whole)


def test_a_sampler_over_no_levels_does_nothing() -> None:
    for name in SAMPLERS:
        assert list(sampler(name)(ideal, points(), torch.zeros(0), StepNoise(0))) == []
