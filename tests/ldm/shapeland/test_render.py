"""Rendering: geometry, layers and scale."""

import math
import random

import pytest
import torch
from torch import Tensor

from ldm.shapeland.outline import CROSS_HALF_WIDTH, OUTLINES, SQUARE_HALF_SIDE, STAR_INNER_RADIUS
from ldm.shapeland.render import class_map, render
from ldm.shapeland.scene import BACKGROUNDS, CELL, COLOURS, SHAPES, Scene, Thing, random_scene

UNIT_AREAS = {
    "circle": math.pi,
    "square": 4 * SQUARE_HALF_SIDE**2,
    "triangle": 3 * math.sqrt(3) / 4,
    "star": 5 * STAR_INNER_RADIUS * math.sin(math.pi / 5),
    "cross": 8 * CROSS_HALF_WIDTH - 4 * CROSS_HALF_WIDTH**2,
}


def thing(
    shape: str = "circle", colour: str = "red", row: int = 1, column: int = 1, radius: float = 10
) -> Thing:
    return Thing(shape, colour, "large", row, column, radius, 0.0, 0.0)


def some_scenes(count: int, seed: int = 0) -> list[Scene]:
    rng = random.Random(seed)
    return [random_scene(rng) for _ in range(count)]


def colour_at(picture: Tensor, x: float, y: float) -> list[float]:
    found: list[float] = ((picture[:, int(y), int(x)] + 1) / 2).tolist()
    return found


def test_pictures_are_float32_between_minus_one_and_one() -> None:
    pictures = render(some_scenes(30))
    assert pictures.shape == (30, 3, 64, 64)
    assert pictures.dtype == torch.float32
    assert -1 <= pictures.min() < pictures.max() <= 1


def test_no_scenes_give_no_pictures() -> None:
    assert render([]).shape == (0, 3, 64, 64)
    assert class_map([]).shape == (0, 64, 64)


def test_a_scene_of_no_things_is_its_background() -> None:
    picture = render([Scene("gray", ())])[0]
    assert torch.equal(picture, torch.zeros(3, 64, 64))


def test_a_thing_lies_in_the_middle_of_its_cell_in_its_colour() -> None:
    for row, column in ((0, 0), (0, 2), (2, 1)):
        picture = render([Scene("white", (thing(row=row, column=column),))])[0]
        x, y = (column + 0.5) * CELL, (row + 0.5) * CELL
        assert colour_at(picture, x, y) == pytest.approx(COLOURS["red"], abs=1e-6)
        assert colour_at(picture, 63 - x, 63 - y) == pytest.approx(BACKGROUNDS["white"], abs=1e-6)


def test_a_scene_looks_the_same_alone_and_in_any_batch() -> None:
    scenes = some_scenes(20)
    together = render(scenes)
    for index, scene in enumerate(scenes):
        assert torch.equal(render([scene])[0], together[index])


def test_a_later_thing_covers_an_earlier_one() -> None:
    red, blue = thing(colour="red", radius=12), thing(colour="blue", radius=6)
    above, below = render([Scene("black", (red, blue)), Scene("black", (blue, red))])
    assert colour_at(above, 32, 32) == pytest.approx(COLOURS["blue"], abs=1e-6)
    assert colour_at(below, 32, 32) == pytest.approx(COLOURS["red"], abs=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_soft_edge_keeps_the_shape_s_true_area(shape: str) -> None:
    radius = 9.3
    picture = render([Scene("black", (thing(shape, "red", radius=radius),))])[0]
    red, black = COLOURS["red"][0], BACKGROUNDS["black"][0]
    covered = (((picture[0] + 1) / 2 - black) / (red - black)).sum().item()
    assert covered == pytest.approx(UNIT_AREAS[shape] * radius**2, rel=0.02)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_symmetric_and_points_up(shape: str) -> None:
    y, x = torch.meshgrid(torch.linspace(-1, 1, 41), torch.linspace(-1, 1, 41), indexing="ij")
    inside = OUTLINES[shape](x, y, torch.tensor(1.0)) <= 0
    assert torch.equal(inside, inside.flip(1))
    if shape in ("triangle", "star"):
        widths = inside.sum(1)[inside.any(1)]
        assert widths[0] < widths[-1]


@pytest.mark.parametrize("shape", ["circle", "square", "triangle", "cross"])
def test_the_box_of_a_shape_is_centred(shape: str) -> None:
    # Not the star's, whose centre is that of its five points.
    y, x = torch.nonzero(class_map([Scene("black", (thing(shape),))])[0], as_tuple=True)
    assert abs(int(x.min() + x.max()) - 63) <= 1
    assert abs(int(y.min() + y.max()) - 63) <= 1


@pytest.mark.parametrize("size", [32, 128, 256])
def test_another_size_shows_the_same_scene_at_that_scale(size: int) -> None:
    scenes = some_scenes(10)
    side = min(size, 64)
    shrunk = [
        torch.nn.functional.interpolate(render(scenes, s), (side, side), mode="area") for s in (64, size)
    ]
    assert (shrunk[0] - shrunk[1]).abs().mean() < 0.01
    assert render(scenes, size).shape == (10, 3, size, size)


def test_the_class_map_names_the_topmost_shape() -> None:
    star, square = thing("star", "red", radius=6), thing("square", "blue", radius=12)
    assert class_map([Scene("black", (star, square))])[0, 32, 32] == SHAPES.index("square") + 1
    assert class_map([Scene("black", (square, star))])[0, 32, 32] == SHAPES.index("star") + 1


def test_the_class_map_marks_exactly_the_pixels_that_differ_most_from_the_background() -> None:
    scenes = [Scene("black", (thing(shape, "yellow"),)) for shape in SHAPES]
    # Yellow's red channel runs 0.04..0.98 over black; half covered is the middle.
    half_covered = (render(scenes)[:, 0] + 1) / 2 >= 0.51
    classes = class_map(scenes)
    assert classes.dtype == torch.int64
    assert torch.equal(classes > 0, half_covered)
    assert [int(m.max()) for m in classes] == [1, 2, 3, 4, 5]
