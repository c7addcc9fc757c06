"""Noise levels against closed forms and numbers worked out by hand."""

import math
from itertools import pairwise

import pytest
import torch

from ldm.diffusion.beta_quantile import distribution, quantile
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.sigma_formulas import (
    between_in_log,
    exponential_between,
    karras_between,
    kl_optimal_between,
    laplace_between,
    polyexponential_between,
    variance_preserving,
)
from ldm.diffusion.sigmas import beta, noise_levels
from ldm.spec import ScheduleSpec

SCHEDULE = Schedule(ScheduleSpec(first=0.00085, last=0.012))
LOW, HIGH = SCHEDULE.sigma_min, SCHEDULE.sigma_max


def at(*times: int) -> torch.Tensor:
    """The schedule's levels at these timesteps, and 0."""
    return torch.tensor([*(float(SCHEDULE.sigmas[time]) for time in times), 0.0])


@pytest.mark.parametrize(
    ("name", "steps", "times"),
    [
        ("simple", 4, (999, 749, 499, 249)),
        ("simple", 3, (999, 666, 333)),
        ("normal", 4, (999, 666, 333, 0)),
        ("sgm_uniform", 3, (999, 666, 333)),
        ("ddim_uniform", 4, (751, 501, 251, 1)),
        ("ddim_uniform", 3, (667, 334, 1)),
        ("ddim_uniform", 6, (997, 831, 665, 499, 333, 167, 1)),  # 1000 // 6 = 166: one more than asked for
        ("beta", 2, (999, round(0.5 * 999))),
    ],
)
def test_levels_at_whole_timesteps_are_the_schedules_own(
    name: str, steps: int, times: tuple[int, ...]
) -> None:
    assert torch.allclose(noise_levels(SCHEDULE, name, steps), at(*times), rtol=1e-5)


def test_karras_levels_are_even_in_their_seventh_root() -> None:
    roots = noise_levels(SCHEDULE, "karras", 6)[:-1] ** (1 / 7)
    assert torch.allclose(roots.diff(), roots.diff()[0], rtol=1e-3)
    assert torch.allclose(karras_between(1.0, 4.0, 3, rho=2.0), torch.tensor([4.0, 2.25, 1.0, 0.0]))


def test_exponential_levels_fall_by_one_factor() -> None:
    assert torch.allclose(exponential_between(1.0, 8.0, 4), torch.tensor([8.0, 4.0, 2.0, 1.0, 0.0]))
    ends = noise_levels(SCHEDULE, "exponential", 5)[[0, 4]]
    assert ends.tolist() == pytest.approx([HIGH, LOW], rel=1e-5)


def test_polyexponential_levels_follow_a_power_of_the_way() -> None:
    assert torch.allclose(polyexponential_between(1.0, 16.0, 3, rho=2.0), torch.tensor([16.0, 2.0, 1.0, 0.0]))
    assert torch.allclose(polyexponential_between(1.0, 8.0, 4), exponential_between(1.0, 8.0, 4))


def test_kl_optimal_levels_are_even_in_their_arctangent() -> None:
    middle = math.tan((math.atan(0.1) + math.atan(10.0)) / 2)  # of a level and its inverse: 1
    assert middle == pytest.approx(1.0)
    assert torch.allclose(kl_optimal_between(0.1, 10.0, 3), torch.tensor([10.0, 1.0, 0.1, 0.0]), rtol=1e-4)
    assert noise_levels(SCHEDULE, "kl_optimal", 1).tolist() == pytest.approx([HIGH, 0.0], rel=1e-5)


def test_linear_quadratic_levels_begin_along_a_line_and_go_on_along_a_parabola() -> None:
    gone = 1 - noise_levels(SCHEDULE, "linear_quadratic", 8) / HIGH
    assert gone[:5].tolist() == pytest.approx([0, 0.00625, 0.0125, 0.01875, 0.025], abs=1e-6)
    assert float(gone[-1]) == 1.0
    second = gone[4:].diff().diff()
    assert second.tolist() == pytest.approx([float(second[0])] * 3, rel=1e-3)
    assert noise_levels(SCHEDULE, "linear_quadratic", 1).tolist() == pytest.approx([HIGH, 0.0], rel=1e-6)


