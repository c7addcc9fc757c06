"""Pictures in other sizes, and what size they are."""

from __future__ import annotations

import math
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from engine.api import NULL_CONTEXT, Context, Range, node
from nodes.facts import images
from nodes.port_types import Image
from nodes.resize import resized
from nodes.widgets import Crop, FullSide, ImageMethod, Side


@node("ImageScale", title="Upscale image", category="image/upscaling", facts=images.scaled)
def scale_image(
    image: Image,
    upscale_method: ImageMethod = "nearest-exact",
    width: Side = 512,
    height: Side = 512,
    crop: Crop = "disabled",
) -> Image:
    """Bring pictures to another size.

    Args:
        width: In pixels; 0 keeps the proportions.
        height: In pixels; 0 keeps the proportions.
        crop: Cut off what would change the proportions, instead of distorting.
    """
    if width == 0 and height == 0:
        return image
    _, old_height, old_width, _ = image.pixels.shape
    width = width or max(1, round(old_width * height / old_height))
    height = height or max(1, round(old_height * width / old_width))
    return Image(scaled(image.pixels, width, height, upscale_method, crop))


@node("ImageScaleBy", title="Upscale image by", category="image/upscaling", facts=images.scaled_by)
def scale_image_by(
    image: Image,
    upscale_method: ImageMethod = "nearest-exact",
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0,
) -> Image:
    """Enlarge pictures, or make them smaller.

    Args:
        scale_by: How many times as wide and high they become.
    """
    height, width = (max(1, round(side * scale_by)) for side in image.pixels.shape[1:3])
    return Image(scaled(image.pixels, width, height, upscale_method))


@node(
    "ImageScaleToTotalPixels",
    title="Scale image to total pixels",
    category="image/upscaling",
    facts=images.scaled_to_pixels,
)
def scale_image_to_pixels(
    image: Image,
    upscale_method: ImageMethod = "nearest-exact",
    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0,
) -> Image:
    """Bring pictures to so many pixels, with their proportions kept.

    Args:
        megapixels: How many times 1024 x 1024.
    """
    _, height, width, _ = image.pixels.shape
    factor = math.sqrt(int(megapixels * 1024 * 1024) / (width * height))
    return Image(
        scaled(image.pixels, max(1, round(width * factor)), max(1, round(height * factor)), upscale_method)
    )


@node(
    "ImageScaleToMaxDimension",
    title="Scale image to max dimension",
    category="image/upscaling",
    facts=images.scaled_to_side,
)
def scale_image_to_side(
    image: Image,
    upscale_method: Literal["area", "lanczos", "bilinear", "nearest-exact", "bicubic"] = "area",
    largest_size: Side = 512,
) -> Image:
    """Bring the longer side of pictures to a length, with their proportions kept.

    Args:
        largest_size: In pixels.
    """
    _, height, width, _ = image.pixels.shape
    sides = [max(1, round(side / max(height, width) * largest_size)) for side in (width, height)]
    return Image(scaled(image.pixels, sides[0], sides[1], upscale_method))


@node("ResizeAndPadImage", title="Resize and pad image", category="image/transform", facts=images.in_frame)
def fit_image(
    image: Image,
    target_width: FullSide = 512,
    target_height: FullSide = 512,
    padding_color: Literal["white", "black"] = "white",
    interpolation: Literal["area", "bicubic", "nearest-exact", "bilinear", "lanczos"] = "area",
) -> Image:
    """Fit pictures into a size with their proportions kept, in the middle of a plain ground.

    Args:
        target_width: In pixels.
        target_height: In pixels.
        padding_color: Of the ground.
        interpolation: How the pictures are resized.
    """
    batch, height, width, channels = image.pixels.shape
    factor = min(target_width / width, target_height / height)
    inner_width, inner_height = (max(1, int(side * factor)) for side in (width, height))
    ground = torch.full((batch, target_height, target_width, channels), float(padding_color == "white"))
    left, top = (target_width - inner_width) // 2, (target_height - inner_height) // 2
    ground[:, top : top + inner_height, left : left + inner_width] = scaled(
        image.pixels, inner_width, inner_height, interpolation
    )
    return Image(ground)


class Size(NamedTuple):
    """How large pictures are, in pixels, and how many they are."""

    width: int
    height: int
    batch_size: int


@node("GetImageSize", title="Get image size", category="image", facts=images.measured)
def image_size(image: Image, *, ctx: Context = NULL_CONTEXT) -> Size:
    """How large pictures are, and how many."""
    batch, height, width, _ = image.pixels.shape
    ctx.tell("progress_text", f"width: {width}, height: {height}\n batch size: {batch}".encode())
    return Size(width, height, batch)


def scaled(pixels: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Pixels (b, h, w, c) in another size."""
    return resized(pixels.movedim(-1, 1), width, height, method, crop).movedim(1, -1).contiguous()
