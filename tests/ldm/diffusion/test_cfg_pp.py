"""CFG++: a step to the guided guess, along the noise that was found without guidance."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ldm.diffusion.denoiser import GuidedDenoiser, apart
from ldm.diffusion.inpaint import Inpainting
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.samplers import SAMPLERS, sampler
from tests.goldens.samplers import SEED, ideal, levels, points

PAIRS = {
    "euler_cfg_pp": "euler",
    "euler_ancestral_cfg_pp": "euler_ancestral",
    "dpmpp_2s_ancestral_cfg_pp": "dpmpp_2s_ancestral",
    "dpmpp_2m_cfg_pp": "dpmpp_2m",
    "res_multistep_cfg_pp": "res_multistep",
    "res_multistep_ancestral_cfg_pp": "res_multistep_ancestral",
    "gradient_estimation_cfg_pp": "gradient_estimation",
}


@dataclass(frozen=True)
class Guided:
    """A model whose guidance pulls every guess up by an amount."""

    pull: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return ideal(x, sigma) + self.pull

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """With and without the pull."""
        return self(x, sigma), ideal(x, sigma)


def end(name: str, denoise: Guided) -> Tensor:
    """Where a sampler ends."""
    *_, found = sampler(name)(denoise, points(), levels(), StepNoise(SEED))
    return found.x


def test_all_of_them_are_here_and_ask_for_the_guess_without_guidance() -> None:
    assert {name for name, method in SAMPLERS.items() if method.unguided} == set(PAIRS)
    assert isinstance(Guided(0.0), GuidedDenoiser)
    assert not isinstance(ideal, GuidedDenoiser)


@pytest.mark.parametrize("name", PAIRS)
def test_where_guidance_changes_nothing_it_is_the_known_sampler(name: str) -> None:
    assert torch.allclose(end(name, Guided(0.0)), end(PAIRS[name], Guided(0.0)), atol=1e-12)


@pytest.mark.parametrize("name", PAIRS)
def test_guidance_pulls_its_way_but_otherwise_than_the_known_sampler(name: str) -> None:
    """Of what guidance adds to a guess nothing is taken for noise."""

    def pulled(which: str) -> float:
        return float((end(which, Guided(0.1)) - end(which, Guided(0.0))).mean())

    assert pulled(name) > 0
    assert abs(pulled(name) - pulled(PAIRS[name])) > 0.01


@pytest.mark.parametrize("name", PAIRS)
def test_the_last_step_lands_on_the_guided_guess(name: str) -> None:
    sigmas = torch.tensor([3.0, 2.0, 1.0, 0.0], dtype=torch.float64)
    *_, last = sampler(name)(Guided(0.1), points(), sigmas, StepNoise(0))
    assert torch.allclose(last.x, last.guess, atol=1e-12)


def test_eulers_step_goes_to_the_guided_guess_and_keeps_the_noise_of_the_other() -> None:
    x, sigmas = points(), levels()[:2]
    (step,) = sampler("euler_cfg_pp")(Guided(0.1), x, sigmas, StepNoise(0))
    noise = (x - ideal(x, sigmas[0])) / sigmas[0]
    assert torch.allclose(step.x, ideal(x, sigmas[0]) + 0.1 + noise * sigmas[1], atol=1e-12)


def test_a_mask_holds_both_guesses_to_what_is_known() -> None:
    x, sigma = points(), torch.tensor(2.0, dtype=torch.float64)
    known, mask = torch.full_like(x, 9.0), torch.zeros_like(x)
    mask[:5] = 1
    masked = Inpainting(Guided(0.1), known, torch.zeros_like(x), mask)
    for guess, whole in zip(apart(masked, x, sigma), Guided(0.1).apart(x, sigma), strict=True):
        assert torch.allclose(guess[:5], whole[:5])
        assert torch.equal(guess[5:], known[5:])
