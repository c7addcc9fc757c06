"""Steering by a classifier and by a picture, against closed forms where there are any."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ldm.diffusion.denoiser import apart, with_variance
from ldm.diffusion.noise import StepNoise
from ldm.diffusion.samplers import sampler
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.steering.pictures import (
    Blurred,
    Grey,
    Perceptual,
    Seen,
    Shrunk,
    Squared,
    Transform,
    transformed,
)
from ldm.diffusion.steering.steer import Through, TowardsClass, TowardsPicture, steered
from ldm.first_stage.autoencoder import Identity
from ldm.first_stage.features import FeatureNet
from ldm.spec import FirstStageSpec, ScheduleSpec
from ldm.unet.classifier import Classifier
from tests.goldens.samplers import MEAN, STD, ideal
from tests.ldm.tiny import randomise, tiny_model
from tests.ldm.unet.test_classifier import tiny as tiny_classifier

SCHEDULE = Schedule(ScheduleSpec())
SIGMA = torch.tensor(1.5, dtype=torch.float64)
PIXELS = Identity(FirstStageSpec(kind="identity", channel_mult=(1,)))


def drawn(*shape: int, seed: int = 0) -> Tensor:
    """Random numbers."""
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


EACH = 3  # numbers in a cell, which here is a pixel
X, Y = drawn(2, 3, 8, 8), drawn(1, 3, 8, 8, seed=1)


# ---- by a picture


def test_towards_a_picture_of_gaussian_data_the_push_is_the_known_one() -> None:
    """D = a x + b, so that grad_x log p = a (y - D)."""
    push = SIGMA**2 * (STD**2 / (STD**2 + SIGMA**2)) * (Y - ideal(X, SIGMA))
    found = steered(ideal, (TowardsPicture(PIXELS, Y, scale=EACH * 0.3, through="model"),), SCHEDULE)(
        X, SIGMA
    )
    assert torch.allclose(found, ideal(X, SIGMA) + 0.3 * push, atol=1e-12)


def test_through_the_decoder_alone_the_guess_itself_is_pushed() -> None:
    found = steered(ideal, (TowardsPicture(PIXELS, Y, scale=EACH * 0.3),), SCHEDULE)(X, SIGMA)
    assert torch.allclose(found, ideal(X, SIGMA) + 0.3 * (Y - ideal(X, SIGMA)), atol=1e-12)


def test_where_the_scale_says_how_uncertain_the_guess_is_the_steered_guess_is_bayes() -> None:
    """y = z_0 + noise of variance 0.1; z_0 given x has a variance of its own, which the scale must heed."""
    variance = 1 / (1 / STD**2 + 1 / float(SIGMA) ** 2)
    steering = TowardsPicture(PIXELS, Y, scale=EACH / (variance + 0.1), through="model")
    precision = 1 / STD**2 + 1 / SIGMA**2 + 1 / 0.1
    exact = (MEAN / STD**2 + X / SIGMA**2 + Y / 0.1) / precision
    assert torch.allclose(steered(ideal, (steering,), SCHEDULE)(X, SIGMA), exact, atol=1e-12)


@pytest.mark.parametrize("through", ["decoder", "model"])
def test_sampling_that_is_steered_ends_nearer_to_the_picture(through: Through) -> None:
    levels = torch.tensor([5.0, 2.0, 1.0, 0.5, 0.2, 0.05, 0.0], dtype=torch.float64)
    away = []
    for scale in (0.0, 0.5, 1.0):
        denoise = steered(ideal, (TowardsPicture(PIXELS, Y, scale=scale, through=through),), SCHEDULE)
        *_, end = sampler("heun")(denoise, 5.0 * X, levels, StepNoise(0))
        away.append(float((end.x - Y).square().mean()))
    assert away[0] > away[1] > away[2]


def test_the_gradient_goes_through_the_decoder_and_the_transform() -> None:
    first_stage = tiny_model().first_stage.double()
    transforms: tuple[Transform, ...] = (Shrunk(2), Grey())
    guess = drawn(1, 4, 4, 4, seed=3) * 0.3
    wanted = drawn(1, 3, 8, 8, seed=4)
    one = TowardsPicture(first_stage, wanted, transforms, through="model")

    def nearer(x: Tensor, sigma: Tensor) -> Tensor:
        return x  # as where there is hardly any noise

    small = torch.tensor(0.01, dtype=torch.float64)
    pushed = steered(nearer, (one,), SCHEDULE)(guess, small)
    before, after = (
        float(Squared()(transformed(first_stage.decode(x), transforms), wanted)) for x in (guess, pushed)
    )
    assert after < before
    away = 1e-5 * drawn(1, 4, 4, 4, seed=5)
    slope = one.log_likelihood(guess, small, guess + away, SCHEDULE) - one.log_likelihood(
        guess, small, guess - away, SCHEDULE
    )
    assert float(((pushed - guess) / small**2 * 2 * away).sum()) == pytest.approx(float(slope), rel=1e-5)


def test_a_picture_of_another_size_says_what_is_compared() -> None:
    denoise = steered(ideal, (TowardsPicture(PIXELS, Y, (Shrunk(2),)),), SCHEDULE)
    with pytest.raises(ValueError, match=r"guides is 8 x 8 pixels, but what is compared with it is 4 x 4"):
        denoise(X, SIGMA)


# ---- by a classifier


def classifier() -> Classifier:
    """Of latents of 8 x 8 cells, in float64."""
    return tiny_classifier("adaptive").double()


LATENT = drawn(2, 4, 8, 8)


@pytest.mark.parametrize("label", [0, 3])
def test_a_step_that_is_guided_by_a_classifier_raises_the_probability_of_the_class(label: int) -> None:
    one = TowardsClass(classifier(), label, scale=1.0)
    pair = torch.tensor([1.5, 1.2], dtype=torch.float64)

    def probability(scale: float) -> float:
        denoise = steered(ideal, (replace(one, scale=scale),), SCHEDULE)
        (step,) = sampler("euler")(denoise, LATENT, pair, StepNoise(0))
        return float(one.log_likelihood(step.x, pair[1], step.x, SCHEDULE).sum())

    assert probability(-1.0) < probability(0.0) < probability(1.0) < probability(3.0)


def test_in_the_noise_the_push_is_taken_away_where_the_papers_appendix_adds_it() -> None:
    """eps' = eps - sqrt(1 - abar) * grad_z log p(y | z), in the coordinates of the paper."""
    net, abar = classifier(), 1 / (1 + SIGMA**2)
    z = (LATENT * abar.sqrt()).requires_grad_()
    time = SCHEDULE.timestep(SIGMA).expand(2)
    (gradient,) = torch.autograd.grad(net(z, time).log_softmax(1)[:, 2].sum(), z)
    eps = (LATENT - ideal(LATENT, SIGMA)) / SIGMA - (1 - abar).sqrt() * gradient
    found = steered(ideal, (TowardsClass(net, 2),), SCHEDULE)(LATENT, SIGMA)
    assert torch.allclose((LATENT - found) / SIGMA, eps, atol=1e-6)  # logits are compared in float32


