"""Nodes that make and change noise levels."""

import math

import pytest
import torch

from nodes.port_types import DiffusionModel, Sigmas
from nodes.schedulers import (
    aligned_levels,
    beta_levels,
    exponential_levels,
    karras_levels,
    laplace_levels,
    polyexponential_levels,
    schedule_levels,
    turbo_levels,
    vp_levels,
)
from nodes.sigmas import (
    extend_sigmas,
    flip_sigmas,
    percent_to_sigma,
    set_first_sigma,
    split_sigmas,
    split_sigmas_by_share,
)
from tests.ldm.tiny import tiny_model

LOADED = tiny_model()
MODEL = DiffusionModel(LOADED.unet, LOADED.schedule, LOADED.spec)
LEVELS = Sigmas(torch.tensor([8.0, 4.0, 2.0, 1.0, 0.0]))


def parts(cut: tuple[Sigmas, Sigmas]) -> tuple[list[float], list[float]]:
    """Both parts as lists."""
    high, low = cut
    return high.levels.tolist(), low.levels.tolist()


def test_levels_are_cut_behind_a_step_and_share_that_level() -> None:
    assert parts(split_sigmas(LEVELS, 1)) == ([8.0, 4.0], [4.0, 2.0, 1.0, 0.0])
    assert parts(split_sigmas(LEVELS, 0)) == ([8.0], [8.0, 4.0, 2.0, 1.0, 0.0])


def test_levels_are_cut_by_the_share_that_comes_later() -> None:
    assert parts(split_sigmas_by_share(LEVELS, 0.5)) == ([8.0, 4.0, 2.0], [2.0, 1.0, 0.0])
    assert parts(split_sigmas_by_share(LEVELS, 1.0)) == ([8.0], [8.0, 4.0, 2.0, 1.0, 0.0])
    assert parts(split_sigmas_by_share(LEVELS, 0.0)) == ([], [0.0])


def test_turned_levels_do_not_begin_with_zero() -> None:
    assert flip_sigmas(LEVELS).levels.tolist() == pytest.approx([0.0001, 1.0, 2.0, 4.0, 8.0])
    assert len(flip_sigmas(Sigmas(torch.zeros(0))).levels) == 0


def test_the_first_level_is_replaced_and_the_given_levels_stay() -> None:
    assert set_first_sigma(LEVELS, 14.0).levels.tolist() == [14.0, 4.0, 2.0, 1.0, 0.0]
    assert float(LEVELS.levels[0]) == 8.0


def test_levels_are_put_between_those_that_lie_in_the_range() -> None:
    assert extend_sigmas(LEVELS, 2, -1.0, 3.0).levels.tolist() == [8.0, 6.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    assert extend_sigmas(LEVELS, 2, 4.0, 2.0).levels.tolist() == [8.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.0]
    cosine = extend_sigmas(LEVELS, 2, -1.0, 8.0, "cosine").levels
    assert float(cosine[1]) == pytest.approx(8 - 4 * math.sin(math.pi / 4))
    sine = extend_sigmas(LEVELS, 2, -1.0, 8.0, "sine").levels
    assert float(sine[1]) == pytest.approx(8 - 4 * (1 - math.cos(math.pi / 4)))


def test_a_share_of_the_way_has_a_level() -> None:
    assert percent_to_sigma(MODEL, 0.0) == 999999999.9
    assert percent_to_sigma(MODEL, 1.0) == 0.0
    assert percent_to_sigma(MODEL, 0.0, True) == LOADED.schedule.sigma_max
    assert percent_to_sigma(MODEL, 1.0, True) == LOADED.schedule.sigma_min
    assert percent_to_sigma(MODEL, 0.5) == pytest.approx(
        math.sqrt(float(LOADED.schedule.sigmas[499]) * float(LOADED.schedule.sigmas[500])), rel=1e-4
    )


def test_every_formula_gives_as_many_levels_as_steps_and_falls() -> None:
    for levels in (
        karras_levels(7),
        exponential_levels(7),
        polyexponential_levels(7),
        vp_levels(7),
        aligned_levels(steps=7),
    ):
        assert len(levels.levels) == 8
        assert bool((levels.levels.diff() < 0).all())
        assert float(levels.levels[-1]) == 0.0
    assert len(laplace_levels(7).levels) == 7
    assert torch.equal(beta_levels(MODEL, 7).levels, schedule_levels(MODEL, "beta", 7).levels)


def test_turbo_levels_are_the_ten_of_its_training() -> None:
    sigmas = LOADED.schedule.sigmas
    assert turbo_levels(MODEL, 2).levels.tolist() == pytest.approx(
        [float(sigmas[999]), float(sigmas[899]), 0.0], rel=1e-5
    )
    assert turbo_levels(MODEL, 1, 0.5).levels.tolist() == pytest.approx([float(sigmas[499]), 0.0], rel=1e-5)


def test_aligned_levels_are_their_table_at_ten_steps() -> None:
    assert aligned_levels("SD1", 10).levels[:2].tolist() == pytest.approx([14.6146412293, 6.4745760956])
    assert aligned_levels("SD1", 10, 0.3).levels.tolist() == pytest.approx(
        [0.6523686016, 0.3977456272, 0.1515232662, 0.0]
    )
    assert aligned_levels("SD1", 5).levels[1:3].tolist() == pytest.approx(
        [3.8636745985, 1.8841921177], rel=1e-5
    )
    assert len(aligned_levels("SDXL", 10, 0.0).levels) == 0


def test_formulas_say_which_numbers_they_cannot_take() -> None:
    for levels in (exponential_levels, polyexponential_levels):
        with pytest.raises(ValueError, match="needs both above 0"):
            levels(5, sigma_min=0.0)
    with pytest.raises(ValueError, match="rho is 0"):
        karras_levels(5, rho=0.0)
    with pytest.raises(ValueError, match="no alpha of 0"):
        beta_levels(MODEL, 5, alpha=0.0)
