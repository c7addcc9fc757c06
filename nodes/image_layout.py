"""Pictures cut, turned, put beside each other, widened and laid over each other."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import Range, node
from nodes.composite import laid_over, same_channels
from nodes.facts import images
from nodes.image_size import scaled
from nodes.latent_size import quarter_turns
from nodes.port_types import Image, Mask
from nodes.widgets import LARGEST, BatchSize, CellSide, Colour, Flip, FullSide, Rotation, Side

SPACING: dict[str, tuple[float, float, float]] = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}


@node("EmptyImage", title="Empty image", category="image", facts=images.empty)
def empty_image(
    width: FullSide = 512, height: FullSide = 512, batch_size: BatchSize = 1, color: Colour = 0
) -> Image:
    """Pictures of a single colour.

    Args:
        color: As 0xRRGGBB.
    """
    channels = [(color >> shift & 0xFF) / 255 for shift in (16, 8, 0)]
    return Image(torch.tensor(channels).expand(batch_size, height, width, 3).contiguous())


@node("ImageCrop", title="Image crop", category="image/transform", facts=images.cropped)
def crop_image(
    image: Image, width: FullSide = 512, height: FullSide = 512, x: Side = 0, y: Side = 0
) -> Image:
    """Cut a rectangle out of pictures.

    Args:
        x: Where it begins, from the left.
        y: Where it begins, from above.
    """
    left, top = min(x, image.pixels.shape[2] - 1), min(y, image.pixels.shape[1] - 1)
    return Image(image.pixels[:, top : top + height, left : left + width])


@node("ImageFlip", title="Flip image", category="image/transform", facts=images.same)
def flip_image(image: Image, flip_method: Flip = "x-axis: vertically") -> Image:
    """Mirror pictures.

    Args:
        flip_method: Upside down, or left to right.
    """
    return Image(image.pixels.flip(1 if flip_method.startswith("x") else 2))


@node("ImageRotate", title="Rotate image", category="image/transform", facts=images.turned)
def rotate_image(image: Image, rotation: Rotation = "none") -> Image:
    """Turn pictures clockwise.

    Args:
        rotation: By how much.
    """
    return Image(image.pixels.rot90(quarter_turns(rotation), dims=(2, 1)))


class Padded(NamedTuple):
    """A picture with room around it, and where that is to be painted."""

    image: Image
    mask: Mask


@node("ImagePadForOutpaint", title="Pad image for outpainting", category="image", facts=images.padded)
def pad_image(
    image: Image,
    left: CellSide = 0,
    top: CellSide = 0,
    right: CellSide = 0,
    bottom: CellSide = 0,
    feathering: Annotated[int, Range(0, LARGEST)] = 40,
) -> Padded:
    """Put grey room around pictures, with the mask to paint it.

    Args:
        left: In pixels.
        top: In pixels.
        right: In pixels.
        bottom: In pixels.
        feathering: How far the mask reaches into the picture, fading out.
    """
    _, height, width, _ = image.pixels.shape
    around = (left, right, top, bottom)
    pixels = F.pad(image.pixels, (0, 0, *around), value=0.5)
    inner = torch.zeros(height, width)
    if 0 < 2 * feathering < min(height, width):
        away = torch.minimum(_edge_distance(height, top, bottom)[:, None], _edge_distance(width, left, right))
        inner = ((feathering - away) / feathering).clamp(min=0).square()
    return Padded(Image(pixels), Mask(F.pad(inner, around, value=1.0)[None]))


def _edge_distance(side: int, before: int, behind: int) -> Tensor:
    """How far each pixel is from those ends of a side that there is room behind."""
    place = torch.arange(side, dtype=torch.float32)
    far = torch.full((side,), float(side))
    return torch.minimum(place if before else far, side - place if behind else far)


@node("ImageStitch", title="Image stitch", category="image/transform")
def stitch_images(
    image1: Image,
    direction: Literal["right", "down", "left", "up"] = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024, step=2)] = 0,
    spacing_color: Literal["white", "black", "red", "green", "blue"] = "white",
    image2: Image | None = None,
) -> Image:
    """Put one picture beside another.

    Args:
        direction: Where the second goes.
        match_image_size: Resize the second so that the edges that meet are equally long; else the shorter is padded.
        spacing_width: Pixels between the two.
        spacing_color: Of what lies between and around.
        image2: The second one; without it the first comes back as it is.
    """
    if image2 is None:
        return image1
    along, across = (2, 1) if direction in ("left", "right") else (1, 2)
    first, second = image1.pixels, image2.pixels
    count = max(len(first), len(second))
    first, second = (_padded_batch(pixels, count) for pixels in (first, second))
    if match_image_size:
        share = first.shape[across] / second.shape[across]
        sides = {across: first.shape[across], along: max(1, int(second.shape[along] * share))}
        second = scaled(second, sides[2], sides[1], "lanczos")
    else:
        longest = max(first.shape[across], second.shape[across])
        value = {"white": 1.0}.get(spacing_color, 0.0)
        first, second = (_padded_side(pixels, across, longest, value) for pixels in (first, second))
    first, second = same_channels_of_both(first, second)
    parts = [second, first] if direction in ("left", "up") else [first, second]
    if spacing_width:
        shape = list(first.shape)
        shape[along] = spacing_width + spacing_width % 2
        colour = torch.tensor([*SPACING[spacing_color], 1.0][: shape[-1]])
        parts.insert(1, colour.expand(shape))
    return Image(torch.cat(parts, dim=along))


def same_channels_of_both(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Both pictures with alpha if one of them has it."""
    widest = first if first.shape[-1] >= second.shape[-1] else second
    return same_channels(first, widest), same_channels(second, widest)


def _padded_batch(pixels: Tensor, count: int) -> Tensor:
    return torch.cat([pixels, pixels[-1:].expand(count - len(pixels), -1, -1, -1)])


def _padded_side(pixels: Tensor, dim: int, size: int, value: float) -> Tensor:
    missing = size - pixels.shape[dim]
    ends = (missing // 2, missing - missing // 2)
    return F.pad(pixels, (0, 0, *ends, 0, 0) if dim == 2 else (0, 0, 0, 0, *ends), value=value)


@node("ImageCompositeMasked", title="Image composite masked", category="image")
def composite_images(
    destination: Image,
    source: Image,
    x: Side = 0,
    y: Side = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """Lay one picture over another through a mask.

    Args:
        destination: The lower one.
        source: The upper one.
        x: Where it begins, from the left.
        y: Where it begins, from above.
        resize_source: Stretch the upper one over the whole lower one.
        mask: Where the upper one shows; everywhere without one.
    """
    below, above = destination.pixels, same_channels(source.pixels, destination.pixels)
    opened = None if mask is None else mask.values
    done = laid_over(below.movedim(-1, 1), above.movedim(-1, 1), x, y, opened, resize=resize_source)
    return Image(done.movedim(1, -1).contiguous())
