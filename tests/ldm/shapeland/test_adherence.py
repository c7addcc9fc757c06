"""The metric: near one on what was asked, near zero on anything else, and lower for blur."""

import random
from dataclasses import astuple, replace

import pytest
import torch
from torch import Tensor

from ldm.shapeland.adherence import Adherence, adherence
from ldm.shapeland.render import render
from ldm.shapeland.scene import Scene, Thing, random_scene

RED_CIRCLE = Thing("circle", "red", "large", 0, 0, 10.0, 0.0, 0.0)
BLUE_STAR = Thing("star", "blue", "large", 2, 2, 10.0, 0.0, 0.0)
GREEN_CROSS = Thing("cross", "green", "large", 2, 0, 10.0, 0.0, 0.0)
ASKED = Scene("gray", (RED_CIRCLE, BLUE_STAR))


def some_scenes(count: int) -> list[Scene]:
    rng = random.Random(7)
    return [random_scene(rng) for _ in range(count)]


def blurred(pictures: Tensor, sigma: float) -> Tensor:
    kernel = torch.exp(-(torch.arange(-4, 5) ** 2) / (2 * sigma**2))
    square = torch.outer(kernel, kernel) / kernel.sum() ** 2
    padded = torch.nn.functional.pad(pictures, (4, 4, 4, 4), mode="replicate")
    return torch.nn.functional.conv2d(padded, square.expand(3, 1, 9, 9), groups=3)


def failing(shown: Scene) -> set[str]:
    score = adherence([ASKED], render([shown]))
    return {name for name in Adherence.__slots__ if getattr(score, name) == 0}


def test_clean_renders_score_nearly_one_in_everything() -> None:
    scenes = some_scenes(500)
    assert min(astuple(adherence(scenes, render(scenes)))) >= 0.98


def test_shuffled_prompts_score_nearly_nothing() -> None:
    scenes = some_scenes(500)
    assert adherence(scenes[1:] + scenes[:1], render(scenes)).strict < 0.02


def test_blur_lowers_the_score_of_the_shape_but_not_of_the_colour() -> None:
    scenes = some_scenes(400)
    score = adherence(scenes, blurred(render(scenes), 0.8))
    assert score.shape < 0.93
    assert score.colour > 0.98
    assert score.cell > 0.98


@pytest.mark.parametrize(
    ("shown", "fails"),
    [
        (ASKED, set()),
        (replace(ASKED, things=(BLUE_STAR, RED_CIRCLE)), set()),
        (replace(ASKED, background="white"), {"background"}),
        (replace(ASKED, things=(replace(RED_CIRCLE, shape="square"), BLUE_STAR)), {"shape", "strict"}),
        (replace(ASKED, things=(replace(RED_CIRCLE, column=1), BLUE_STAR)), {"cell", "strict"}),
        (replace(ASKED, things=(replace(RED_CIRCLE, radius=6.5), BLUE_STAR)), {"size", "strict"}),
        (replace(ASKED, things=(*ASKED.things, GREEN_CROSS)), {"count", "strict"}),
        (replace(ASKED, things=(RED_CIRCLE,)), {"count", "colour", "shape", "cell", "size", "strict"}),
        (
            replace(ASKED, things=(RED_CIRCLE, replace(BLUE_STAR, colour="green"))),
            {"colour", "shape", "cell", "size", "strict"},
        ),
    ],
)
def test_each_fault_fails_its_own_attribute(shown: Scene, fails: set[str]) -> None:
    assert failing(shown) == fails


def test_a_score_is_the_fraction_of_pictures() -> None:
    wrong = replace(ASKED, things=(replace(RED_CIRCLE, shape="square"), BLUE_STAR))
    score = adherence([ASKED] * 4, render([ASKED, wrong, ASKED, ASKED]))
    assert (score.shape, score.strict, score.cell) == (0.75, 0.75, 1.0)


@pytest.mark.parametrize(("scenes", "pictures"), [(0, 0), (2, 3)])
def test_scenes_and_pictures_must_pair_up(scenes: int, pictures: int) -> None:
    with pytest.raises(ValueError, match=f"{scenes} scenes and {pictures} pictures"):
        adherence([ASKED] * scenes, torch.zeros(pictures, 3, 64, 64))
