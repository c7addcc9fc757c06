"""What is told beside the time: SDXL's sizes, the refiner's score, the vectors of pictures."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ldm.diffusion.beside import Canvas
from ldm.diffusion.condition import Condition, ImageTold
from ldm.diffusion.guidance import ClassifierFree, Plain
from ldm.diffusion.noise import noise_from_seed
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.told import given, is_negative
from ldm.diffusion.vectors import NotTold
from ldm.published import MODELS, SDXL
from ldm.spec import ImageVectorSpec, ModelSpec
from ldm.unet.blocks import timestep_embedding

REFINER = next(spec for spec in MODELS if "refiner" in spec.name)
UNCLIP = next(spec for spec in MODELS if spec.name.endswith("unCLIP, H"))
CANVAS = Canvas(torch.zeros(1, 4, 96, 128), seed=17)  # of 1024 x 768 pixels
POOLED = torch.randn(1, 1280, generator=torch.Generator().manual_seed(0))


def told(spec: ModelSpec, negative: bool = False, **facts: object) -> Tensor:
    """The vector under a condition with these facts."""
    condition = Condition(torch.zeros(1, 77, 8), facts={"pooled_output": POOLED, **facts})
    vector = given(spec, condition, CANVAS, negative=negative).vector
    assert vector is not None
    return vector


def sizes(vector: Tensor, *numbers: float) -> bool:
    """Whether the vector is the pooled text and these sizes."""
    embedded = timestep_embedding(torch.tensor(numbers), 256).flatten()[None]
    return torch.equal(vector, torch.cat([POOLED, embedded], dim=1))


def test_sdxl_is_told_the_size_of_the_latent_where_nobody_says_another() -> None:
    assert sizes(told(SDXL), 768, 1024, 0, 0, 768, 1024)
    said: Any = {
        "width": 640,
        "height": 512,
        "crop_w": 8,
        "crop_h": 16,
        "target_width": 1,
        "target_height": 2,
    }
    assert sizes(told(SDXL, **said), 512, 640, 16, 8, 2, 1)
    assert sizes(told(SDXL, width=640, height=512), 512, 640, 0, 0, 512, 640)


def test_the_refiner_is_told_a_score_that_is_lower_for_what_not_to_paint() -> None:
    assert told(REFINER).shape == (1, 2560)
    assert sizes(told(REFINER), 768, 1024, 0, 0, 6.0)
    assert sizes(told(REFINER, negative=True), 768, 1024, 0, 0, 2.5)
    assert sizes(told(REFINER, negative=True, aesthetic_score=4.0), 768, 1024, 0, 0, 4.0)


def test_a_condition_is_negative_where_guidance_leads_away_from_it() -> None:
    one, other = (Condition(torch.zeros(1, 2, 3)) for _ in range(2))
    assert is_negative(ClassifierFree((one,), (other,), 2.0), other)
    assert not is_negative(ClassifierFree((one,), (other,), 2.0), one)
    assert not is_negative(Plain((one,)), one)


def test_a_text_without_its_pooled_meaning_is_too_little_for_sdxl() -> None:
    with pytest.raises(NotTold, match="pooled meaning"):
        given(SDXL, Condition(torch.zeros(1, 77, 2048)), CANVAS)


# ---- pictures


def unclip(*images: ImageTold, spec: ModelSpec = UNCLIP) -> Tensor:
    """The vector under pictures."""
    vector = given(spec, Condition(torch.zeros(1, 77, 8), images=images), CANVAS).vector
    assert vector is not None
    return vector


SEEN = torch.randn(1, 1024, generator=torch.Generator().manual_seed(1))


def test_without_a_picture_nothing_is_told() -> None:
    assert torch.equal(unclip(), torch.zeros(1, 2048))


def test_a_picture_is_told_under_noise_with_the_level_of_the_noise_behind() -> None:
    abar = Schedule(replace(UNCLIP.schedule, kind="cosine")).alphas_cumprod
    noise = noise_from_seed((1, 1024), 17 - 10)
    for share, level in ((0.0, 0), (0.3, 300), (1.0, 999)):
        expected = abar[level].sqrt() * SEEN + (1 - abar[level]).sqrt() * noise
        vector = unclip(ImageTold(SEEN, 0.5, share))
        torch.testing.assert_close(vector[:, :1024], (0.5 * expected).float())
        torch.testing.assert_close(vector[:, 1024:], 0.5 * timestep_embedding(torch.tensor([level]), 1024))


def test_noise_is_as_large_as_vectors_are_usually_spread() -> None:
    mean, spread = tuple([2.0] * 1024), tuple([0.5] * 1024)
    spec = replace(UNCLIP, image_vector=ImageVectorSpec(width=1024, mean=mean, spread=spread))
    measured = (unclip(ImageTold(SEEN, 1.0, 0.4), spec=spec)[:, :1024] - 2.0) / 0.5
    torch.testing.assert_close(measured, unclip(ImageTold((SEEN - 2.0) / 0.5, 1.0, 0.4))[:, :1024])


def test_several_pictures_become_one_vector_that_is_roughened_once_more() -> None:
    other = -SEEN.flip(1)
    both = unclip(ImageTold(SEEN, 1.0), ImageTold(other, 2.0))
    assert both.shape == (1, 2048)
    torch.testing.assert_close(both[:, 1024:], timestep_embedding(torch.tensor([50]), 1024))
    assert not torch.allclose(both, unclip(ImageTold(SEEN, 1.0)))
