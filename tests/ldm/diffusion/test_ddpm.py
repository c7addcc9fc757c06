"""DDPM's variances: small, large and learned."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ldm.diffusion.noise import StepNoise
from ldm.diffusion.samplers import sampler
from tests.goldens.samplers import SEED, ideal, levels, points


def last(name: str, x: Tensor, sigmas: Tensor, **settings: float | str) -> Tensor:
    """Where a sampler ends."""
    *_, end = sampler(name, settings)(ideal, x, sigmas, StepNoise(SEED))
    return end.x


def test_ddpm_with_the_small_variance_is_ddim_with_all_its_noise() -> None:
    x, sigmas = points(), levels()
    assert torch.allclose(last("ddpm", x, sigmas), last("ddim", x, sigmas, eta=1.0), atol=1e-12)


@dataclass(frozen=True)
class Learned:
    """The ideal denoiser, with a variance at one place."""

    place: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return ideal(x, sigma)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Everywhere the same."""
        return ideal(x, sigma), torch.full_like(x, self.place)


def test_the_variance_of_ddpm_is_small_large_or_between_them_where_the_model_says() -> None:
    x, sigmas = points(), torch.tensor([3.0, 2.0], dtype=torch.float64)

    def variance(kind: str, place: float = 0.0) -> float:
        (step,) = sampler("ddpm", {"variance": kind})(Learned(place), x, sigmas, StepNoise(SEED))
        mean = ideal(x, sigmas[0]) + (x - ideal(x, sigmas[0])) * (2 / 3) ** 2
        spread = (
            (step.x - mean) / StepNoise(SEED)(0, x) / math.sqrt(1 + 2.0**2)
        )  # as z, which is x * sqrt(abar)
        assert torch.allclose(spread, spread[0], atol=1e-9)
        return float(spread[0]) ** 2

    abar, next_abar = 1 / (1 + 3.0**2), 1 / (1 + 2.0**2)
    beta = 1 - abar / next_abar
    small = beta * (1 - next_abar) / (1 - abar)
    assert variance("small") == pytest.approx(small)
    assert variance("large") == pytest.approx(beta)
    assert variance("learned", 0.0) == pytest.approx(small)
    assert variance("learned", 1.0) == pytest.approx(beta)
    assert variance("learned", 0.5) == pytest.approx(math.sqrt(small * beta))


def test_a_model_without_a_learned_variance_says_so() -> None:
    with pytest.raises(ValueError, match="learned no variance"):
        last("ddpm", points(), levels(), variance="learned")
