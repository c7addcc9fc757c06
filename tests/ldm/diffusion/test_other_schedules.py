"""Schedules other than the published models': by formula, given, without a signal at the end, and without betas."""

import math

import pytest
import torch

from ldm.diffusion.schedule import LEAST_LEFT, Schedule, betas
from ldm.diffusion.sigmas import SCHEDULERS, noise_levels
from ldm.spec import ScheduleSpec

SD = ScheduleSpec(first=0.00085, last=0.012)


def test_a_cosine_schedule_lets_the_signal_fall_like_a_squared_cosine() -> None:
    abar = Schedule(ScheduleSpec(kind="cosine")).alphas_cumprod
    for time in (0, 499, 900):
        share = ((time + 1) / 1000 + 0.008) / 1.008
        begin = math.cos(0.008 / 1.008 * math.pi / 2) ** 2
        assert float(abar[time]) == pytest.approx(math.cos(share * math.pi / 2) ** 2 / begin, rel=1e-9)
    assert float(betas(ScheduleSpec(kind="cosine")).max()) == 0.999


def test_a_square_root_schedule_is_linear_in_beta_squared() -> None:
    found = betas(ScheduleSpec(kind="sqrt", first=0.0001, last=0.04, steps=5))
    assert found.square().tolist() == pytest.approx([0.0001, 0.010075, 0.02005, 0.030025, 0.04])


def test_given_betas_are_taken_as_they_are() -> None:
    spec = ScheduleSpec(kind="given", steps=3, betas=(0.1, 0.2, 0.5))
    assert Schedule(spec).alphas_cumprod.tolist() == pytest.approx([0.9, 0.72, 0.36])
    with pytest.raises(ValueError, match="1000 timesteps, but 2 betas"):
        betas(ScheduleSpec(kind="given", betas=(0.1, 0.2)))


def test_without_a_signal_at_the_end_the_beginning_stays_and_the_rest_is_stretched() -> None:
    plain = Schedule(SD)
    to_nothing = Schedule(ScheduleSpec(first=SD.first, last=SD.last, zero_terminal=True))
    root, rescaled = plain.alphas_cumprod.sqrt(), to_nothing.alphas_cumprod.sqrt()
    assert float(rescaled[0]) == pytest.approx(float(root[0]))
    assert float(to_nothing.alphas_cumprod[-1]) == pytest.approx(LEAST_LEFT)
    middle = (root[500] - root[-1]) * root[0] / (root[0] - root[-1])
    assert float(rescaled[500]) == pytest.approx(float(middle))
    assert to_nothing.sigma_max == pytest.approx(4518.76, rel=1e-3)
    torch.testing.assert_close(torch.cumprod(1 - betas(to_nothing.spec), dim=0), to_nothing.alphas_cumprod)


def test_a_distilled_model_knows_the_last_of_each_twenty_timesteps() -> None:
    plain, distilled = Schedule(SD), Schedule(ScheduleSpec(first=SD.first, last=SD.last, every=20))
    assert torch.equal(distilled.sigmas, plain.sigmas[19::20])
    assert distilled.timestep(plain.sigmas[[19, 500, 999]]).tolist() == [19, 499, 999]
    known = torch.tensor([19, 499, 999])
    torch.testing.assert_close(distilled.sigma(known), plain.sigmas[known])
    assert distilled.times == (999, 19)
    torch.testing.assert_close(distilled.continuous_timestep(plain.sigmas[known]), known.float())


@pytest.mark.parametrize(("kind", "ends"), [("log_sigma", (0.002, 120.0)), ("arctan_sigma", (0.03, 500.0))])
def test_schedules_without_betas_have_a_time_for_every_level(kind: str, ends: tuple[float, float]) -> None:
    schedule = Schedule(ScheduleSpec(kind=kind, first=ends[0], last=ends[1]))  # type: ignore[arg-type]
    levels = torch.tensor([0.1, 1.0, 17.3])
    torch.testing.assert_close(schedule.sigma(schedule.timestep(levels)), levels, rtol=1e-4, atol=0)
    assert (schedule.sigma_min, schedule.sigma_max) == pytest.approx(ends)
    assert schedule.sigma_at(0.5) == pytest.approx(math.sqrt(ends[0] * ends[1]), rel=1e-4)
    assert (schedule.sigma_at(0.0), schedule.sigma_at(1.0)) == (math.inf, 0.0)
    torch.testing.assert_close(schedule.alphas_cumprod[-1], 1 / (1 + schedule.sigmas[-1].double() ** 2))
    with pytest.raises(ValueError, match="no betas"):
        betas(schedule.spec)


def test_the_time_of_a_level_is_a_quarter_of_its_logarithm_or_its_angle() -> None:
    level = torch.tensor(7.0)
    by_log = Schedule(ScheduleSpec(kind="log_sigma", first=0.002, last=120.0))
    by_angle = Schedule(ScheduleSpec(kind="arctan_sigma", first=0.03, last=500.0))
    assert float(by_log.timestep(level)) == pytest.approx(math.log(7) / 4)
    assert float(by_angle.timestep(level)) == pytest.approx(math.atan(7) * 2 / math.pi)


OTHERS = {
    "cosine": ScheduleSpec(kind="cosine"),
    "no signal at the end": ScheduleSpec(first=SD.first, last=SD.last, zero_terminal=True),
    "distilled": ScheduleSpec(first=SD.first, last=SD.last, every=20),
    "log": ScheduleSpec(kind="log_sigma", first=0.002, last=120.0),
    "angle": ScheduleSpec(kind="arctan_sigma", first=0.03, last=500.0),
}


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("kind", OTHERS)
def test_levels_fall_from_the_highest_on_every_schedule(kind: str, name: str) -> None:
    schedule = Schedule(OTHERS[kind])
    levels = noise_levels(schedule, name, 8)
    assert bool((levels[1:] < levels[:-1]).all())
    assert bool(levels.isfinite().all())
    assert float(levels[0]) <= schedule.sigma_max * (1 + 1e-3)
