"""That every sampler has been looked at, and what the few do that solve no equation."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Tensor

from ldm.diffusion.multi_step import IPNDM, ipndm_v_shares
from ldm.diffusion.noise import StepNoise, noise_per_sample
from ldm.diffusion.samplers import SAMPLERS, sampler
from tests.goldens.samplers import MEAN, SEED, STD, TOP, ideal, points
from tests.ldm.diffusion.test_samplers import NOISY, ORDERS, SAME, exact, last, levels

AT_SMALL_STEPS: list[tuple[str, dict[str, float | str], int]] = [
    ("ipndm_v", {}, 3),
    ("res_multistep_ancestral_cfg_pp", {"eta": 0.0}, 2),
]


def test_of_every_sampler_it_is_known_how_near_it_comes() -> None:
    """By its order, by being another one, or by the distribution that it reaches."""
    by_order = {name for name, _, _ in (*ORDERS, *AT_SMALL_STEPS)} | {"dpm_fast", "dpm_adaptive"}
    by_another = {name for name, _, other, _ in SAME if other in by_order}
    by_another |= {gpu for gpu, cpu in TWINS if cpu in by_order}
    by_chance = {name for name, _ in NOISY}
    assert set(SAMPLERS) - by_order - by_another - by_chance == {
        "lcm"
    }  # whose end is known in closed form, below


TWINS = [(name, name.removesuffix("_gpu")) for name in SAMPLERS if name.endswith("_gpu")]


@pytest.mark.parametrize(("gpu", "cpu"), TWINS)
def test_where_noise_is_drawn_is_no_other_sampler(gpu: str, cpu: str) -> None:
    assert torch.equal(last(gpu, points(), levels(12)), last(cpu, points(), levels(12)))


@pytest.mark.parametrize(("name", "settings", "order"), AT_SMALL_STEPS)
def test_at_small_steps_a_sampler_shows_its_order(
    name: str, settings: dict[str, float | str], order: int
) -> None:
    x = points()
    coarse, fine = (
        float((last(name, x, levels(n), **settings) - exact(x, TOP, 0.01)).abs().max()) for n in (320, 640)
    )
    assert math.log2(coarse / fine) == pytest.approx(order, abs=0.1)


@pytest.mark.parametrize("remembered", [1, 2])
def test_on_even_levels_ipndm_v_weighs_as_ipndm_does_as_long_as_it_remembers_little(remembered: int) -> None:
    even = [7.0 + step for step in range(remembered + 2)]
    assert ipndm_v_shares(even) == pytest.approx(IPNDM[remembered], abs=1e-12)


def test_consistency_sampling_of_gaussian_data_ends_where_its_last_guess_says() -> None:
    """Each step draws anew around the guess: x' = D(x) + sigma' eps, so the last spread is known in closed form."""
    noisy = MEAN + math.hypot(STD, TOP) * torch.randn(
        20_000, 1, 1, 1, generator=torch.Generator().manual_seed(1)
    )
    sigmas = torch.tensor([TOP, 2.0, 0.5, 0.0], dtype=torch.float64)
    spread = math.hypot(STD, TOP)
    for sigma, next_sigma in pairwise(sigmas.tolist()):
        spread = math.hypot(spread * STD**2 / (STD**2 + sigma**2), next_sigma)
    end = last("lcm", noisy.double(), sigmas)
    assert float(end.mean()) == pytest.approx(MEAN, abs=0.01)
    assert float(end.std()) == pytest.approx(spread, rel=0.02)


class Everywhere(StepNoise):
    """The same noise for each latent of a batch."""

    def __call__(self, step: int, like: Tensor, draw: int = 0, draws: int = 1) -> Tensor:
        return super().__call__(step, like[:1], draw, draws).expand_as(like)

    def between(self, sigma: Tensor, next_sigma: Tensor, span: tuple[float, float], like: Tensor) -> Tensor:
        """The same between two levels."""
        return super().between(sigma, next_sigma, span, like[:1]).expand_as(like)


# dpm_adaptive makes its steps as small as the worst latent of a batch needs.
@pytest.mark.parametrize("name", [name for name in SAMPLERS if name != "dpm_adaptive"])
def test_a_latent_ends_the_same_wherever_in_a_batch_it_stands(name: str) -> None:
    """With noise that it has wherever it stands, which the noise of later steps is drawn for too."""
    x = MEAN + TOP * noise_per_sample((3, 2, 4, 4), 5).double()
    method = sampler(name)
    (*_, together) = method(ideal, x, levels(8), Everywhere(SEED))
    for place in range(3):
        (*_, alone) = method(ideal, x[place : place + 1], levels(8), Everywhere(SEED))
        assert torch.allclose(together.x[place], alone.x[0], atol=1e-12)
