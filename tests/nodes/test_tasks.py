"""Every task of the paper on tiny models, from what is told to the latent that comes out."""

from itertools import pairwise
from typing import Any

import pytest
import torch

from ldm.diffusion.beside import NotShown
from ldm.diffusion.samplers import SAMPLERS
from ldm.text.tau import NotHeard
from nodes.first_stage import decode_latent
from nodes.latent import empty_latent
from nodes.layout import encode_layout, layout_box, layout_from_text
from nodes.noise import random_noise
from nodes.port_types import (
    Conditioning,
    Latent,
    Layout,
    SamplerChoice,
)
from nodes.schedulers import schedule_levels
from nodes.semantic import semantic_map
from nodes.showing import ToldTwice
from nodes.stages import denoise_step, start_latent
from nodes.text import encode_text
from tests.nodes.tasks import BOXES, SPECS, labels, painted, parts, told


@pytest.mark.parametrize("task", SPECS)
def test_every_task_paints_a_picture_of_its_size(task: str) -> None:
    model, clip, vae = parts(SPECS[task])
    latent = painted(model, told(task, model, clip, vae))
    assert latent.shape[1] == model.spec.first_stage.embed_dim
    assert bool(latent.isfinite().all())
    pixels = decode_latent(Latent(latent), vae).pixels
    assert pixels.shape == (1, 16, 24, 3)
    assert float(pixels.std()) > 0


DEAF = {"nothing", "clean latent guessed", "v guessed, no signal at the end"}


@pytest.mark.parametrize("task", [task for task in SPECS if task not in DEAF])
def test_what_a_model_is_told_or_shown_changes_the_picture(task: str) -> None:
    model, clip, vae = parts(SPECS[task])
    one, other = (told(task, model, clip, vae, other=other) for other in (False, True))
    latent = one.latent
    assert not torch.allclose(painted(model, one), painted(model, other._replace(latent=latent)), atol=1e-4)


KINDS = {
    "crossattn": "text",
    "concat": "inpainting, LDM's order",
    "hybrid": "inpainting, Stable Diffusion's order",
    "adm": "class beside the time",
    "none": "nothing",
}


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_works_for_every_kind_of_conditioning(sampler: str) -> None:
    for task in KINDS.values():
        model, clip, vae = parts(SPECS[task])
        latent = painted(model, told(task, model, clip, vae), sampler)
        assert bool(latent.isfinite().all()), task


@pytest.mark.parametrize("task", [*list(KINDS.values())[1:4], "low resolution, roughened", "source"])
def test_step_by_step_a_model_sees_the_same(task: str) -> None:
    model, clip, vae = parts(SPECS[task])
    what = told(task, model, clip, vae)
    levels = schedule_levels(model, "normal", 3).levels.tolist()
    latent = start_latent(model, random_noise(3), what.latent, levels[0])
    for step, (sigma, after) in enumerate(pairwise(levels)):
        settings: Any = {"cfg": 2.0, "noise_seed": 3, "step": step, "original": what.latent}
        choice = SamplerChoice("euler_ancestral")
        latent = denoise_step(model, *what[:2], choice, latent, sigma, after, **settings)
    assert torch.equal(latent.samples, painted(model, what, "euler_ancestral"))


# ---- boxes


def test_a_layout_is_built_box_by_box_or_written_down() -> None:
    built = layout_box(3, 0.5, 0.0, 0.25, 1.0, layout_box(1, 0.1, 0.2, 0.5, 0.5))
    assert built.boxes == BOXES
    assert layout_from_text("1 0.1 0.2 0.5 0.5\n\n3, 0.5, 0, 0.25, 1") == Layout(BOXES)
    with pytest.raises(ValueError, match=r"a class and four shares.*'a house'"):
        layout_from_text("a house")


def test_a_model_that_listens_to_something_else_says_to_what() -> None:
    _, clip, _ = parts(SPECS["text"])
    silent: Conditioning = encode_text("", clip)
    with pytest.raises(NotHeard, match="not to boxes"):
        encode_layout(Layout(BOXES), clip)
    with pytest.raises(NotHeard, match="not to a semantic map"):
        semantic_map(silent, silent, clip, labels())
    _, rescaler, _ = parts(SPECS["semantic map"])
    with pytest.raises(ValueError, match="class 9, but the model knows 0 to 5"):
        semantic_map(silent, silent, rescaler, labels(9))


def test_a_model_that_is_shown_too_little_names_the_node_that_shows_it() -> None:
    model, clip, _ = parts(SPECS["semantic map"])
    silent = encode_text("", clip)
    with pytest.raises(NotShown, match=r"shown a semantic map.*SemanticMapConditioning"):
        painted(model, ToldTwice(silent, silent, empty_latent(24, 16)))
