"""Pictures with other colours, sharper, softer, noisier."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import Range, Seed, node
from ldm.diffusion.noise import noise_from_seed
from nodes.composite import same_channels
from nodes.facts import images
from nodes.port_types import Image
from nodes.resize import like
from nodes.saving import to_bytes
from nodes.widgets import Share

Radius = Annotated[int, Range(1, 31)]
Dither = Literal["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"]
HOME = "image/postprocessing"


@node("ImageInvert", title="Invert image", category="image", facts=images.same)
def invert_image(image: Image) -> Image:
    """Turn pictures into their negatives."""
    return Image(1 - image.pixels)


@node("ImageBlend", title="Blend images", category=HOME, facts=images.same_as_first)
def blend_images(
    image1: Image,
    image2: Image,
    blend_factor: Share = 0.5,
    blend_mode: Literal["normal", "multiply", "screen", "overlay", "soft_light", "difference"] = "normal",
) -> Image:
    """Mix two pictures; the second takes on the size of the first.

    Args:
        blend_factor: How much of the second.
        blend_mode: How the two make the second's colours.
    """
    first = image1.pixels
    second = same_channels(image2.pixels, first)
    second = like(second.movedim(-1, 1), first.movedim(-1, 1), "bicubic").movedim(1, -1)
    return Image(torch.lerp(first, _blended(first, second, blend_mode), blend_factor).clamp(0, 1))


def _blended(low: Tensor, high: Tensor, mode: str) -> Tensor:
    """The usual modes, as W3C's Compositing and Blending has them; `low` is the ground."""
    match mode:
        case "multiply":
            return low * high
        case "screen":
            return low + high - low * high
        case "overlay":
            return torch.where(low <= 0.5, 2 * low * high, 1 - 2 * (1 - low) * (1 - high))
        case "soft_light":
            lifted = torch.where(low <= 0.25, ((16 * low - 12) * low + 4) * low, low.clamp(min=0).sqrt())
            change = torch.where(high <= 0.5, low * (1 - low), lifted - low)
            return low + (2 * high - 1) * change
        case "difference":
            return low - high
        case _:
            return high


@node("ImageBlur", title="Blur image", category=HOME, facts=images.same)
def blur_image(
    image: Image, blur_radius: Radius = 1, sigma: Annotated[float, Range(0.1, 10.0, step=0.1)] = 1.0
) -> Image:
    """Soften pictures with a round bell.

    Args:
        blur_radius: How far the bell reaches, in pixels.
        sigma: How flat it is, in shares of the radius.
    """
    return Image(_filtered(image.pixels, _bell(blur_radius, sigma)))


@node("ImageSharpen", title="Sharpen image", category=HOME, facts=images.same)
def sharpen_image(
    image: Image,
    sharpen_radius: Radius = 1,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.01)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 1.0,
) -> Image:
    """Bring out what differs from its surroundings.

    Args:
        sharpen_radius: How far the surroundings reach, in pixels.
        sigma: How flat the bell over them is, in shares of the radius.
        alpha: How strongly.
    """
    kernel = -10 * alpha * _bell(sharpen_radius, sigma)
    kernel[sharpen_radius, sharpen_radius] += 1 - kernel.sum()
    return Image(_filtered(image.pixels, kernel).clamp(0, 1))


def _bell(radius: int, sigma: float) -> Tensor:
    along = torch.linspace(-1, 1, 2 * radius + 1)
    bell = (-(along[:, None].square() + along.square()) / (2 * sigma * sigma)).exp()
    return bell / bell.sum()


def _filtered(pixels: Tensor, kernel: Tensor) -> Tensor:
    """Each channel under a square kernel; the picture is mirrored at its edges."""
    channels, radius = pixels.shape[-1], len(kernel) // 2
    smallest = min(pixels.shape[1:3])
    if radius >= smallest:
        raise ValueError(
            f"The radius is {radius}, but the picture's shorter side has only {smallest} pixels. "
            f"Take a radius below {smallest}."
        )
    padded = F.pad(pixels.movedim(-1, 1), (radius,) * 4, mode="reflect")
    return F.conv2d(padded, kernel.expand(channels, 1, -1, -1), groups=channels).movedim(1, -1).contiguous()


@node("ImageQuantize", title="Quantize image", category=HOME, facts=images.same)
def quantize_image(
    image: Image, colors: Annotated[int, Range(1, 256)] = 256, dither: Dither = "none"
) -> Image:
    """Reduce pictures to a few colours, chosen for each.

    Args:
        colors: How many.
        dither: How colours between are imitated.
    """
    done = [_quantized(picture.convert("RGB"), colors, dither) for picture in to_bytes(image)]
    return Image(
        torch.from_numpy(np.stack([np.asarray(picture) for picture in done]).astype(np.float32) / 255)
    )


def _quantized(picture: PIL.Image.Image, colors: int, dither: Dither) -> PIL.Image.Image:
    palette = picture.quantize(colors=colors)
    method = PIL.Image.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else PIL.Image.Dither.NONE
    if dither.startswith("bayer"):
        picture = _with_pattern(picture, int(dither.split("-")[1]), len(palette.getpalette() or [0] * 3) // 3)
    return picture.quantize(colors=colors, palette=palette, dither=method).convert("RGB")


def _with_pattern(picture: PIL.Image.Image, order: int, colors: int) -> PIL.Image.Image:
    """The picture with a threshold pattern on it (Bayer 1973), as strong as neighbouring colours are apart."""
    values = np.asarray(picture, dtype=np.float32)
    pattern = 512 / colors * _bayer(int(math.log2(order))) + 0.5
    tiles = [-(-side // order) for side in values.shape[:2]]
    tiled = np.tile(pattern, tiles)[: values.shape[0], : values.shape[1], None]
    return PIL.Image.fromarray((values + tiled).clip(0, 255).astype(np.uint8))


def _bayer(doublings: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """The Bayer matrix of 2^n x 2^n places, centred on 0."""
    matrix = np.zeros((1, 1))
    for step in range(1, doublings + 1):
        inner = 4**step * matrix
        matrix = np.block([[inner - 1.5, inner + 0.5], [inner + 1.5, inner - 0.5]]) / 4**step
    return matrix


@node("ImageAddNoise", title="Add noise to image", category="image", facts=images.same)
def add_image_noise(image: Image, seed: Seed = 0, strength: Share = 0.5) -> Image:
    """Put grain on pictures.

    Args:
        seed: The same seed gives the same grain.
        strength: How much.
    """
    return Image((image.pixels + strength * noise_from_seed(image.pixels.shape, seed)).clamp(0, 1))
