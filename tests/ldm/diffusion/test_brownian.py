"""A Brownian path: the same whoever asks and when, and as wide as one."""

import random

import pytest
import torch

from ldm.diffusion.brownian import BrownianPath
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.samplers import sampler
from tests.goldens.samplers import MEAN, STD, TOP, ideal

SHAPE = (2, 4, 16, 16)
TIMES = [0.03, 0.5, 0.7, 3.0, 9.5, 14.0]


def path(seed: int = 5) -> BrownianPath:
    """A path over all of these times."""
    return BrownianPath(seed, TIMES[0], TIMES[-1], SHAPE)


def test_the_path_does_not_depend_on_the_order_of_the_questions() -> None:
    forth = path()
    shuffled = random.Random(1).sample(TIMES, len(TIMES))
    found = {time: path()(time) for time in shuffled}
    assert all(torch.equal(forth(time), found[time]) for time in TIMES)


def test_it_begins_at_zero_and_times_beyond_its_ends_are_there() -> None:
    assert not bool(path()(TIMES[0]).any())
    assert torch.equal(path()(0.0), path()(TIMES[0]))
    assert torch.equal(path()(99.0), path()(TIMES[-1]))


def test_another_seed_gives_another_path() -> None:
    assert not torch.allclose(path(5)(3.0), path(6)(3.0))


def test_increments_are_as_wide_as_time_is_long_and_know_nothing_of_each_other() -> None:
    values = [path()(time) for time in TIMES]
    steps = [
        (after - before) / (end - begin) ** 0.5
        for before, after, begin, end in zip(values, values[1:], TIMES, TIMES[1:], strict=False)
    ]
    spread = torch.corrcoef(torch.stack([step.flatten() for step in steps]))
    for step in steps:
        assert float(step.std()) == pytest.approx(1.0, abs=0.05)
    assert float((spread - torch.eye(len(steps))).abs().max()) < 0.08


def test_two_steps_bring_the_noise_of_one() -> None:
    noise, like, span = StepNoise(7), torch.zeros(SHAPE), (TIMES[0], TIMES[-1])
    high, middle, low = (torch.tensor(time) for time in (9.5, 3.0, 0.7))
    whole = noise.between(high, low, span, like) * (high - low).sqrt()
    first = noise.between(high, middle, span, like) * (high - middle).sqrt()
    second = noise.between(middle, low, span, like) * (middle - low).sqrt()
    assert torch.allclose(first + second, whole, atol=1e-5)


def test_other_shapes_and_runs_get_paths_of_their_own() -> None:
    noise, pair = StepNoise(7), (torch.tensor(9.5), torch.tensor(3.0))
    usual = noise.between(*pair, (0.03, 14.0), torch.zeros(SHAPE))
    assert noise.between(*pair, (0.03, 14.0), torch.zeros(1, 4, 2, 2)).shape == (1, 4, 2, 2)
    assert not torch.equal(noise.between(*pair, (0.5, 14.0), torch.zeros(SHAPE)), usual)
    assert torch.equal(noise.between(*pair, (0.03, 14.0), torch.zeros(SHAPE)), usual)


@pytest.mark.parametrize("name", ["dpmpp_sde", "dpmpp_2m_sde", "dpmpp_3m_sde"])
def test_more_steps_of_the_same_seed_come_to_the_same_sample(name: str) -> None:
    """Strong convergence: with noise of its own at each step every number of steps would give another sample."""
    x = MEAN + (STD**2 + TOP**2) ** 0.5 * torch.randn(
        500, 1, 1, 1, generator=torch.Generator().manual_seed(1)
    )

    def end(steps: int) -> torch.Tensor:
        sigmas = torch.logspace(1, -2, steps + 1, dtype=torch.float64)
        *_, found = sampler(name)(ideal, x.double(), sigmas, StepNoise(3))
        return found.x

    finest = end(320)
    apart = [float((end(steps) - finest).std()) / STD for steps in (20, 80)]
    assert apart[1] < apart[0] / 2 < 0.2
