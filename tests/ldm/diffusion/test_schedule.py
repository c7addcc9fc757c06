"""The forward process against the endpoints of the published models."""

import pytest
import torch

from ldm.diffusion.schedule import Schedule
from ldm.diffusion.sigmas import SCHEDULERS, STOPPING_ABOVE_ZERO, noise_levels
from ldm.spec import ScheduleSpec

# b0, b1, abar_T, sigma_min, sigma_max of the published models
PUBLISHED = [
    (0.00085, 0.0120, 4.6601e-3, 0.029167, 14.6146),
    (0.0015, 0.0150, 8.125e-4, 0.03876, 35.07),
    (0.0015, 0.0155, 6.687e-4, 0.03876, 38.66),
    (0.0015, 0.0195, 1.423e-4, 0.03876, 83.82),
    (0.0015, 0.0205, 9.691e-5, 0.03876, 101.58),
]


@pytest.mark.parametrize(("first", "last", "abar", "sigma_min", "sigma_max"), PUBLISHED)
def test_sqrt_linear_schedules_end_where_the_published_ones_do(
    first: float, last: float, abar: float, sigma_min: float, sigma_max: float
) -> None:
    schedule = Schedule(ScheduleSpec(first=first, last=last))
    assert float(schedule.alphas_cumprod[-1]) == pytest.approx(abar, rel=1e-3)
    assert schedule.sigma_min == pytest.approx(sigma_min, rel=1e-3)
    assert schedule.sigma_max == pytest.approx(sigma_max, rel=1e-3)


def test_the_ddpm_schedule_is_linear_in_beta_itself() -> None:
    schedule = Schedule(ScheduleSpec(kind="linear", first=1e-4, last=2e-2))
    assert float(schedule.alphas_cumprod[-1]) == pytest.approx(4.036e-5, rel=1e-3)


def test_timesteps_and_sigmas_are_each_others_inverse() -> None:
    schedule = Schedule(ScheduleSpec())
    times = torch.arange(1000)
    assert torch.equal(schedule.timestep(schedule.sigmas), times)
    assert torch.allclose(schedule.continuous_timestep(schedule.sigmas), times.float(), atol=1e-2)
    assert torch.allclose(schedule.sigma(times), schedule.sigmas, rtol=1e-5)
    between = torch.tensor([0.5, 17.25, 801.75])
    assert torch.allclose(schedule.continuous_timestep(schedule.sigma(between)), between, atol=1e-2)


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("steps", [1, 2, 5, 20, 50])
def test_noise_levels_fall_from_the_top_to_the_bottom(name: str, steps: int) -> None:
    schedule = Schedule(ScheduleSpec())
    levels = noise_levels(schedule, name, steps)
    assert len(levels) == steps + 1 or name in ("ddim_uniform", "ddim_quadratic")
    assert bool((levels[1:] < levels[:-1]).all())
    assert float(levels[0]) <= schedule.sigma_max * (1 + 1e-5)
    assert float(levels[-1]) == (schedule.sigma_min if name in STOPPING_ABOVE_ZERO else 0.0)


def test_the_ddim_grid_stays_in_range_for_every_number_of_steps() -> None:
    schedule = Schedule(ScheduleSpec())
    for steps in range(1, 1000):
        levels = noise_levels(schedule, "ddim", steps)
        assert len(levels) == steps + 1, steps
        assert bool((levels[1:] < levels[:-1]).all()), steps


def test_the_ddim_grid_is_compvis_own_where_that_is_sound() -> None:
    schedule = Schedule(ScheduleSpec())
    times = [t + 1 for t in range(0, 1000, 1000 // 50)]
    expected = torch.stack([*(schedule.sigmas[t] for t in reversed(times)), schedule.sigmas[0]])
    assert torch.equal(noise_levels(schedule, "ddim", 50), expected)


def test_a_partial_denoise_keeps_the_end_of_a_longer_way() -> None:
    schedule = Schedule(ScheduleSpec())
    assert torch.equal(noise_levels(schedule, "normal", 10, 0.5), noise_levels(schedule, "normal", 20)[-11:])
    assert len(noise_levels(schedule, "normal", 10, 0.0)) == 0