def test_only_where_its_gradient_is_asked_for_the_model_remembers_how_it_came_to_its_guess() -> None:
    remembered = []

    def watched(x: Tensor, sigma: Tensor) -> Tensor:
        guess = ideal(x * 1.0, sigma)
        remembered.append(guess.requires_grad)
        return guess

    picture, label = TowardsPicture(PIXELS, Y), TowardsClass(classifier(), 0)
    steered(watched, (label,), SCHEDULE)(LATENT, SIGMA)
    steered(watched, (picture,), SCHEDULE)(X, SIGMA)
    steered(watched, (replace(picture, through="model"),), SCHEDULE)(X, SIGMA)
    assert remembered == [False, False, True]


# ---- when, and with what else


def test_steering_counts_only_on_its_part_of_the_way() -> None:
    late = steered(ideal, (TowardsPicture(PIXELS, Y, start=0.5),), SCHEDULE)
    middle = torch.tensor(SCHEDULE.sigma_at(0.5), dtype=torch.float64)
    assert torch.equal(late(X, middle * 1.01), ideal(X, middle * 1.01))
    assert not torch.equal(late(X, middle * 0.99), ideal(X, middle * 0.99))


def test_several_push_together() -> None:
    one, other = TowardsPicture(PIXELS, Y, scale=0.1), TowardsPicture(PIXELS, -Y, scale=0.2)
    plain = ideal(X, SIGMA)
    pushes = [steered(ideal, (single,), SCHEDULE)(X, SIGMA) - plain for single in (one, other)]
    both = steered(ideal, (one, other), SCHEDULE)(X, SIGMA)
    assert torch.allclose(both, plain + pushes[0] + pushes[1], atol=1e-12)


