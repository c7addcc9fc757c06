"""A small feature net for Shapeland: stands in for LPIPS' VGG and FID's Inception, whose weights cannot be shipped."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.shapeland.scene import BACKGROUNDS, COLOURS, SHAPES, Scene

CELLS = 3
KINDS = 1 + len(SHAPES) * len(COLOURS)
WIDTHS = (32, 64, 96, 128)


class FeatureNet(nn.Module):
    """Four strided convolutions that name what stands in each of the nine cells, and the background."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, *WIDTHS)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.GroupNorm(8, b), nn.SiLU())
            for a, b in pairwise(widths)
        )
        self.things = nn.Conv2d(WIDTHS[-1], KINDS, 1)
        self.background = nn.Linear(WIDTHS[-1], len(BACKGROUNDS))

    def features(self, pixels: Tensor) -> list[Tensor]:
        """The maps after each stage, finest first; pixels (b, 3, h, w) in -1..1."""
        maps = []
        for stage in self.stages:
            pixels = stage(pixels)
            maps.append(pixels)
        return maps

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the nine cells (b, KINDS, 3, 3) and of the background (b, 3)."""
        last = self.features(pixels)[-1]
        cells = F.interpolate(last, size=(CELLS, CELLS), mode="bilinear", align_corners=False)
        return self.things(cells), self.background(last.mean(dim=(2, 3)))

    def loss(self, pixels: Tensor, scenes: list[Scene]) -> Tensor:
        """Cross-entropy of cells and background, summed."""
        cells, background = self(pixels)
        wanted_cells, wanted_background = cell_labels(scenes)
        return F.cross_entropy(cells, wanted_cells) + F.cross_entropy(background, wanted_background)


def cell_labels(scenes: list[Scene]) -> tuple[Tensor, Tensor]:
    """What stands in each cell (b, 3, 3), 0 for nothing, and the background's index (b,)."""
    shapes, colours, backgrounds = list(SHAPES), list(COLOURS), list(BACKGROUNDS)
    cells = torch.zeros(len(scenes), CELLS, CELLS, dtype=torch.long)
    for index, scene in enumerate(scenes):
        for thing in scene.things:
            kind = 1 + shapes.index(thing.shape) * len(colours) + colours.index(thing.colour)
            cells[index, thing.row, thing.column] = kind
    return cells, torch.tensor([backgrounds.index(scene.background) for scene in scenes])


def perceptual_distance(net: FeatureNet, a: Tensor, b: Tensor) -> Tensor:
    """How different two pictures look to the net, (n,): squared distance of unit features, as LPIPS without weights."""
    total = a.new_zeros(a.shape[0])
    for x, y in zip(net.features(a), net.features(b), strict=True):
        total = total + (F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean((1, 2))
    return total
