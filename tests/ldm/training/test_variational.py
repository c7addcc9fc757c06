"""L_hybrid against what is known of normal distributions."""

import math

import pytest
import torch
from torch import Tensor

from ldm.diffusion.schedule import Schedule
from ldm.spec import Parameterization, ScheduleSpec
from ldm.training.objectives import asked_for, at, diffusion_loss, noised
from ldm.training.variational import hybrid_loss, posterior, variational_bound

ABAR = Schedule(ScheduleSpec()).alphas_cumprod
TIMES = torch.tensor([1, 17, 500, 999])


def given(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    latents, noise = (torch.randn(4, 2, 3, 3, generator=generator, dtype=torch.float64) for _ in range(2))
    return latents, noise


def bound(place: float, times: Tensor = TIMES, off: float = 0.0) -> Tensor:
    latents, noise = given()
    noisy = noised(latents, noise, at(ABAR, times, latents))
    return variational_bound(latents, noisy, latents + off, torch.full_like(latents, place), times, ABAR)


def test_the_posterior_is_that_of_bayes_rule() -> None:
    """q(z_t-1 | z_t, z_0) is the product of two normal distributions: q(z_t | z_t-1) and q(z_t-1 | z_0)."""
    of_clean, of_noisy, log_variance, log_beta = posterior(ABAR)
    t = 300
    beta, before = float(log_beta[t].exp()), float(ABAR[t - 1])
    precision = (1 - beta) / beta + 1 / (1 - before)
    assert float(log_variance[t].exp()) == pytest.approx(1 / precision, rel=1e-10)
    assert float(of_noisy[t]) == pytest.approx(math.sqrt(1 - beta) / beta / precision, rel=1e-10)
    assert float(of_clean[t]) == pytest.approx(math.sqrt(before) / (1 - before) / precision, rel=1e-10)


def test_a_model_that_knows_picture_and_variance_loses_nothing() -> None:
    assert float(bound(0.0).abs().max()) < 1e-12


def test_too_large_a_variance_costs_what_the_textbook_says() -> None:
    _, _, smallest, largest = posterior(ABAR)
    ratio = (largest - smallest)[TIMES]
    expected = 0.5 * (ratio + (-ratio).exp() - 1) / math.log(2)
    assert torch.allclose(bound(1.0), expected, atol=1e-12)


def test_a_wrong_picture_costs_its_distance_in_standard_deviations() -> None:
    of_clean, _, smallest, _ = posterior(ABAR)
    expected = 0.5 * (of_clean[TIMES] * 0.3).square() / smallest[TIMES].exp() / math.log(2)
    assert torch.allclose(bound(0.0, off=0.3), expected, rtol=1e-9)


def test_the_first_step_is_a_likelihood() -> None:
    first = torch.zeros(4, dtype=torch.long)
    _, _, smallest, _ = posterior(ABAR)
    expected = 0.5 * (math.log(2 * math.pi) + float(smallest[0])) / math.log(2)
    found = bound(0.0, first)
    assert torch.allclose(found, torch.full_like(found, expected))
    assert float(bound(0.0, first, off=0.1).min()) > expected


@pytest.mark.parametrize("parameterization", ["eps", "v", "x0"])
def test_a_hybrid_model_that_knows_everything_loses_nothing(parameterization: Parameterization) -> None:
    latents, noise = given()

    def knows(noisy: Tensor, t: Tensor) -> Tensor:
        answer = asked_for(parameterization, latents, noise, at(ABAR, t, latents))
        return torch.cat([answer, torch.full_like(answer, -1.0)], dim=1)

    assert float(hybrid_loss(knows, latents, noise, TIMES, ABAR, parameterization)) < 1e-10


def test_the_bound_teaches_the_variance_alone() -> None:
    latents, noise = given()
    guess = torch.zeros_like(latents, requires_grad=True)
    place = torch.zeros_like(latents, requires_grad=True)
    loss = hybrid_loss(lambda z, t: torch.cat([guess, place], dim=1), latents, noise, TIMES, ABAR)
    simple = diffusion_loss(lambda z, t: guess, latents, noise, TIMES, ABAR)
    (of_guess,) = torch.autograd.grad(simple, guess)
    of_both = torch.autograd.grad(loss, [guess, place])
    assert torch.allclose(of_both[0], of_guess, rtol=1e-12)
    assert float(of_both[1].abs().min()) > 0


def test_learning_finds_the_variance_of_the_guess() -> None:
    """A guess that is off by a standard deviation everywhere wants a larger variance than one that is right."""
    latents, noise = given()
    times = torch.full((4,), 200)
    noisy = noised(latents, noise, at(ABAR, times, latents))
    of_clean, _, smallest, largest = posterior(ABAR)
    share = 0.7
    wanted = (share * largest + (1 - share) * smallest)[200].exp()
    # The best variance of a normal distribution is the true one and the square of what the mean is off by.
    off = float(((wanted - smallest[200].exp()).sqrt()) / of_clean[200])
    place = torch.full_like(latents, share, requires_grad=True)
    loss = variational_bound(latents, noisy, latents + off, place, times, ABAR).sum()
    (slope,) = torch.autograd.grad(loss, place)
    assert float(slope.abs().max()) < 1e-10