def test_without_steering_the_model_is_as_it_was() -> None:
    assert steered(ideal, (), SCHEDULE) is ideal


class Wise:
    """The ideal denoiser, with a guess without guidance and a variance."""

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return ideal(x, sigma)

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Without guidance it guesses nothing."""
        return ideal(x, sigma), torch.zeros_like(x)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """Everywhere the same."""
        return ideal(x, sigma), torch.full_like(x, 0.25)


def test_what_else_a_denoiser_says_stays_as_it_is() -> None:
    denoise = steered(Wise(), (TowardsPicture(PIXELS, Y),), SCHEDULE)
    guess, unguided = apart(denoise, X, SIGMA)
    assert torch.equal(guess, denoise(X, SIGMA))
    assert torch.equal(unguided, torch.zeros_like(X))
    assert torch.equal(with_variance(denoise, X, SIGMA)[1], torch.full_like(X, 0.25))


# ---- transforms and distances


EACH_TRANSFORM = [Shrunk(2), Shrunk(4, "bilinear"), Blurred(0.8), Grey(), Seen(torch.rand(1, 4, 4))]


@pytest.mark.parametrize("transform", EACH_TRANSFORM)
def test_every_transform_has_the_gradient_of_what_it_does(transform: Transform) -> None:
    picture = drawn(1, 3, 8, 8).requires_grad_()
    assert torch.autograd.gradcheck(transform, (picture,))


@pytest.mark.parametrize("transform", [Shrunk(2), Blurred(1.5), Grey(), Seen(torch.ones(1, 4, 4))])
def test_a_plain_grey_picture_stays_what_it_is(transform: Transform) -> None:
    seen = transform(torch.full((1, 3, 12, 12), 0.4))
    assert torch.allclose(seen, torch.full_like(seen, 0.4), atol=1e-6)


def test_a_blur_spreads_a_dot_as_far_as_it_says() -> None:
    dot = torch.zeros(1, 3, 41, 41)
    dot[..., 20, 20] = 1.0
    seen = Blurred(3.0)(dot)[0, 0]
    away = (torch.arange(41.0) - 20).square()
    assert float(seen.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float((seen.sum(0) * away).sum()) ** 0.5 == pytest.approx(3.0, abs=0.1)


def test_what_a_mask_hides_does_not_count() -> None:
    mask = torch.zeros(1, 8, 8)
    mask[..., :4] = 1
    other = X.clone()
    other[..., 4:] = 9.0
    assert torch.equal(Seen(mask)(X), Seen(mask)(other))


def test_pictures_that_look_alike_are_near_to_a_feature_net() -> None:
    net = FeatureNet()
    randomise(net)
    net.double()
    distance = Perceptual(net)
    pictures = drawn(2, 3, 32, 32)
    assert torch.equal(distance(pictures, pictures), torch.zeros(2, dtype=torch.float64))
    near, far = (distance(pictures, pictures + amount * drawn(2, 3, 32, 32, seed=2)) for amount in (0.1, 1.0))
    assert bool((near < far).all())
    assert bool((near > 0).all())
