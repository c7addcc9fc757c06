"""Shapes in pictures: growing and shrinking what is bright, and finding edges."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import Range, node
from nodes.port_types import Image

Operation = Literal["erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat"]
Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]


@node("Morphology", title="Image morphology", category="image/postprocessing")
def morphology(
    image: Image,
    operation: Operation = "erode",
    kernel_size: Annotated[int, Range(3, 999)] = 3,
) -> Image:
    """Grow or shrink what is bright, by a square brush.

    Args:
        operation: "open" removes small bright spots and "close" small dark ones, the hats keep just those; "gradient"
            gives outlines.
        kernel_size: Of the brush, in pixels.
    """
    pixels = image.pixels.movedim(-1, 1)
    return Image(_brushed(pixels, operation, kernel_size).movedim(1, -1).contiguous())


def _brushed(values: Tensor, operation: Operation, size: int) -> Tensor:
    match operation:
        case "erode":
            return _eroded(values, size)
        case "dilate":
            return _dilated(values, size)
        case "open":
            return _dilated(_eroded(values, size), size)
        case "close":
            return _eroded(_dilated(values, size), size)
        case "gradient":
            return _dilated(values, size) - _eroded(values, size)
        case "bottom_hat":
            return _eroded(_dilated(values, size), size) - values
        case "top_hat":
            return values - _dilated(_eroded(values, size), size)


def _dilated(values: Tensor, size: int) -> Tensor:
    """The brightest below the brush; beyond the edges there is nothing. Down and across are taken apart."""
    before, behind = size // 2, size - size // 2 - 1
    across = F.max_pool2d(F.pad(values, (before, behind, 0, 0), value=-math.inf), (1, size), stride=1)
    return F.max_pool2d(F.pad(across, (0, 0, before, behind), value=-math.inf), (size, 1), stride=1)


def _eroded(values: Tensor, size: int) -> Tensor:
    return -_dilated(-values, size)


@node("Canny", title="Canny edges", category="image/preprocessors")
def canny(image: Image, low_threshold: Threshold = 0.4, high_threshold: Threshold = 0.8) -> Image:
    """Draw the edges of pictures, white on black (Canny 1986).

    Args:
        low_threshold: Edges weaker than this are dropped.
        high_threshold: Edges weaker than this are kept only where they go on from stronger ones.
    """
    if low_threshold > high_threshold:
        raise ValueError(
            f"The low threshold is {low_threshold:g}, above the high one of {high_threshold:g}. Swap the two."
        )
    red, green, blue = image.pixels[..., :3].movedim(-1, 0)[:, :, None]
    strength, direction = _gradient(_softened(0.299 * red + 0.587 * green + 0.114 * blue))
    strength = strength * _is_ridge(strength, direction)
    edges = _connected(strength > low_threshold, strength > high_threshold)
    return Image(edges.float().movedim(1, -1).expand(-1, -1, -1, 3).contiguous())


def _softened(grey: Tensor) -> Tensor:
    """Under a bell of 5 x 5 pixels with sigma 1."""
    bell = (-(torch.arange(-2.0, 3.0).square()) / 2).exp()
    bell = bell / bell.sum()
    padded = F.pad(grey, (2, 2, 2, 2), mode="reflect")
    return F.conv2d(F.conv2d(padded, bell[None, None, None, :]), bell[None, None, :, None])


def _gradient(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Sobel's slope: how steep, and in which of 8 directions, counted from the right, clockwise."""
    sobel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])
    padded = F.pad(grey, (1, 1, 1, 1), mode="replicate")
    across, down = (F.conv2d(padded, kernel[None, None]) for kernel in (sobel, sobel.T))
    strength = (across.square() + down.square() + 1e-6).sqrt()
    return strength, (torch.atan2(down, across) * (4 / math.pi)).round().long() % 8


def _is_ridge(strength: Tensor, direction: Tensor) -> Tensor:
    """Where it is steeper than on both sides along the slope."""
    height, width = strength.shape[-2:]
    padded = F.pad(strength, (1, 1, 1, 1))
    steps = ((0, 1), (1, 1), (1, 0), (1, -1))
    ridge = torch.zeros_like(strength, dtype=torch.bool)
    for index, (down, across) in enumerate(steps):
        ahead, behind = (
            padded[
                ..., 1 + sign * down : 1 + sign * down + height, 1 + sign * across : 1 + sign * across + width
            ]
            for sign in (1, -1)
        )
        ridge |= (direction % 4 == index) & (strength > ahead) & (strength > behind)
    return ridge


def _connected(weak: Tensor, strong: Tensor) -> Tensor:
    """The strong ones, and those weak ones that hang together with them."""
    while True:
        grown = _dilated(strong.float(), 3).bool() & weak
        if torch.equal(grown, strong):
            return strong
        strong = grown
