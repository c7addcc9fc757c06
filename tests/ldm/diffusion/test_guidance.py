"""Classifier-free guidance and the noise that runs start from."""

import pytest
import torch
from torch import Tensor

from ldm.diffusion.denoiser import Model
from ldm.diffusion.guidance import guided
from ldm.diffusion.noise import StepNoise, noise_from_seed, noise_per_sample
from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec

X = noise_from_seed((2, 4, 8, 8), 0)
SIGMA = torch.tensor(2.0)


def predict(z: Tensor, times: Tensor, context: Tensor) -> Tensor:
    """A toy model whose answer is linear in its context."""
    return z * context.mean(dim=(1, 2))[:, None, None, None]


MODEL = Model(predict, Schedule(ScheduleSpec()))


def context(value: float) -> Tensor:
    """A context that the toy model reads as `value`."""
    return torch.full((1, 3, 5), value)


def test_at_scale_one_the_negative_has_no_effect() -> None:
    with_it = guided(MODEL, context(0.5), context(0.1), 1.0)(X, SIGMA)
    without = guided(MODEL, context(0.5), context(-9.0), 1.0)(X, SIGMA)
    assert torch.equal(with_it, without)


@pytest.mark.parametrize("scale", [0.0, 1.5, 7.5])
def test_guidance_moves_from_the_negative_through_the_positive(scale: float) -> None:
    positive = guided(MODEL, context(0.5), context(0.0), 1.0)(X, SIGMA)
    negative = guided(MODEL, context(0.1), context(0.0), 1.0)(X, SIGMA)
    both = guided(MODEL, context(0.5), context(0.1), scale)(X, SIGMA)
    assert torch.allclose(both, negative + scale * (positive - negative), atol=1e-5)


def test_a_batch_may_be_told_a_different_thing_for_each_sample() -> None:
    contexts = torch.cat([context(0.5), context(0.2)])
    together = guided(MODEL, contexts, context(0.1), 3.0)(X, SIGMA)
    second = guided(MODEL, context(0.2), context(0.1), 3.0)(X[1:], SIGMA)
    assert torch.allclose(together[1:], second, atol=1e-6)


def test_a_seed_gives_one_draw_for_the_whole_batch() -> None:
    assert torch.equal(noise_from_seed((3, 4, 8, 8), 5)[0], noise_from_seed((1, 4, 8, 8), 5)[0])
    assert not torch.equal(noise_from_seed((1, 4, 8, 8), 5), noise_from_seed((1, 4, 8, 8), 6))


def test_per_sample_noise_is_that_of_the_following_seeds() -> None:
    assert torch.equal(noise_per_sample((3, 4, 8, 8), 5)[2], noise_from_seed((1, 4, 8, 8), 7)[0])


def test_the_noise_of_a_step_does_not_depend_on_where_the_run_began() -> None:
    assert torch.equal(StepNoise(9)(4, X), StepNoise(9, first=3)(1, X))
    assert not torch.equal(StepNoise(9)(4, X), StepNoise(9)(5, X))
    stream = StepNoise(9)
    assert [stream(step, X).sum() for step in (0, 1, 4, 2)] == [
        StepNoise(9)(step, X).sum() for step in (0, 1, 4, 2)
    ]
