"""What a model's changes make of guidance and of masks."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ldm.diffusion.changes import (
    GuidedBetween,
    ModelChange,
    PerpendicularTo,
    PerturbedAttention,
    RescaledGuidance,
    SelfAttentionGuidance,
    of_unet,
)
from ldm.diffusion.condition import Condition
from ldm.diffusion.denoiser import Denoiser, Given, Model, Network, apart
from ldm.diffusion.guidance import ClassifierFree, Guidance, PerpendicularNegative, Plain, guided
from ldm.diffusion.inpaint import Inpainting, Opening
from ldm.diffusion.own_attention import Inside, Watch, blurred, blurred_where_seen
from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec
from ldm.unet.changes import FreeU

SCHEDULE = Schedule(ScheduleSpec())
X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
SIGMA = torch.tensor(2.0)
CALLS: list[int] = []


def answer(z: Tensor, given: Given) -> Tensor:
    """A toy model whose answer is linear in its context, with some cells of its own."""
    return (z + 0.1).square() * given.context.mean(dim=(1, 2))[:, None, None, None]


def predict(z: Tensor, times: Tensor, given: Given) -> Tensor:
    """The toy model; counts for how many latents it is asked."""
    CALLS.append(len(z))
    return answer(z, given)


def unseeing(z: Tensor, times: Tensor, given: Given) -> Tensor:
    """The same without looking around: half of what it says."""
    return answer(z, given) / 2


def watched(watch: Watch) -> Network:
    """The same, of 4 x 4 places of which all look at the first two rows."""

    def network(z: Tensor, times: Tensor, given: Given) -> Tensor:
        shares = torch.zeros(len(z), 2, 16, 16)
        shares[..., :8] = 1 / 8
        watch(shares)
        return predict(z, times, given)

    return network


MODEL = Model(predict, SCHEDULE)
INSIDE = Inside(unseeing, watched)


def told(value: float) -> tuple[Condition, ...]:
    """A condition that the toy model reads as `value`."""
    return (Condition(torch.full((1, 3, 5), value)),)


GUIDANCE = ClassifierFree(told(0.6), told(0.1), 5.0)


def denoiser(*changes: ModelChange, guidance: Guidance = GUIDANCE, unguided_too: bool = False) -> Denoiser:
    """The toy model under guidance and changes."""
    return guided(MODEL, guidance, (8, 8), 8, unguided_too=unguided_too, changes=changes, inside=INSIDE)


def guess(*changes: ModelChange, guidance: Guidance = GUIDANCE, sigma: Tensor = SIGMA) -> Tensor:
    """What it guesses."""
    CALLS.clear()
    return denoiser(*changes, guidance=guidance)(X, sigma)


POSITIVE, NEGATIVE = guess(guidance=Plain(told(0.6))), guess(guidance=Plain(told(0.1)))


def as_v(clean: Tensor) -> Tensor:
    """The v that stands for a guess of the clean latent."""
    return (X / (1 + SIGMA**2) - clean) * (1 + SIGMA**2).sqrt() / SIGMA


def test_wholly_rescaled_guidance_is_spread_as_the_positive_guess_is() -> None:
    spread = as_v(guess(RescaledGuidance(1.0))).std(dim=(1, 2, 3))
    assert torch.allclose(spread, as_v(POSITIVE).std(dim=(1, 2, 3)), rtol=1e-4)
    assert not torch.allclose(as_v(guess()).std(dim=(1, 2, 3)), as_v(POSITIVE).std(dim=(1, 2, 3)), rtol=0.1)


def test_guidance_rescaled_by_nothing_is_as_before() -> None:
    assert torch.allclose(guess(RescaledGuidance(0.0)), guess(), atol=1e-5)


def test_guidance_is_rescaled_before_anything_else_leads_away() -> None:
    one, other = RescaledGuidance(0.7), PerturbedAttention(3.0)
    assert torch.equal(guess(one, other), guess(other, one))


def test_outside_of_its_levels_there_is_no_guidance_and_the_negative_is_not_computed() -> None:
    within, above = GuidedBetween(3.0, 1.0), GuidedBetween(math.inf, 2.5)
    assert torch.equal(guess(within), guess())
    assert CALLS == [4]
    assert torch.allclose(guess(above), POSITIVE, atol=1e-6)
    assert CALLS == [2]


def test_a_sampler_that_looks_at_the_negative_has_it_at_every_level() -> None:
    both, without = apart(denoiser(GuidedBetween(math.inf, 2.5), unguided_too=True), X, SIGMA)
    assert torch.allclose(both, POSITIVE, atol=1e-6)
    assert torch.allclose(without, NEGATIVE, atol=1e-6)


def test_a_perpendicular_negative_may_be_the_models_own() -> None:
    ours = guess(PerpendicularTo(told(0.0), 0.7), guidance=ClassifierFree(told(0.6), told(-0.2), 5.0))
    asked = guess(guidance=PerpendicularNegative(told(0.6), told(-0.2), told(0.0), 5.0, 0.7))
    assert torch.equal(ours, asked)
    assert not torch.allclose(ours, guess(), atol=1e-3)


def test_perturbed_attention_leads_away_from_the_guess_that_does_not_look_around() -> None:
    z = X / (1 + SIGMA**2).sqrt()
    worse = X - SIGMA * unseeing(z, SIGMA, Given(told(0.6)[0].context.expand(2, -1, -1)))
    expected = guess() + 3.0 * (POSITIVE - worse)
    assert torch.allclose(guess(PerturbedAttention(3.0)), expected, atol=1e-4)
    alone = guess(PerturbedAttention(3.0), guidance=Plain(told(0.6)))
    assert torch.allclose(alone, POSITIVE + 3.0 * (POSITIVE - worse), atol=1e-4)


def test_self_attention_guidance_leads_away_from_a_blur_of_what_is_looked_at() -> None:
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4, :] = 1
    dim = torch.lerp(NEGATIVE, blurred(NEGATIVE, 2.0), mask)
    noisy = dim + X - NEGATIVE
    z = noisy / (1 + SIGMA**2).sqrt()
    worse = noisy - SIGMA * answer(z, Given(told(0.1)[0].context.expand(2, -1, -1)))
    found = guess(SelfAttentionGuidance(0.5, 2.0))
    assert torch.allclose(found, guess() + 0.5 * (dim - worse), atol=1e-4)


def test_at_scale_one_the_negative_is_computed_for_self_attention_guidance() -> None:
    found = guess(SelfAttentionGuidance(0.5, 2.0), guidance=replace(GUIDANCE, scale=1.0))
    assert not torch.allclose(found, POSITIVE, atol=1e-3)
    assert CALLS == [2, 2, 2]


def test_what_nobody_looks_at_more_than_usual_stays_sharp() -> None:
    even = torch.full((2, 1, 16, 16), 1 / 16)
    assert torch.equal(blurred_where_seen(X, even, 2.0), X)


@pytest.mark.parametrize(("height", "width", "cells"), [(8, 8, 16), (8, 12, 24), (9, 14, 35), (16, 8, 8)])
def test_a_map_of_any_proportions_is_laid_over_the_latent(height: int, width: int, cells: int) -> None:
    x = torch.randn(1, 4, height, width)
    seen = torch.zeros(1, 1, cells, cells)
    seen[..., 0] = 1.0
    found = blurred_where_seen(x, seen, 1.0)
    assert not torch.equal(found[..., 0, 0], x[..., 0, 0])
    assert torch.equal(found[..., -1, -1], x[..., -1, -1])


def test_a_blur_keeps_what_is_even_and_its_mean() -> None:
    assert torch.allclose(blurred(torch.ones(1, 2, 8, 8), 2.0), torch.ones(1, 2, 8, 8))
    point = torch.zeros(1, 1, 19, 19)
    point[..., 9, 9] = 1
    found = blurred(point, 1.5)[0, 0]
    assert float(found.sum()) == pytest.approx(1.0, abs=1e-5)
    assert float(found[9, 10] / found[9, 9]) == pytest.approx(math.exp(-0.5 / 1.5**2), abs=1e-5)


def test_changes_of_the_unet_are_told_from_the_others() -> None:
    assert of_unet((RescaledGuidance(0.7), FreeU((1, 1), (1, 1)))) == (FreeU((1, 1), (1, 1)),)


# ---- a mask that opens bit by bit

OPENING = Opening(SCHEDULE, SCHEDULE.sigma_max, 0.0)
GREY = torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0])


def open_at(time: int, opening: Opening = OPENING) -> list[float]:
    """How far greys are open at a timestep."""
    found: list[float] = opening.at(GREY, SCHEDULE.sigmas[time]).tolist()
    return found


def test_the_lighter_a_grey_is_the_sooner_it_opens() -> None:
    assert open_at(999) == [0, 0, 0, 0, 1]
    assert open_at(740) == [0, 0, 0, 1, 1]
    assert open_at(490) == [0, 0, 1, 1, 1]
    assert open_at(0) == [1, 1, 1, 1, 1]


def test_the_time_is_counted_from_where_the_run_begins() -> None:
    later = Opening(SCHEDULE, float(SCHEDULE.sigmas[499]), 0.0)
    assert open_at(499, later) == [0, 0, 0, 0, 1]
    assert open_at(245, later) == [0, 0, 1, 1, 1]


def test_an_opening_mask_may_count_by_half_or_not_at_all() -> None:
    assert open_at(490, replace(OPENING, share=0.5)) == [0, 0.125, 0.75, 0.875, 1]
    assert open_at(490, replace(OPENING, share=0.0)) == GREY.tolist()


def test_what_is_not_open_yet_is_the_known_latent() -> None:
    latent, mask = torch.full((1, 1, 1, 5), 7.0), GREY.reshape(1, 1, 1, 5)
    denoise = Inpainting(
        lambda x, sigma: torch.zeros_like(x), latent, torch.zeros_like(latent), mask, OPENING
    )
    assert denoise(torch.zeros_like(latent), SCHEDULE.sigmas[490]).flatten().tolist() == [7, 7, 0, 0, 0]
