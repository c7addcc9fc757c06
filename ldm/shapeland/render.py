"""Draws scenes as anti-aliased pictures, and as maps of which shape covers each pixel.

The shapes themselves are in `outline`. Things are drawn a shape at a time over the whole batch, since the
distance function is what differs, and then laid over each other in the order of the scene.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from ldm.shapeland.outline import OUTLINES
from ldm.shapeland.scene import BACKGROUNDS, CANVAS, COLOURS, SHAPES, Scene


def render(scenes: Sequence[Scene], size: int = CANVAS) -> Tensor:
    """Draw scenes as pictures.

    Args:
        scenes: what to draw; later things cover earlier ones.
        size: side of the pictures in pixels. Everything scales with it but the one-pixel soft edge.

    Returns:
        (b, 3, size, size) float32 in -1..1; (0, 3, size, size) for no scenes.
    """
    background = torch.tensor([BACKGROUNDS[scene.background] for scene in scenes]).reshape(-1, 3, 1, 1)
    pictures = background.expand(-1, -1, size, size).clone()
    cover = _cover(scenes, size)
    for layer in range(cover.shape[0]):
        rows = [index for index, scene in enumerate(scenes) if len(scene.things) > layer]
        colours = torch.tensor([COLOURS[scenes[row].things[layer].colour] for row in rows])
        below = pictures[rows]
        pictures[rows] = torch.lerp(below, colours[:, :, None, None], cover[layer, rows, None])
    return pictures.mul_(2).sub_(1)


def class_map(scenes: Sequence[Scene], size: int = CANVAS) -> Tensor:
    """Say which shape covers each pixel: the map that semantic synthesis is conditioned on.

    Returns:
        (b, size, size) int64: 0 is background, 1..5 the position in `SHAPES` plus one. A pixel belongs to the
        topmost thing that covers at least half of it.
    """
    classes = torch.zeros(len(scenes), size, size, dtype=torch.int64)
    for layer, cover in enumerate(_cover(scenes, size)):
        names = [scene.things[layer].shape if len(scene.things) > layer else SHAPES[0] for scene in scenes]
        numbers = torch.tensor([SHAPES.index(name) + 1 for name in names])
        classes = torch.where(cover >= 0.5, numbers[:, None, None], classes)
    return classes


def _cover(scenes: Sequence[Scene], size: int) -> Tensor:
    """Give how much of each pixel each thing covers: (things, b, size, size), 0..1, 0 where there is none."""
    scale = size / CANVAS
    pixel = torch.arange(size) + 0.5
    layers = max((len(scene.things) for scene in scenes), default=0)
    cover = torch.zeros(layers, len(scenes), size, size)
    for shape, outline in OUTLINES.items():
        found = [
            (layer, row, *thing.centre, thing.radius)
            for row, scene in enumerate(scenes)
            for layer, thing in enumerate(scene.things)
            if thing.shape == shape
        ]
        if not found:
            continue
        layer_of, row_of, *geometry = zip(*found, strict=True)
        x, y, radius = (torch.tensor(values)[:, None, None] * scale for values in geometry)
        # The usual box-filter estimate: a pixel whose centre is on the outline is half covered.
        distance = outline(pixel[None, None, :] - x, pixel[None, :, None] - y, radius)
        cover[list(layer_of), list(row_of)] = (0.5 - distance).clamp(0, 1)
    return cover
