"""Reads Shapeland pictures back into words: what is there, in which colour and size, and in which cell.

No learned parts, so the reading cannot drift with training. `blobs` finds connected pixels of one colour; the
outline that fits a blob's box best names the shape. Comparing with what was asked is in `adherence`.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from ldm.shapeland.blobs import Blob, Box, Mask, find_blobs, nearest_palette_entry
from ldm.shapeland.outline import OUTLINES
from ldm.shapeland.scene import BACKGROUNDS, CANVAS, CELL, COLOURS, RADII

COLOUR_NAMES = tuple(COLOURS)
GROUND_NAMES = tuple(BACKGROUNDS)
SHAPE_NAMES = tuple(OUTLINES)
# Half way between the largest small radius and the smallest large one.
SIZE_LIMIT = (RADII["small"][1] + RADII["large"][0]) / 2
# Pictures read at once: bounds the memory of the per-pixel colour scores to about 40 MB.
CHUNK = 256
# Samples across 2.2 radii when a unit shape's box is measured: finer than any box in a picture.
TEMPLATE_DETAIL = 512


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing found in a picture; `box` is (left, top, right, bottom) in pixels, the last two excluded."""

    shape: str
    colour: str
    size: str
    row: int
    column: int
    box: Box


@dataclass(frozen=True, slots=True)
class Parsed:
    """What one picture shows: its background and the things on it, the one with most pixels first."""

    background: str
    things: tuple[Seen, ...]


def parse(images: Tensor) -> list[Parsed]:
    """Read what each picture shows.

    Args:
        images: (b, 3, 64, 64), -1..1; a pixel outside that range is read as the nearest palette colour too.

    Returns:
        One `Parsed` per picture. Anything is read as something: a picture of noise gives a background and
        whatever things its blobs resemble.

    Raises:
        ValueError: if `images` has another shape (thresholds are in pixels of the 64-pixel canvas), or holds
            NaN or infinity, which would be read as red.
    """
    if tuple(images.shape[1:]) != (3, CANVAS, CANVAS):
        raise ValueError(
            f"parse expects images of shape (b, 3, {CANVAS}, {CANVAS}), got {tuple(images.shape)}: "
            "resize them first"
        )
    if not images.isfinite().all():
        bad = int((~images.isfinite()).flatten(1).any(1).sum())
        raise ValueError(
            f"parse expects finite pixels, got NaN or infinity in {bad} of {len(images)} pictures"
        )
    chunks = (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))
    return [parsed for chunk in chunks for parsed in _parse_chunk(chunk.detach())]


def _parse_chunk(images: Tensor) -> list[Parsed]:
    names = nearest_palette_entry(((images.float() + 1) / 2).cpu().numpy())
    things: list[list[Seen]] = [[] for _ in names]
    for blob in find_blobs(names):
        things[blob.picture].append(_see(blob))
    area = [(names == entry).sum((1, 2)) for entry in range(len(COLOURS), len(COLOURS) + len(BACKGROUNDS))]
    grounds = np.argmax(area, axis=0)
    return [Parsed(GROUND_NAMES[g], tuple(seen)) for g, seen in zip(grounds, things, strict=True)]


def _see(blob: Blob) -> Seen:
    height, width = blob.mask.shape
    templates = _templates(height, width)
    overlap = (templates & blob.mask).sum((1, 2)) / (templates | blob.mask).sum((1, 2))
    shape = SHAPE_NAMES[int(overlap.argmax())]
    left, top, right, bottom = _unit_box(shape)
    # The larger of both estimates, because a neighbour or the picture's border can only cut a shape down.
    radius = max(width / (right - left), height / (bottom - top))
    x, y = blob.centre
    return Seen(
        shape=shape,
        colour=COLOUR_NAMES[blob.colour],
        size="small" if radius < SIZE_LIMIT else "large",
        row=int(y // CELL),
        column=int(x // CELL),
        box=blob.box,
    )


@cache
def _templates(height: int, width: int) -> Mask:
    """Give every shape stretched to fill a box: (shapes, height, width)."""
    masks = []
    for shape, outline in OUTLINES.items():
        left, top, right, bottom = _unit_box(shape)
        x = left + (torch.arange(width) + 0.5) / width * (right - left)
        y = top + (torch.arange(height) + 0.5) / height * (bottom - top)
        masks.append((outline(x[None, :], y[:, None], torch.tensor(1.0)) <= 0).numpy())
    return np.stack(masks)


@cache
def _unit_box(shape: str) -> tuple[float, float, float, float]:
    """Measure the box of a shape of radius one on a fine raster: (left, top, right, bottom)."""
    steps = torch.linspace(-1.1, 1.1, TEMPLATE_DETAIL)
    inside = OUTLINES[shape](steps[None, :], steps[:, None], torch.tensor(1.0)) <= 0
    x, y = steps[inside.any(0)], steps[inside.any(1)]
    return float(x[0]), float(y[0]), float(x[-1]), float(y[-1])
