"""The wrapper that turns an LDM's network into D(x, sigma)."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ldm.diffusion.denoiser import Given, Model, ModelDenoiser
from ldm.diffusion.noise import start
from ldm.diffusion.schedule import Schedule
from ldm.spec import Parameterization, ScheduleSpec


@dataclass
class Knowing:
    """A model that has the answer."""

    answer: Tensor

    def __call__(self, z: Tensor, times: Tensor, given: Given) -> Tensor:
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
        denoised = ModelDenoiser(model, Given(torch.zeros(1, 2, 3)))(clean + sigma * eps, sigma)
        assert torch.allclose(denoised, clean, atol=1e-10)


def test_a_network_that_answers_twice_as_much_tells_its_variance_too() -> None:
    clean = torch.zeros(2, 4, 8, 8)
    schedule, sigma = Schedule(ScheduleSpec()), torch.tensor(2.0)
    both = torch.cat([torch.ones_like(clean), torch.full_like(clean, 0.5)], dim=1)
    denoise = ModelDenoiser(Model(Knowing(both), schedule), Given(torch.zeros(1, 2, 3)))
    guess, place = denoise.with_variance(clean, sigma)
    assert torch.equal(guess, torch.full_like(clean, -2.0))
    assert torch.equal(denoise(clean, sigma), guess)
    assert torch.equal(place, torch.full_like(clean, 0.75))
    plain = ModelDenoiser(Model(Knowing(clean), schedule), Given(torch.zeros(1, 2, 3)))
    with pytest.raises(ValueError, match="learned no variance"):
        plain.with_variance(clean, sigma)


@dataclass
class Watched:
    """A model that notes what it is asked."""

    times: list[int]

    def __call__(self, z: Tensor, times: Tensor, given: Given) -> Tensor:
        self.times += times.tolist()
        assert float(z.std()) == pytest.approx(1.0, abs=0.1)
        return z


def test_the_wrapped_model_sees_unit_variance_and_whole_timesteps() -> None:
    schedule = Schedule(ScheduleSpec())
    watched = Watched([])
    denoise = ModelDenoiser(Model(watched, schedule), Given(torch.zeros(1, 2, 3)))
    noise = torch.randn(4, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    x = start(torch.zeros_like(noise), noise, schedule.sigmas[-1], schedule.sigma_max)
    assert denoise(x, schedule.sigmas[-1]).shape == x.shape
    assert watched.times == [999] * 4
