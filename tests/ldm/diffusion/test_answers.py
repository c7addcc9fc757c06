"""How a network's answer becomes a clean latent, for every kind of answer."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ldm.diffusion.denoiser import Given, Model, ModelDenoiser
from ldm.diffusion.schedule import Schedule
from ldm.spec import Answer, ScheduleSpec

GENERATOR = torch.Generator().manual_seed(0)
CLEAN, EPS = (torch.randn(2, 4, 8, 8, generator=GENERATOR, dtype=torch.float64) for _ in range(2))
GIVEN = Given(torch.zeros(1, 2, 3))


@dataclass
class Knowing:
    """A network that has the answer, and notes what it is shown."""

    answer: Tensor
    shown: Tensor | None = None
    time: Tensor | None = None

    def __call__(self, z: Tensor, times: Tensor, given: Given) -> Tensor:
        self.shown, self.time = z, times
        return self.answer


def answer(kind: Answer, sigma: float) -> Tensor:
    """What a perfect network says at this level, by each paper's own formula."""
    x, abar = CLEAN + sigma * EPS, torch.tensor(1 / (1 + sigma**2), dtype=torch.float64)
    match kind:
        case "v":
            return abar.sqrt() * EPS - (1 - abar).sqrt() * CLEAN
        case "x0":
            return CLEAN
        case "edm":  # Karras et al. 2022, eq. 8: (target - c_skip x) / c_out
            whole = torch.tensor(sigma**2 + 0.25, dtype=torch.float64)
            skip, out = 0.25 / whole, sigma * 0.5 / whole.sqrt()
            return (CLEAN - skip * x) / out
        case "eps" | "lcm":
            return EPS


@pytest.mark.parametrize("kind", ["eps", "v", "x0", "edm"])
@pytest.mark.parametrize("sigma", [0.05, 1.3, 14.0])
def test_a_perfect_answer_gives_the_clean_latent(kind: Answer, sigma: float) -> None:
    network = Knowing(answer(kind, sigma))
    denoise = ModelDenoiser(Model(network, Schedule(ScheduleSpec()), kind), GIVEN)
    denoised = denoise(CLEAN + sigma * EPS, torch.tensor(sigma, dtype=torch.float64))
    torch.testing.assert_close(denoised, CLEAN, atol=1e-10, rtol=0)


def test_edm_shows_the_network_pictures_of_half_the_spread() -> None:
    network = Knowing(EPS)
    x, sigma = CLEAN + 2 * EPS, torch.tensor(2.0, dtype=torch.float64)
    ModelDenoiser(Model(network, Schedule(ScheduleSpec()), "edm"), GIVEN)(x, sigma)
    torch.testing.assert_close(network.shown, x / (4 + 0.25) ** 0.5)


def test_a_consistency_model_lies_between_its_input_and_its_guess() -> None:
    schedule = Schedule(ScheduleSpec(first=0.00085, last=0.012, every=20))
    for time in (19, 999):
        network, sigma = Knowing(EPS), schedule.sigma(torch.tensor(time)).double()
        x = CLEAN + sigma * EPS
        denoised = ModelDenoiser(Model(network, schedule, "lcm"), GIVEN)(x, sigma)
        whole = 0.25 + (10.0 * time) ** 2
        expected = 0.25 / whole * x + 10.0 * time / whole**0.5 * CLEAN
        torch.testing.assert_close(denoised, expected, atol=1e-6, rtol=1e-6)


def test_a_continuous_schedule_tells_the_network_the_time_of_the_very_level() -> None:
    network = Knowing(EPS)
    schedule = Schedule(ScheduleSpec(kind="log_sigma", first=0.002, last=120.0))
    ModelDenoiser(Model(network, schedule, "edm"), GIVEN)(CLEAN, torch.tensor(3.0))
    assert network.time is not None
    assert network.time.tolist() == pytest.approx([0.25 * torch.tensor(3.0).log().item()] * 2)
