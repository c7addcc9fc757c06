"""What a model is told beside the time: SDXL's text and sizes, the vector of a picture, or the number of a class."""

from __future__ import annotations

import torch
from torch import Tensor

from ldm.diffusion.beside import Canvas
from ldm.diffusion.condition import Condition, ImageTold
from ldm.diffusion.roughen import level_of, roughened
from ldm.spec import ImageVectorSpec, ModelSpec, RoughSpec
from ldm.unet.blocks import timestep_embedding
from ldm.unet.vector import SIZE_WIDTH, size_vector

POOLED = "pooled_output"
"""Where a condition keeps the pooled meaning of its text, as ComfyUI calls it."""

CLASS = "class_label"
"""Where a condition keeps the number of a class."""

REFINER_SIZES = 5  # numbers: it has a score in the place of the size that is wanted
SCORE, LOW_SCORE = 6.0, 2.5  # of beauty, for what to paint and for what not to
MERGED_ROUGHNESS = 0.05  # several pictures become one vector, roughened once more


class NotTold(ValueError):
    """A model is not told what it must be."""


def vector(spec: ModelSpec, condition: Condition, canvas: Canvas, *, negative: bool) -> Tensor | None:
    """What is added to the time embedding under a condition; None for models that are told nothing there.

    Raises:
        NotTold: the condition does not say it.
    """
    unet = spec.unet
    if spec.image_vector is not None and spec.roughened is not None:
        return _of_images(spec.image_vector, spec.roughened, condition.images, canvas.seed)
    if unet.classes is not None:
        return _class(spec, condition, unet.classes)
    if unet.vector_dim is not None:
        return _of_sizes(spec, condition, canvas, unet.vector_dim, negative=negative)
    return None


def _class(spec: ModelSpec, condition: Condition, classes: int) -> Tensor:
    """The number of a class; for models that upscale, the level of the noise over what they are shown."""
    if spec.roughened is not None:
        return torch.tensor([level_of(condition, spec.roughened)])
    number = condition.facts.get(CLASS)
    if not isinstance(number, int) or not 0 <= number < classes:
        raise NotTold(
            f"{spec.name} is told one of the classes 0 to {classes - 1}, but the conditioning says "
            f"{'none' if number is None else number}. Send it through ClassLabel first."
        )
    return torch.tensor([number])


def _of_sizes(spec: ModelSpec, condition: Condition, canvas: Canvas, width: int, *, negative: bool) -> Tensor:
    """SDXL: the pooled text, then height, width, top and left of the crop, and the size that is wanted."""
    pooled, facts, factor = condition.facts.get(POOLED), condition.facts, spec.first_stage.factor
    if not isinstance(pooled, Tensor):
        raise NotTold(
            f"{spec.name} is told the pooled meaning of its text beside the text itself, but the conditioning "
            "has none. Encode the text with the text encoders of the same model."
        )

    def number(name: str, otherwise: float) -> float:
        value = facts.get(name, otherwise)
        return float(value) if isinstance(value, int | float) else otherwise

    cells_down, cells_across = canvas.latent.shape[-2:]
    tall, wide = number("height", cells_down * factor), number("width", cells_across * factor)
    crop = (number("crop_h", 0), number("crop_w", 0))
    if width - pooled.shape[1] == REFINER_SIZES * SIZE_WIDTH:
        score = number("aesthetic_score", LOW_SCORE if negative else SCORE)
        return size_vector(pooled, (tall, wide, *crop, score))
    target = (number("target_height", tall), number("target_width", wide))
    return size_vector(pooled, (tall, wide, *crop, *target))


def _of_images(spec: ImageVectorSpec, rough: RoughSpec, images: tuple[ImageTold, ...], seed: int) -> Tensor:
    """The vectors of pictures and how rough they were made; without pictures, nothing."""
    if not images:
        return torch.zeros(1, 2 * spec.width)
    told = [
        one.strength * _roughened(one.vector, spec, rough, round(rough.most * one.roughness), seed)
        for one in images
    ]
    if len(told) == 1:
        return told[0]
    whole = torch.stack(told).sum(dim=0)
    return _roughened(whole[:, : spec.width], spec, rough, round(rough.most * MERGED_ROUGHNESS), seed)


def _roughened(values: Tensor, spec: ImageVectorSpec, rough: RoughSpec, level: int, seed: int) -> Tensor:
    """A vector under noise, measured as CLIP's vectors are spread, and behind it the level of the noise."""
    mean, spread = (torch.tensor(numbers) if numbers else None for numbers in (spec.mean, spec.spread))
    values = values if mean is None or spread is None else (values - mean) / spread
    values = roughened(values, rough, level, seed)
    values = values if mean is None or spread is None else values * spread + mean
    told = timestep_embedding(torch.tensor([level]), spec.width)
    return torch.cat([values, told.expand(len(values), -1)], dim=1)
