"""The training objectives against values worked out by hand."""

import math

import pytest
import torch
from torch import Tensor, nn

from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec
from ldm.training.ema import MovingAverage
from ldm.training.objectives import (
    adversarial_weight,
    codebook_loss,
    diffusion_loss,
    discriminator_loss,
    generator_loss,
    kl_divergence,
    reconstruction_nll,
)

ABAR = Schedule(ScheduleSpec()).alphas_cumprod


def test_a_model_that_guesses_the_noise_has_no_loss() -> None:
    generator = torch.Generator().manual_seed(0)
    latents, noise = (torch.randn(4, 2, 8, 8, generator=generator, dtype=torch.float64) for _ in range(2))
    times = torch.tensor([0, 17, 500, 999])
    abar = ABAR[times][:, None, None, None]

    def knows(noisy: Tensor, t: Tensor) -> Tensor:
        assert torch.equal(t, times)
        return (noisy - abar.sqrt() * latents) / (1 - abar).sqrt()

    assert float(diffusion_loss(knows, latents, noise, times, ABAR)) < 1e-20


def test_a_v_model_is_asked_for_the_angle_between_noise_and_data() -> None:
    latents, noise = torch.full((1, 2, 4, 4), 3.0), torch.full((1, 2, 4, 4), -2.0)
    time = torch.tensor([400])
    abar = float(ABAR[400])
    v = math.sqrt(abar) * -2.0 - math.sqrt(1 - abar) * 3.0
    loss = diffusion_loss(lambda z, t: torch.full_like(z, v), latents, noise, time, ABAR, "v")
    assert float(loss) == pytest.approx(0.0, abs=1e-10)


def test_an_x0_model_is_asked_for_the_latent() -> None:
    latents, noise = torch.full((1, 2, 4, 4), 3.0), torch.full((1, 2, 4, 4), -2.0)
    loss = diffusion_loss(
        lambda z, t: torch.full_like(z, 3.5), latents, noise, torch.tensor([400]), ABAR, "x0"
    )
    assert float(loss) == pytest.approx(0.25)


def test_a_model_that_guesses_nothing_loses_the_variance_of_the_noise() -> None:
    noise = torch.full((2, 3, 4, 4), 2.0)
    loss = diffusion_loss(
        lambda z, t: torch.zeros_like(z), torch.zeros_like(noise), noise, torch.tensor([3, 9]), ABAR
    )
    assert float(loss) == pytest.approx(4.0)


@pytest.mark.parametrize(("legacy", "of_latents", "of_codes"), [(False, 0.25, 1.0), (True, 1.0, 0.25)])
def test_latents_and_codes_are_drawn_to_each_other(legacy: bool, of_latents: float, of_codes: float) -> None:
    encoded = torch.full((1, 2, 4, 4), 3.0, requires_grad=True)
    codes = torch.full((1, 2, 4, 4), 1.0, requires_grad=True)
    loss = codebook_loss(encoded, codes, legacy=legacy)
    assert float(loss.detach()) == pytest.approx(1.25 * 4.0)
    pulls = [float(slope.sum()) for slope in torch.autograd.grad(loss, [encoded, codes])]
    assert pulls == pytest.approx([of_latents * 2 * 2.0, -of_codes * 2 * 2.0])


def test_a_standard_normal_posterior_has_no_divergence() -> None:
    assert float(kl_divergence(torch.zeros(2, 8, 4, 4))) == 0.0


def test_the_divergence_of_a_shifted_narrow_posterior_is_the_textbooks() -> None:
    mean, log_variance = 0.7, -1.2
    moments = torch.cat([torch.full((2, 4, 3, 3), mean), torch.full((2, 4, 3, 3), log_variance)], dim=1)
    each = 0.5 * (mean**2 + math.exp(log_variance) - 1 - log_variance)
    assert float(kl_divergence(moments)) == pytest.approx(36 * each, rel=1e-6)


def test_the_best_output_variance_is_the_mean_error() -> None:
    error = torch.full((2, 3, 4, 4), 0.25)
    log_variance = torch.tensor(math.log(0.25), requires_grad=True)
    (slope,) = torch.autograd.grad(reconstruction_nll(error, log_variance), log_variance)
    assert float(slope) == pytest.approx(0.0, abs=1e-4)


def test_the_adversarial_weight_balances_gradients() -> None:
    layer = torch.ones(5, requires_grad=True)
    weight = adversarial_weight((3.0 * layer).sum(), (0.5 * layer).sum(), layer)
    assert float(weight) == pytest.approx(6.0, rel=1e-3)
    assert not weight.requires_grad


def test_the_hinge_stops_caring_once_it_is_sure() -> None:
    sure, unsure = torch.full((4,), 3.0), torch.zeros(4)
    assert float(discriminator_loss(sure, -sure)) == 0.0
    assert float(discriminator_loss(unsure, unsure)) == 1.0
    assert float(generator_loss(sure)) == -3.0


def test_an_average_follows_quickly_at_first_and_slowly_later() -> None:
    module = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(module.weight)
    average = MovingAverage(module, decay=0.9)
    nn.init.ones_(module.weight)
    expected = 0.0
    for n in range(1, 200):
        average.update(module)
        decay = min(0.9, (1 + n) / (10 + n))
        expected = decay * expected + (1 - decay)
        assert float(average.shadow["weight"]) == pytest.approx(expected, rel=1e-5)
    average.copy_to(module)
    assert float(module.weight.detach()) == pytest.approx(expected, rel=1e-5)
