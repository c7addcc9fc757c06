"""Latents in other sizes and directions."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from torch import Tensor

from engine.api import Range, node
from nodes.facts import latents
from nodes.port_types import Latent
from nodes.resize import resized
from nodes.widgets import LARGEST, CellSide, Crop, Flip, LatentMethod, Rotation

SMALLEST = 64  # pixels along a side


@node("LatentUpscale", title="Upscale latent", category="latent", facts=latents.upscaled)
def upscale_latent(
    samples: Latent,
    upscale_method: LatentMethod = "nearest-exact",
    width: CellSide = 512,
    height: CellSide = 512,
    crop: Crop = "disabled",
) -> Latent:
    """Bring latents to another size.

    Args:
        width: In pixels; 0 keeps the proportions.
        height: In pixels; 0 keeps the proportions.
        crop: Cut off what would change the proportions, instead of distorting.
    """
    if width == 0 and height == 0:
        return samples
    cells_down, cells_across = samples.samples.shape[-2:]
    if width == 0:
        width = round(cells_across * max(SMALLEST, height) / cells_down)
    elif height == 0:
        height = round(cells_down * max(SMALLEST, width) / cells_across)
    sides = [max(SMALLEST, side) // samples.factor for side in (width, height)]
    return shaped(samples, resized(samples.samples, sides[0], sides[1], upscale_method, crop))


@node("LatentUpscaleBy", title="Upscale latent by", category="latent", facts=latents.upscaled_by)
def upscale_latent_by(
    samples: Latent,
    upscale_method: LatentMethod = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.5,
) -> Latent:
    """Enlarge latents, or make them smaller.

    Args:
        scale_by: How many times as wide and high they become.
    """
    height, width = (max(1, round(side * scale_by)) for side in samples.samples.shape[-2:])
    return shaped(samples, resized(samples.samples, width, height, upscale_method))


@node("LatentCrop", title="Crop latent", category="latent/transform", facts=latents.cut)
def crop_latent(
    samples: Latent,
    width: Annotated[int, Range(64, LARGEST, step=8)] = 512,
    height: Annotated[int, Range(64, LARGEST, step=8)] = 512,
    x: CellSide = 0,
    y: CellSide = 0,
) -> Latent:
    """Cut a rectangle out of latents; all in pixels. It stays at least 64 pixels away from the far edges.

    Args:
        x: Where it begins, from the left.
        y: Where it begins, from above.
    """
    down, across = (
        _span(first // samples.factor, size // samples.factor, whole, SMALLEST // samples.factor)
        for first, size, whole in zip((y, x), (height, width), samples.samples.shape[-2:], strict=True)
    )
    return shaped(samples, samples.samples[..., down, across])


def _span(first: int, size: int, whole: int, least: int) -> slice:
    """So many cells from `first` on; what reaches beyond the edge is cut in steps of `least` cells."""
    first = max(min(first, whole - least), 0)
    beyond = max(first + size - whole, 0)
    return slice(max(first - beyond % least, 0), first + size - beyond)


@node("LatentRotate", title="Rotate latent", category="latent/transform", facts=latents.turned)
def rotate_latent(samples: Latent, rotation: Rotation = "none") -> Latent:
    """Turn latents clockwise.

    Args:
        rotation: By how much.
    """
    return shaped(samples, samples.samples.rot90(quarter_turns(rotation), dims=(3, 2)))


@node("LatentFlip", title="Flip latent", category="latent/transform", facts=latents.same)
def flip_latent(samples: Latent, flip_method: Flip = "x-axis: vertically") -> Latent:
    """Mirror latents.

    Args:
        flip_method: Upside down, or left to right.
    """
    return shaped(samples, samples.samples.flip(2 if flip_method.startswith("x") else 3))


def shaped(latent: Latent, samples: Tensor) -> Latent:
    """The latent with samples of another shape; an empty one stays empty."""
    height, width = (side * latent.factor for side in samples.shape[-2:])
    canvas = None if latent.canvas is None else (width, height)
    return replace(latent, samples=samples, canvas=canvas, past=())


def quarter_turns(rotation: Rotation) -> int:
    """How many quarter turns it is."""
    return 0 if rotation == "none" else int(rotation.split()[0]) // 90
