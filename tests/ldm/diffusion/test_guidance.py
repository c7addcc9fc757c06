"""Guidance, and conditions that count in some places, at some times, to some degree."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ldm.diffusion.condition import Area, Box, Condition, placed, with_counterparts
from ldm.diffusion.denoiser import Given, Model, apart, with_variance
from ldm.diffusion.guidance import (
    ClassifierFree,
    Guidance,
    PerpendicularNegative,
    Plain,
    TwoConditions,
    guided,
)
from ldm.diffusion.noise import StepNoise, noise_from_seed, noise_per_sample
from ldm.diffusion.schedule import Schedule
from ldm.spec import ScheduleSpec

X = noise_from_seed((2, 4, 8, 8), 0)
SIGMA = torch.tensor(2.0)
SCHEDULE = Schedule(ScheduleSpec())


def predict(z: Tensor, times: Tensor, given: Given) -> Tensor:
    """A toy model whose answer is linear in its context."""
    return z * given.context.mean(dim=(1, 2))[:, None, None, None]


MODEL = Model(predict, SCHEDULE)


def told(value: float, tokens: int = 3) -> Condition:
    """A condition that the toy model reads as `value`."""
    return Condition(torch.full((1, tokens, 5), value))


def guess(guidance: Guidance, x: Tensor = X, sigma: Tensor = SIGMA) -> Tensor:
    """What the toy model guesses under guidance; a cell spans 8 pixels."""
    height, width = x.shape[-2:]
    return guided(MODEL, guidance, (height, width), 8)(x, sigma)


def plain(*conditions: Condition) -> Tensor:
    """The guess under these, without guidance."""
    return guess(Plain(conditions))


def test_at_scale_one_the_negative_has_no_effect() -> None:
    with_it = guess(ClassifierFree((told(0.5),), (told(0.1),), 1.0))
    without = guess(ClassifierFree((told(0.5),), (told(-9.0),), 1.0))
    assert torch.equal(with_it, without)


@pytest.mark.parametrize("scale", [0.0, 1.5, 7.5])
def test_guidance_moves_from_the_negative_through_the_positive(scale: float) -> None:
    positive, negative = plain(told(0.5)), plain(told(0.1))
    both = guess(ClassifierFree((told(0.5),), (told(0.1),), scale))
    assert torch.allclose(both, negative + scale * (positive - negative), atol=1e-5)


def test_contexts_of_other_lengths_are_compared_as_well() -> None:
    same = guess(ClassifierFree((told(0.5),), (told(0.1),), 3.0))
    longer = guess(ClassifierFree((told(0.5, tokens=6),), (told(0.1),), 3.0))
    assert torch.allclose(same, longer, atol=1e-6)


def test_a_batch_may_be_told_a_different_thing_for_each_sample() -> None:
    contexts = Condition(torch.cat([told(0.5).context, told(0.2).context]))
    together = guess(ClassifierFree((contexts,), (told(0.1),), 3.0))
    second = guess(ClassifierFree((told(0.2),), (told(0.1),), 3.0), X[1:])
    assert torch.allclose(together[1:], second, atol=1e-6)


def test_two_conditions_pull_apart_or_together() -> None:
    first, second, without = plain(told(0.6)), plain(told(0.4)), plain(told(0.1))
    regular = guess(TwoConditions((told(0.6),), (told(0.4),), (told(0.1),), 2.0, 5.0))
    assert torch.allclose(regular, without + 5 * (second - without) + 2 * (first - second), atol=1e-5)
    nested = guess(TwoConditions((told(0.6),), (told(0.4),), (told(0.1),), 2.0, 5.0, "nested"))
    both = second + 2 * (first - second)
    assert torch.allclose(nested, without + 5 * (both - without), atol=1e-5)


def test_a_negative_along_the_positive_takes_nothing_away() -> None:
    empty = plain(told(0.0))
    # In the toy model all conditions move the guess along the same line, so nothing of the negative is perpendicular.
    with_it = guess(PerpendicularNegative((told(0.6),), (told(0.3),), (told(0.0),), 4.0))
    assert torch.allclose(with_it, empty + 4 * (plain(told(0.6)) - empty), atol=1e-4)


def test_a_positive_that_says_nothing_of_its_own_leaves_the_whole_negative() -> None:
    empty, negative = plain(told(0.1)), plain(told(0.3))
    found = guess(PerpendicularNegative((told(0.1),), (told(0.3),), (told(0.1),), 4.0))
    assert torch.allclose(found, empty - 4 * (negative - empty), atol=1e-4)


def test_the_perpendicular_part_is_each_latents_own() -> None:
    def bent(z: Tensor, times: Tensor, given: Given) -> Tensor:
        return (z * given.context.mean(dim=(1, 2))[:, None, None, None]).sin()

    guidance = PerpendicularNegative((told(0.6),), (told(3.0),), (told(0.0),), 4.0)
    together, alone = (guided(Model(bent, SCHEDULE), guidance, (8, 8), 8)(x, SIGMA) for x in (X, X[1:]))
    assert torch.allclose(together[1:], alone, atol=1e-5)


@pytest.mark.parametrize("kind", [TwoConditions, PerpendicularNegative])
def test_guidance_of_three_compares_an_area_with_the_same_area_of_all(
    kind: type[TwoConditions | PerpendicularNegative],
) -> None:
    seen = []

    def watched(z: Tensor, times: Tensor, given: Given) -> Tensor:
        seen.append((tuple(z.shape[-2:]), [round(float(one.mean()), 1) for one in given.context]))
        return z

    local = replace(told(0.6), area=Area(64, 64, 0, 0))
    three = ((told(0.5), local), (told(0.2),), (told(0.1),), 2.0, 3.0)
    guided(Model(watched, SCHEDULE), kind(*three), (16, 8), 8)(noise_from_seed((1, 4, 16, 8), 0), SIGMA)
    assert {size: sorted(contexts) for size, contexts in seen} == {
        (16, 8): [0.1, 0.2, 0.5],
        (8, 8): [0.1, 0.2, 0.6],
    }


def test_two_conditions_at_once_are_averaged_by_their_strength() -> None:
    one, other = plain(told(0.6)), plain(told(0.2))
    both = plain(replace(told(0.6), strength=3.0), told(0.2))
    assert torch.allclose(both, (3 * one + other) / 4, atol=1e-6)


def test_the_strength_of_a_condition_alone_does_not_matter() -> None:
    assert torch.allclose(plain(replace(told(0.6), strength=0.3)), plain(told(0.6)), atol=1e-6)


def test_a_mask_says_where_a_condition_counts() -> None:
    left = torch.zeros(1, 8, 8)
    left[..., :4] = 1
    both = plain(replace(told(0.6), mask=left), replace(told(0.2), mask=1 - left))
    assert torch.allclose(both[..., :4], plain(told(0.6))[..., :4], atol=1e-6)
    assert torch.allclose(both[..., 4:], plain(told(0.2))[..., 4:], atol=1e-6)


def test_where_no_condition_counts_nothing_is_guessed() -> None:
    assert torch.equal(plain(replace(told(0.6), mask=torch.zeros(1, 8, 8))), torch.zeros_like(X))


def test_a_condition_counts_only_on_its_part_of_the_way() -> None:
    late = replace(told(0.6), start=0.5)
    middle = torch.tensor(SCHEDULE.sigma_at(0.5))
    assert torch.equal(
        guess(Plain((late, told(0.2))), sigma=middle * 1.01), guess(Plain((told(0.2),)), sigma=middle * 1.01)
    )
    both = guess(Plain((late, told(0.2))), sigma=middle * 0.99)
    assert not torch.equal(both, guess(Plain((told(0.2),)), sigma=middle * 0.99))


def test_the_ends_of_the_way_lie_beyond_all_levels() -> None:
    assert SCHEDULE.sigma_at(0.0) > SCHEDULE.sigma_max
    assert SCHEDULE.sigma_at(1.0) == 0.0
    assert SCHEDULE.sigma_at(1 - 250 / 999) == pytest.approx(float(SCHEDULE.sigmas[250]), rel=1e-4)


WIDE = noise_from_seed((1, 4, 16, 64), 1)


def test_an_area_is_looked_at_alone_and_fades_out_into_the_picture() -> None:
    area = Area(height=128, width=256, top=0, left=0)  # 16 x 32 of 16 x 64 cells
    weight = placed(replace(told(0.6), area=area), 16, 64, 8, SCHEDULE).weight
    assert weight is not None
    assert weight[0, 0, 0].tolist() == [1.0] * 24 + [8 / 8, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8]
    assert bool((weight[0, 0] == weight[0, 0, 0]).all())  # the picture's own edges do not fade
    both = plain_wide(replace(told(0.6), area=area), told(0.2))
    assert torch.allclose(both[..., 32:], plain_wide(told(0.2))[..., 32:], atol=1e-6)
    mean = (plain_wide(told(0.6)) + plain_wide(told(0.2))) / 2
    assert torch.allclose(both[..., :24], mean[..., :24], atol=1e-6)


def test_a_small_area_fades_over_a_quarter_of_itself() -> None:
    small = placed(replace(told(0.6), area=Area(128, 128, 0, 64)), 16, 64, 8, SCHEDULE).weight
    assert small is not None
    assert small[0, 0, 0].tolist() == [0.25, 0.5, 0.75, 1.0, *[1.0] * 8, 1.0, 0.75, 0.5, 0.25]


def plain_wide(*conditions: Condition) -> Tensor:
    """The guess for a wide latent."""
    return guess(Plain(conditions), WIDE)


@pytest.mark.parametrize(
    ("area", "box"),
    [
        (Area(64, 128, 32, 8), Box(top=4, left=1, height=8, width=16)),
        (Area(900, 900, 64, 8), Box(top=8, left=1, height=8, width=63)),  # cut at the picture's edge
        (Area(0.5, 0.25, 0.25, 0.5, relative=True), Box(top=4, left=32, height=8, width=16)),
        (Area(0.0, 0.0, 0.0, 0.0, relative=True), Box(top=0, left=0, height=1, width=1)),
    ],
)
def test_areas_become_cells(area: Area, box: Box) -> None:
    assert placed(replace(told(0.6), area=area), 16, 64, 8, SCHEDULE).box == box


def test_an_area_outside_of_the_picture_says_so() -> None:
    with pytest.raises(ValueError, match=r"begins at cell 80, 0, but the latent has only 64 x 16 cells"):
        placed(replace(told(0.6), area=Area(64, 64, 0, 640)), 16, 64, 8, SCHEDULE)


def test_the_box_around_a_mask_has_at_least_eight_cells() -> None:
    mask = torch.zeros(1, 16, 64)
    mask[0, 5, 20:40] = 1
    found = placed(replace(told(0.6), mask=mask, mask_box=True), 16, 64, 8, SCHEDULE)
    assert found.box == Box(top=5, left=20, height=8, width=20)


def test_guidance_compares_an_area_with_the_same_area_of_the_other_side() -> None:
    area = Area(128, 256, 0, 0)
    positive = tuple(placed(one, 16, 64, 8, SCHEDULE) for one in (told(0.2), replace(told(0.6), area=area)))
    negative = (placed(told(0.1), 16, 64, 8, SCHEDULE),)
    matched = with_counterparts(negative, positive)
    assert [one.box for one in matched] == [None, positive[1].box]
    assert torch.equal(matched[1].given.context, negative[0].given.context)
    assert with_counterparts(positive, matched) == positive


def test_a_seed_gives_one_draw_for_the_whole_batch() -> None:
    assert torch.equal(noise_from_seed((3, 4, 8, 8), 5)[0], noise_from_seed((1, 4, 8, 8), 5)[0])
    assert not torch.equal(noise_from_seed((1, 4, 8, 8), 5), noise_from_seed((1, 4, 8, 8), 6))


def test_the_draw_is_that_of_torchs_own_generator() -> None:
    torch.manual_seed(77)
    assert torch.equal(torch.randn(2, 4, 8, 8), noise_from_seed((2, 4, 8, 8), 77))


def test_latents_with_places_get_single_draws_of_one_stream() -> None:
    torch.manual_seed(77)
    draws = [torch.randn(1, 4, 8, 8) for _ in range(4)]
    found = noise_from_seed((3, 4, 8, 8), 77, places=(3, 0, 3))
    assert torch.equal(found, torch.cat([draws[3], draws[0], draws[3]]))


def test_the_largest_seed_is_a_seed() -> None:
    assert noise_from_seed((1, 4, 8, 8), 2**64 - 1).shape == (1, 4, 8, 8)


def test_per_sample_noise_is_that_of_the_following_seeds() -> None:
    assert torch.equal(noise_per_sample((3, 4, 8, 8), 5)[2], noise_from_seed((1, 4, 8, 8), 7)[0])


def test_behind_the_largest_seed_comes_the_first_again() -> None:
    last_and_first = noise_per_sample((2, 4, 8, 8), 2**64 - 1)
    assert torch.equal(last_and_first[1:], noise_from_seed((1, 4, 8, 8), 0))
    assert torch.equal(StepNoise(2**64)(1, X), StepNoise(0)(1, X))


def test_the_noise_of_a_step_does_not_depend_on_where_the_run_began() -> None:
    assert torch.equal(StepNoise(9)(4, X), StepNoise(9, first=3)(1, X))
    assert not torch.equal(StepNoise(9)(4, X), StepNoise(9)(5, X))
    stream = StepNoise(9)
    assert [stream(step, X).sum() for step in (0, 1, 4, 2)] == [
        StepNoise(9)(step, X).sum() for step in (0, 1, 4, 2)
    ]


@pytest.mark.parametrize("scale", [0.0, 1.0, 7.5])
def test_the_guess_without_guidance_can_be_had_at_every_scale(scale: float) -> None:
    guidance = ClassifierFree((told(0.5),), (told(0.1),), scale)
    denoise = guided(MODEL, guidance, (8, 8), 8, unguided_too=True)
    both, unguided = apart(denoise, X, SIGMA)
    assert torch.equal(unguided, plain(told(0.1)))
    assert torch.allclose(both, guess(guidance), atol=1e-6)


def test_where_there_is_no_negative_both_guesses_are_the_same() -> None:
    both, unguided = apart(guided(MODEL, Plain((told(0.5),)), (8, 8), 8), X, SIGMA)
    assert torch.equal(both, unguided)


def test_a_learned_variance_is_told_under_the_positive() -> None:
    def telling(z: Tensor, times: Tensor, given: Given) -> Tensor:
        answer = predict(z, times, given)
        return torch.cat(
            [answer, torch.zeros_like(z) + given.context.mean(dim=(1, 2))[:, None, None, None]], dim=1
        )

    guidance = ClassifierFree((told(0.5),), (told(0.1),), 3.0)
    denoise = guided(Model(telling, SCHEDULE), guidance, (8, 8), 8)
    found, place = with_variance(denoise, X, SIGMA)
    assert torch.allclose(found, guess(guidance), atol=1e-6)
    assert torch.allclose(place, torch.full_like(X, 0.75))
