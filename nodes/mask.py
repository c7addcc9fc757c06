"""Masks: from pictures and back, plain ones, and what can be done with them."""

from __future__ import annotations

from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import Context, Published, Range, node
from nodes.facts import images
from nodes.port_types import Image, Mask
from nodes.resize import repeated
from nodes.saving import publish_preview
from nodes.widgets import LARGEST, Colour, FullSide, Share, Side

CHANNELS = ("red", "green", "blue", "alpha")


@node("MaskToImage", title="Convert mask to image", category="mask", facts=images.picture_of_mask)
def mask_to_image(mask: Mask) -> Image:
    """Show a mask as a grey picture."""
    return Image(layers(mask)[..., None].expand(-1, -1, -1, 3).contiguous())


@node("ImageToMask", title="Convert image to mask", category="mask", facts=images.channel_of_picture)
def image_to_mask(image: Image, channel: Literal["red", "green", "blue", "alpha"] = "red") -> Mask:
    """Take one channel of a picture as a mask.

    Args:
        channel: Which one.
    """
    place = CHANNELS.index(channel)
    if place >= image.pixels.shape[-1]:
        raise ValueError(
            f"The picture has {image.pixels.shape[-1]} channels and no {channel}. "
            "Take red, green or blue, or the mask that Load image gives."
        )
    return Mask(image.pixels[..., place].contiguous())


@node("ImageColorToMask", title="Image color to mask", category="mask", facts=images.mask_of_picture)
def colour_to_mask(image: Image, color: Colour = 0) -> Mask:
    """Find where a picture has exactly one colour.

    Args:
        color: As 0xRRGGBB.
    """
    whole = (image.pixels[..., :3].clamp(0, 1) * 255).round().int()
    packed = (whole[..., 0] << 16) + (whole[..., 1] << 8) + whole[..., 2]
    return Mask((packed == color).float())


@node("SolidMask", title="Solid mask", category="mask", facts=images.solid_mask)
def solid_mask(value: Share = 1.0, width: FullSide = 512, height: FullSide = 512) -> Mask:
    """A mask that is the same everywhere.

    Args:
        value: 0 is closed, 1 open.
    """
    return Mask(torch.full((1, height, width), value))


@node("InvertMask", title="Invert mask", category="mask", facts=images.same_mask)
def invert_mask(mask: Mask) -> Mask:
    """Open what is closed, and close what is open."""
    return Mask(1 - mask.values)


@node("CropMask", title="Crop mask", category="mask", facts=images.cropped_mask)
def crop_mask(mask: Mask, x: Side = 0, y: Side = 0, width: FullSide = 512, height: FullSide = 512) -> Mask:
    """Cut a rectangle out of a mask.

    Args:
        x: Where it begins, from the left.
        y: Where it begins, from above.
    """
    values = layers(mask)
    left, top = min(x, values.shape[2] - 1), min(y, values.shape[1] - 1)
    return Mask(values[:, top : top + height, left : left + width])


@node("MaskComposite", title="Mask composite", category="mask", facts=images.combined_masks)
def composite_masks(
    destination: Mask,
    source: Mask,
    x: Side = 0,
    y: Side = 0,
    operation: Literal["multiply", "add", "subtract", "and", "or", "xor"] = "multiply",
) -> Mask:
    """Combine a mask with another that is laid over it.

    Args:
        destination: The lower one.
        source: The upper one.
        x: Where it begins, from the left.
        y: Where it begins, from above.
        operation: How; the last three take what is half open for open.
    """
    out, above = layers(destination), layers(source)
    count = max(len(out), len(above))
    out, above = repeated(out, count).clone(), repeated(above, count)
    height, width = (max(min(side, whole - begin), 0) for side, whole, begin in zip(
        above.shape[1:], out.shape[1:], (y, x), strict=True
    ))  # fmt: skip
    place = (slice(None), slice(y, y + height), slice(x, x + width))
    out[place] = _combined(out[place], above[:, :height, :width], operation)
    return Mask(out.clamp(0, 1))


def _combined(low: Tensor, high: Tensor, operation: str) -> Tensor:
    match operation:
        case "multiply":
            return low * high
        case "add":
            return low + high
        case "subtract":
            return low - high
        case "and":
            return (low.round().bool() & high.round().bool()).float()
        case "or":
            return (low.round().bool() | high.round().bool()).float()
        case _:
            return (low.round().bool() ^ high.round().bool()).float()


@node("FeatherMask", title="Feather mask", category="mask", facts=images.same_mask)
def feather_mask(mask: Mask, left: Side = 0, top: Side = 0, right: Side = 0, bottom: Side = 0) -> Mask:
    """Let a mask fade out towards its edges.

    Args:
        left: Over so many pixels.
        top: Over so many pixels.
        right: Over so many pixels.
        bottom: Over so many pixels.
    """
    values = layers(mask)
    down = _fade(values.shape[1], top, bottom)
    across = _fade(values.shape[2], left, right)
    return Mask(values * down[:, None] * across)


def _fade(side: int, before: int, behind: int) -> Tensor:
    before, behind = min(before, side), min(behind, side)
    ramp = torch.ones(side)
    ramp[:before] *= torch.arange(1, before + 1) / max(before, 1)
    ramp[side - behind :] *= torch.arange(behind, 0, -1) / max(behind, 1)
    return ramp


@node("GrowMask", title="Grow mask", category="mask", facts=images.same_mask)
def grow_mask(
    mask: Mask, expand: Annotated[int, Range(-LARGEST, LARGEST)] = 0, tapered_corners: bool = True
) -> Mask:
    """Grow or shrink what is open.

    Args:
        expand: By so many pixels; below 0 it shrinks.
        tapered_corners: Grow into a diamond instead of a square.
    """
    values = layers(mask)[:, None]
    values = -values if expand < 0 else values
    for _ in range(abs(expand)):
        grown = _grown(values, tapered=tapered_corners)
        if torch.equal(grown, values):
            break
        values = grown
    return Mask((-values if expand < 0 else values)[:, 0])


def _grown(values: Tensor, *, tapered: bool) -> Tensor:
    if not tapered:
        return F.max_pool2d(values, 3, stride=1, padding=1)
    down = F.max_pool2d(values, (3, 1), stride=1, padding=(1, 0))
    return torch.maximum(down, F.max_pool2d(values, (1, 3), stride=1, padding=(0, 1)))


@node("ThresholdMask", title="Threshold mask", category="mask", facts=images.same_mask)
def threshold_mask(mask: Mask, value: Share = 0.5) -> Mask:
    """Open a mask wholly where it is open enough, and close it elsewhere.

    Args:
        value: How much is enough.
    """
    return Mask((mask.values > value).float())


@node("MaskPreview", title="Preview mask", category="mask")
def preview_mask(mask: Mask, *, ctx: Context) -> Published:
    """Show a mask as a grey picture, without keeping it."""
    return publish_preview(mask_to_image(mask), ctx)


def layers(mask: Mask) -> Tensor:
    """The mask's values as (b, h, w), a single one too."""
    return mask.values.reshape(-1, *mask.values.shape[-2:])
