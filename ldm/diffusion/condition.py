"""What a model is told, and where, when and how strongly that counts; several of them make a picture together.

A condition speaks of pixels and of shares; `placed` turns it into cells and noise levels for one run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.diffusion.control import Control, followed
from ldm.diffusion.denoiser import Given
from ldm.diffusion.schedule import Schedule
from ldm.spec import Beside

FEATHER = 8  # cells over which an area fades out towards the rest of the picture
SMALLEST = 8  # cells along each side of the box around a mask, at least


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in pixels; `relative`: in shares of the whole picture."""

    height: float
    width: float
    top: float
    left: float
    relative: bool = False


@dataclass(frozen=True, slots=True)
class ImageTold:
    """A picture that an unCLIP model is told: CLIP's vector of it (b, width), how much it counts, how rough it is."""

    vector: Tensor
    strength: float = 1.0
    roughness: float = 0.0


@dataclass(frozen=True, slots=True)
class Condition:
    """A context (1 or b, m, d) that counts in an area and where a mask (1 or b, h, w) is, from `start` to `end`.

    `start` and `end` are shares of the way from noise to picture. `mask_box`: only the box around the mask is looked
    at, and not the whole picture. `beside` are maps (1 or b, c, h, w) that a model is shown beside the latent, by what
    they are. `images` are pictures that it is told besides, `control` those that ControlNets make it follow. `facts`
    are what others say of the condition; they are passed on untouched.
    """

    context: Tensor
    area: Area | None = None
    strength: float = 1.0
    mask: Tensor | None = None
    mask_strength: float = 1.0
    mask_box: bool = False
    start: float = 0.0
    end: float = 1.0
    beside: Mapping[Beside, Tensor] = field(default_factory=dict)
    images: tuple[ImageTold, ...] = ()
    control: tuple[Control, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in cells."""

    top: int
    left: int
    height: int
    width: int

    def holds(self, other: Box) -> bool:
        """Whether the other lies inside of this one."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and self.top + self.height >= other.top + other.height
            and self.left + self.width >= other.left + other.width
        )

    def of(self, x: Tensor) -> Tensor:
        """That part of x (..., h, w)."""
        return x[..., self.top : self.top + self.height, self.left : self.left + self.width]


@dataclass(frozen=True, slots=True)
class Placed:
    """A condition of one run: what the model is given, where (None: everywhere), how much, and at which levels."""

    given: Given
    box: Box | None
    weight: Tensor | None
    highest: float
    lowest: float

    def counts_at(self, sigma: float) -> bool:
        """Whether it has a say at this noise level."""
        return self.lowest <= sigma <= self.highest

    def to(self, device: torch.device | str) -> Placed:
        """The same on another device."""
        weight = None if self.weight is None else self.weight.to(device)
        return replace(self, given=self.given.changed(lambda one: one.to(device)), weight=weight)


def placed(
    condition: Condition, height: int, width: int, factor: int, schedule: Schedule, given: Given | None = None
) -> Placed:
    """Turn a condition into cells and noise levels.

    Args:
        condition: What is told.
        height: Of the latent, in cells.
        width: Of the latent, in cells.
        factor: How many pixels a cell spans.
        schedule: Says which noise level lies at which share of the way.
        given: What the model is given under it; by default its context alone.
    """
    mask = None if condition.mask is None else _mask_in_cells(condition.mask, height, width)
    box = _box(condition.area, height, width, factor)
    if mask is not None and condition.mask_box:
        box = _box_around(mask)
    if box is not None:
        box = _inside(box, height, width)
    given = given or Given(condition.context)
    return Placed(
        replace(given, control=followed(condition.control, height, width, schedule)),
        box,
        _weight(condition, box, mask, height, width),
        schedule.sigma_at(condition.start),
        schedule.sigma_at(condition.end),
    )


def matched(groups: Sequence[tuple[Placed, ...]]) -> tuple[tuple[Placed, ...], ...]:
    """The groups, each with a counterpart for every area that another has."""
    found = list(groups)
    for here in reversed(range(len(found))):
        for there in range(len(found)):
            if there != here:
                found[there] = with_counterparts(found[there], found[here])
    return tuple(found)


def with_counterparts(conditions: Sequence[Placed], others: Sequence[Placed]) -> tuple[Placed, ...]:
    """The conditions, and for each area of the others one with the same area, so that guidance compares like with like.

    What it is told there comes from the smallest of `conditions` whose area holds the new one.
    """
    found = list(conditions)
    for other in others:
        if other.box is None:
            continue
        around = [one for one in found if one.box is None or one.box.holds(other.box)]
        nearest = min(around, key=_cells, default=None)
        if nearest is not None and nearest.box != other.box:
            found.append(replace(other, given=nearest.given))
    return tuple(found)


def _cells(one: Placed) -> float:
    return math.inf if one.box is None else one.box.height * one.box.width


def _box(area: Area | None, height: int, width: int, factor: int) -> Box | None:
    if area is None:
        return None
    if area.relative:
        return Box(
            round(area.top * height),
            round(area.left * width),
            max(1, round(area.height * height)),
            max(1, round(area.width * width)),
        )
    return Box(*(int(side) // factor for side in (area.top, area.left, area.height, area.width)))


def _inside(box: Box, height: int, width: int) -> Box:
    if box.top >= height or box.left >= width:
        raise ValueError(
            f"An area of the conditioning begins at cell {box.left}, {box.top}, but the latent has only "
            f"{width} x {height} cells. Move the area into the picture, or make the picture larger."
        )
    return Box(box.top, box.left, min(box.height, height - box.top), min(box.width, width - box.left))


def _mask_in_cells(mask: Tensor, height: int, width: int) -> Tensor:
    mask = mask.reshape(-1, *mask.shape[-2:])
    if mask.shape[-2:] == (height, width):
        return mask
    return F.interpolate(mask[:, None], size=(height, width), mode="bilinear", align_corners=False)[:, 0]


def _box_around(mask: Tensor) -> Box:
    marked = mask.abs().amax(dim=0) > 0
    if not bool(marked.any()):
        return Box(0, 0, SMALLEST, SMALLEST)
    rows, columns = marked.any(dim=1).nonzero(), marked.any(dim=0).nonzero()
    top, left = int(rows[0]), int(columns[0])
    return Box(top, left, max(SMALLEST, int(rows[-1]) - top + 1), max(SMALLEST, int(columns[-1]) - left + 1))


def _weight(
    condition: Condition, box: Box | None, mask: Tensor | None, height: int, width: int
) -> Tensor | None:
    """How much it counts in each cell of its box, (1 or b, 1, h, w); None: 1 everywhere."""
    if mask is not None:
        seen = mask if box is None else box.of(mask)
        return seen[:, None] * (condition.mask_strength * condition.strength)
    if box is None:
        return None if condition.strength == 1.0 else torch.full((1, 1, height, width), condition.strength)
    down = _fade(box.top, box.height, height)
    across = _fade(box.left, box.width, width)
    return (down[:, None] * across * condition.strength)[None, None]


def _fade(first: int, length: int, whole: int) -> Tensor:
    """1 along a side, falling towards those ends that are not the picture's own."""
    ramp = min(FEATHER, length // 4)
    weight = torch.ones(length)
    rising = torch.arange(1, ramp + 1) / max(ramp, 1)
    if first != 0:
        weight[:ramp] *= rising
    if first + length < whole:
        weight[length - ramp :] *= rising.flip(0)
    return weight
