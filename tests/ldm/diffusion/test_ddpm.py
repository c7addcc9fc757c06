"""DDPM's variances: small, large and learned."""

import math
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from ldm.diffusion.noise import StepNoise
from ldm.diffusion.samplers import sampler
from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec
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


def test_over_all_timesteps_it_is_the_papers_loop() -> None:
    """z_{t-1} = coefficients of z_0 and z_t, plus noise (Ho et al. 2020, eq. 7 and alg. 2)."""
    schedule = Schedule(ScheduleSpec(kind="linear", first=1e-3, last=0.2, steps=40))
    abars = schedule.alphas_cumprod
    sigmas = torch.cat([((1 - abars) / abars).sqrt().flip(0), torch.zeros(1, dtype=torch.float64)])
    x, noise = points(), StepNoise(SEED)
    z = x * abars[-1].sqrt()
    for step, t in enumerate(reversed(range(40))):
        abar, before = abars[t], abars[t - 1] if t else torch.tensor(1.0, dtype=torch.float64)
        beta = 1 - abar / before
        clean = ideal(z / abar.sqrt(), ((1 - abar) / abar).sqrt())
        mean = before.sqrt() * beta / (1 - abar) * clean
        mean = mean + (1 - beta).sqrt() * (1 - before) / (1 - abar) * z
        spread = (beta * (1 - before) / (1 - abar)).sqrt()
        z = mean + (0.7 * spread * noise(step, z) if t else 0.0)
    assert torch.allclose(last("ddpm", x, sigmas, s_noise=0.7), z, atol=1e-10)


@pytest.mark.parametrize(("name", "settings"), [("ddpm", {}), ("ddim", {"eta": 1.0})])
def test_at_temperature_zero_no_noise_comes_in_and_dropout_leaves_out_a_share_of_it(
    name: str, settings: dict[str, float]
) -> None:
    x, pair = torch.zeros(1, 1, 200, 200, dtype=torch.float64), torch.tensor([3.0, 2.0], dtype=torch.float64)

    def added(**more: float) -> Tensor:
        (plain,) = sampler(name, {**settings, "s_noise": 0.0})(ideal, x, pair, StepNoise(SEED))
        (noisy,) = sampler(name, {**settings, **more})(ideal, x, pair, StepNoise(SEED))
        return noisy.x - plain.x

    assert not added(s_noise=0.0).any()
    whole, thin = added(), added(noise_dropout=0.25)
    assert float((thin == 0).double().mean()) == pytest.approx(0.25, abs=0.01)
    assert float(thin.mean()) == pytest.approx(0.0, abs=0.02)
    kept = thin[thin != 0]
    assert float(kept.std() / whole.std()) == pytest.approx(1 / 0.75, rel=0.02)
    assert torch.equal(thin, added(noise_dropout=0.25))