def test_beta_levels_lie_closer_at_both_ends() -> None:
    levels = beta(SCHEDULE, 10)
    times = SCHEDULE.timestep(levels[:-1]).tolist()
    gaps = [first - second for first, second in pairwise(times)]
    assert times[0] == 999
    assert gaps[0] < gaps[1] < gaps[4]
    assert gaps[-1] < gaps[-2] < gaps[4]
    assert times == [round(quantile(1 - i / 10, 0.6, 0.6) * 999) for i in range(10)]


@pytest.mark.parametrize("share", [0.001, 0.25, 0.5, 0.9, 0.999])
def test_quantiles_of_the_beta_distribution_are_those_of_its_closed_forms(share: float) -> None:
    assert quantile(share, 1, 1) == pytest.approx(share)
    assert quantile(share, 3, 1) == pytest.approx(share ** (1 / 3))
    assert quantile(share, 1, 2) == pytest.approx(1 - math.sqrt(1 - share))
    assert quantile(share, 0.5, 0.5) == pytest.approx(math.sin(math.pi * share / 2) ** 2)
    assert distribution(quantile(share, 0.6, 0.6), 0.6, 0.6) == pytest.approx(share)
    assert quantile(share, 0.6, 0.6) + quantile(1 - share, 0.6, 0.6) == pytest.approx(1)


def test_laplace_levels_gather_around_their_middle() -> None:
    levels = laplace_between(0.01, 100.0, 5, mu=1.0, beta=0.5)
    assert float(levels[2]) == pytest.approx(math.e, rel=1e-4)
    assert float(levels[1] / levels[2]) == pytest.approx(2**0.5, rel=1e-3)  # a quartile lies beta ln 2 away
    assert bool((levels.diff() <= 0).all())


def test_levels_of_the_continuous_process_are_those_of_its_integral() -> None:
    levels = variance_preserving(3, 19.9, 0.1, 1e-3)
    assert float(levels[0]) == pytest.approx(math.sqrt(math.exp(19.9 / 2 + 0.1) - 1), rel=1e-5)
    assert float(levels[-1]) == 0.0


def test_a_table_of_levels_is_interpolated_in_their_logarithm() -> None:
    assert between_in_log((16.0, 4.0, 1.0), 5).tolist() == pytest.approx([16, 8, 4, 2, 1])
    assert between_in_log((16.0, 4.0, 1.0), 3).tolist() == [16.0, 4.0, 1.0]


def test_some_samplers_leave_out_the_last_level_but_one() -> None:
    longer = noise_levels(SCHEDULE, "normal", 5)
    levels = noise_levels(SCHEDULE, "normal", 4, skip_last_but_one=True)
    assert torch.equal(levels, torch.cat([longer[:4], longer[5:]]))


def test_with_denoise_the_last_levels_of_a_longer_way_remain() -> None:
    assert torch.equal(noise_levels(SCHEDULE, "karras", 3, 0.7), noise_levels(SCHEDULE, "karras", 4)[-4:])
    assert torch.equal(noise_levels(SCHEDULE, "karras", 3, 0.99995), noise_levels(SCHEDULE, "karras", 3))
    assert len(noise_levels(SCHEDULE, "karras", 3, 0.0)) == 0


def test_the_quadratic_grid_of_ddim_is_even_in_the_root_of_time() -> None:
    found = noise_levels(SCHEDULE, "ddim_quadratic", 5)
    times = [int(number) + 1 for number in (0, 50, 200, 450, 800)]  # 800 * (i / 4) ** 2
    assert torch.allclose(found, torch.cat([at(*times[::-1])[:-1], torch.tensor([LOW])]), rtol=1e-5)
    assert len(noise_levels(SCHEDULE, "ddim_quadratic", 1)) == 2
    for steps in (100, 300, 1000):
        assert bool((noise_levels(SCHEDULE, "ddim_quadratic", steps)[:-1].diff() < 0).all())
