"""Reading pictures back: blobs, shapes, cells and sizes."""

import random

import numpy as np
import pytest
import torch

from ldm.shapeland.blobs import find_blobs, nearest_palette_entry
from ldm.shapeland.outline import SQUARE_HALF_SIDE
from ldm.shapeland.parse import Parsed, Seen, parse
from ldm.shapeland.render import render
from ldm.shapeland.scene import BACKGROUNDS, COLOURS, GRID, SHAPES, SIZES, Scene, Thing, random_scene

RED, GREEN, BLACK = 0, 1, len(COLOURS)


def single(shape: str, size: str = "large", row: int = 1, column: int = 1, colour: str = "red") -> Scene:
    radius = {"small": 6.5, "large": 10.0}[size]
    return Scene("white", (Thing(shape, colour, size, row, column, radius, 0.3, -0.4),))


def words(parsed: Parsed) -> tuple[str, set[tuple[str, str, str, int, int]]]:
    return parsed.background, {(t.shape, t.colour, t.size, t.row, t.column) for t in parsed.things}


def asked(scene: Scene) -> tuple[str, set[tuple[str, str, str, int, int]]]:
    return scene.background, {(t.shape, t.colour, t.size, t.row, t.column) for t in scene.things}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_clean_render_is_read_back_exactly_in_every_cell(shape: str, size: str) -> None:
    scenes = [single(shape, size, row, column) for row in range(GRID) for column in range(GRID)]
    assert [words(p) for p in parse(render(scenes))] == [asked(scene) for scene in scenes]


def test_every_colour_is_read_back_on_every_background() -> None:
    scenes = [Scene(g, single("circle", colour=c).things) for g in BACKGROUNDS for c in COLOURS]
    assert [words(p) for p in parse(render(scenes))] == [asked(scene) for scene in scenes]


def test_nearly_all_random_scenes_are_read_back_exactly() -> None:
    rng = random.Random(0)
    scenes = [random_scene(rng) for _ in range(600)]
    right = [words(p) == asked(s) for s, p in zip(scenes, parse(render(scenes)), strict=True)]
    assert sum(right) / len(right) >= 0.98


def test_a_picture_is_read_the_same_alone_and_in_a_batch_of_more_than_one_chunk() -> None:
    rng = random.Random(0)
    pictures = render([random_scene(rng) for _ in range(300)])
    together = parse(pictures)
    assert len(together) == 300
    assert [parse(pictures[i : i + 1])[0] for i in (0, 255, 256, 299)] == [
        together[i] for i in (0, 255, 256, 299)
    ]


def test_the_box_encloses_the_thing() -> None:
    # Half a side is 8 pixels, and the centre lies 3 right of and 2 above the canvas' own, (32, 32).
    square = Thing("square", "green", "large", 1, 1, 8 / SQUARE_HALF_SIDE, 3.0, -2.0)
    (seen,) = parse(render([Scene("black", (square,))]))[0].things
    assert seen == Seen("square", "green", "large", 1, 1, (27, 22, 43, 38))


def test_an_empty_picture_is_read_as_its_background() -> None:
    assert parse(render([Scene(g, ()) for g in BACKGROUNDS])) == [Parsed(g, ()) for g in BACKGROUNDS]


def test_the_thing_with_most_pixels_comes_first() -> None:
    things = (
        single("star", "small", 0, 0, "red").things[0],
        single("circle", "large", 2, 2, "blue").things[0],
    )
    assert [seen.colour for seen in parse(render([Scene("black", things)]))[0].things] == ["blue", "red"]


def test_two_things_of_one_colour_are_two_things() -> None:
    things = (single("circle", row=0, column=0).things[0], single("cross", row=2, column=2).things[0])
    assert {seen.shape for seen in parse(render([Scene("black", things)]))[0].things} == {"circle", "cross"}


def test_no_pictures_are_read_as_nothing() -> None:
    assert parse(torch.zeros(0, 3, 64, 64)) == []


@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (3, 64, 64), (1, 4, 64, 64)])
def test_pictures_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="resize them first"):
        parse(torch.zeros(shape))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_picture_with_pixels_that_are_no_number_is_refused_and_not_read_as_red(value: float) -> None:
    pictures = render([single("star")] * 3)
    pictures[1, 0, 5, 5] = value
    with pytest.raises(ValueError, match="in 1 of 3 pictures"):
        parse(pictures)


def test_noise_is_read_without_a_fault() -> None:
    noise = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert len(parse(noise)) == 8


def test_a_large_thing_stays_large_when_another_covers_a_part_of_it() -> None:
    circle = Thing("circle", "red", "large", 1, 1, 9.5, 0.0, 0.0)
    square = Thing("square", "blue", "large", 1, 2, 10.5, -8.0, 0.0)
    seen = {thing.colour: thing for thing in parse(render([Scene("white", (circle, square))]))[0].things}
    left, _, right, _ = seen["red"].box
    assert right - left < 15  # about as wide as a small circle
    assert seen["red"].size == "large"


def test_a_pixel_takes_the_nearest_colour_even_from_outside_the_range() -> None:
    pixels = np.array([[1.2, -0.1, 0.0], [0.1, 0.1, 0.1], [1.3, 1.3, 1.3]], dtype=np.float32)
    names = nearest_palette_entry(pixels.T.reshape(1, 3, 1, 3))
    assert names.ravel().tolist() == [RED, BLACK, BLACK + 2]


def test_a_thin_rim_is_no_blob_but_a_block_with_a_thin_tail_is_one() -> None:
    rim = np.full((1, 64, 64), BLACK)
    rim[0, 10, 10:50] = RED
    assert find_blobs(rim) == []
    rim[0, 5:10, 10:14] = RED
    (blob,) = find_blobs(rim)
    assert (blob.pixels, blob.box) == (60, (10, 5, 50, 11))


def test_a_blob_below_twenty_four_pixels_is_left_out() -> None:
    for height, found in ((3, 0), (4, 1)):
        names = np.full((1, 64, 64), BLACK)
        names[0, 20 : 20 + height, 20:26] = GREEN
        assert len(find_blobs(names)) == found


def test_a_winding_blob_is_one_and_pixels_that_meet_at_a_corner_are_two() -> None:
    spiral = np.full((2, 64, 64), BLACK)
    for step in range(0, 40, 8):
        spiral[0, step : step + 2, :40] = RED
        side = 38 if step % 16 == 0 else 0
        spiral[0, step : step + 10, side : side + 2] = RED
    spiral[1, 10:16, 10:16] = spiral[1, 16:22, 16:22] = RED
    assert [blob.picture for blob in find_blobs(spiral)] == [0, 1, 1]


def test_touching_colours_and_neighbouring_pictures_are_kept_apart() -> None:
    names = np.full((2, 64, 64), RED)
    names[:, :, 32:] = GREEN
    assert [(b.picture, b.colour) for b in find_blobs(names)] == [(0, RED), (0, GREEN), (1, RED), (1, GREEN)]
