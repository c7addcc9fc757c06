"""Scenes: what may be drawn, and what is kept away from training."""

import itertools
import math
import random

import pytest

from ldm.shapeland.scene import (
    BACKGROUNDS,
    COLOURS,
    COMBINATIONS,
    GRID,
    RADII,
    SHAPES,
    SIZES,
    Scene,
    Thing,
    is_held_out,
    random_scene,
)


def every_single() -> list[Scene]:
    cells = range(GRID)
    choices = itertools.product(BACKGROUNDS, SHAPES, COLOURS, SIZES, cells, cells)
    return [
        Scene(ground, (Thing(shape, colour, size, row, column, RADII[size][0], 0.0, 0.0),))
        for ground, shape, colour, size, row, column in choices
    ]


def test_every_two_colours_are_far_enough_apart_to_survive_blur() -> None:
    entries = [*COLOURS.values(), *BACKGROUNDS.values()]
    assert min(math.dist(a, b) for a, b in itertools.combinations(entries, 2)) >= 0.32


def test_no_colour_is_a_mixture_of_another_colour_and_a_background() -> None:
    # The pink trap: the soft edge of red on white passes through every mixture of the two.
    for (name, colour), ground in itertools.product(COLOURS.items(), BACKGROUNDS.values()):
        for step in range(1, 20):
            mixture = [c + step / 20 * (g - c) for c, g in zip(colour, ground, strict=True)]
            for other in COLOURS.keys() - {name}:
                assert math.dist(mixture, COLOURS[other]) > 0.2, (name, other)


def test_the_same_seed_draws_the_same_scenes() -> None:
    first, second = random.Random(3), random.Random(3)
    assert [random_scene(first) for _ in range(20)] == [random_scene(second) for _ in range(20)]


def test_things_never_share_a_colour_or_a_cell() -> None:
    rng = random.Random(0)
    for scene in (random_scene(rng, (0, 1, 1)) for _ in range(300)):
        assert len({thing.colour for thing in scene.things}) == len(scene.things)
        assert len({(thing.row, thing.column) for thing in scene.things}) == len(scene.things)


def test_radius_and_jitter_stay_in_range() -> None:
    rng = random.Random(0)
    for thing in (thing for _ in range(300) for thing in random_scene(rng).things):
        low, high = RADII[thing.size]
        assert low <= thing.radius <= high
        assert max(abs(thing.dx), abs(thing.dy)) <= 1


def test_counts_are_drawn_by_their_weights_although_held_out_scenes_are_refused() -> None:
    rng = random.Random(0)
    drawn = [len(random_scene(rng, (5, 3, 2)).things) for _ in range(20_000)]
    shares = [drawn.count(count) / len(drawn) for count in (1, 2, 3)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.012)


def test_about_a_tenth_of_the_single_things_is_held_out() -> None:
    singles = every_single()
    assert len(singles) == COMBINATIONS == 1890
    assert sum(map(is_held_out, singles)) / len(singles) == pytest.approx(0.1, abs=0.015)


def test_the_held_out_set_never_changes() -> None:
    # A model's training set is defined by it: another number means old weights have seen the test scenes.
    assert sum(map(is_held_out, every_single())) == 196
    assert [index for index, scene in enumerate(every_single()) if is_held_out(scene)][:5] == [
        1,
        5,
        22,
        29,
        30,
    ]


def test_the_held_out_set_has_every_attribute_in_it() -> None:
    held = [scene for scene in every_single() if is_held_out(scene)]
    things = [scene.things[0] for scene in held]
    assert {scene.background for scene in held} == set(BACKGROUNDS)
    assert {thing.shape for thing in things} == set(SHAPES)
    assert {thing.colour for thing in things} == set(COLOURS)
    assert {(thing.row, thing.column) for thing in things} == set(itertools.product(range(GRID), range(GRID)))


def test_training_scenes_and_held_out_scenes_never_meet() -> None:
    rng = random.Random(0)
    assert not any(is_held_out(random_scene(rng)) for _ in range(3000))
    held = [random_scene(rng, held_out=True) for _ in range(300)]
    assert all(is_held_out(scene) and len(scene.things) == 1 for scene in held)


def test_where_in_its_cell_a_thing_sits_does_not_change_whether_it_is_held_out() -> None:
    rng = random.Random(0)
    scene = random_scene(rng, held_out=True)
    thing = scene.things[0]
    moved = Thing(
        thing.shape, thing.colour, thing.size, thing.row, thing.column, thing.radius + 0.1, -1.0, 1.0
    )
    assert is_held_out(Scene(scene.background, (moved,)))


@pytest.mark.parametrize("counts", [(0.0, 0.0, 0.0), (1.0, -0.1, 0.0)])
def test_weights_that_are_no_distribution_are_refused(counts: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="three weights"):
        random_scene(random.Random(0), counts)
