"""What a model is told, combined and confined: to an area, a mask, a part of the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import Range, node
from ldm.diffusion.condition import Area, Condition
from ldm.diffusion.vectors import POOLED
from nodes.facts import conditioning as told
from nodes.port_types import Conditioning, Mask
from nodes.widgets import LARGEST, CellSide, Share

AreaSide = Annotated[int, Range(64, LARGEST, step=8)]
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]


@node("ConditioningCombine", title="Conditioning (combine)", category="conditioning", facts=told.combined)
def combine(conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Tell the model two things at once; its guesses under each are averaged."""
    return Conditioning(conditioning_1.entries + conditioning_2.entries)


@node("ConditioningAverage", title="Conditioning (average)", category="conditioning", facts=told.averaged)
def average(
    conditioning_to: Conditioning, conditioning_from: Conditioning, conditioning_to_strength: Share = 1.0
) -> Conditioning:
    """Mix two conditionings into one that lies between them.

    Args:
        conditioning_to: Each of its entries is mixed.
        conditioning_from: With its first entry.
        conditioning_to_strength: How much of `conditioning_to`.
    """
    other = conditioning_from.entries[0]

    def mixed(one: Condition) -> Condition:
        share = conditioning_to_strength
        context = one.context * share + _of_length(other.context, one.context.shape[1]) * (1 - share)
        facts = dict(one.facts)
        theirs, ours = other.facts.get(POOLED), one.facts.get(POOLED, other.facts.get(POOLED))
        if isinstance(theirs, Tensor) and isinstance(ours, Tensor):
            facts[POOLED] = ours * share + theirs * (1 - share)
        return replace(one, context=context, facts=facts)

    return _each(conditioning_to, mixed)


def _of_length(context: Tensor, length: int) -> Tensor:
    """A context with so many tokens: cut, or filled up with zeros."""
    return F.pad(context[:, :length], (0, 0, 0, max(length - context.shape[1], 0)))


@node("ConditioningConcat", title="Conditioning (concat)", category="conditioning", facts=told.joined)
def concat(conditioning_to: Conditioning, conditioning_from: Conditioning) -> Conditioning:
    """Put the words of one conditioning behind those of another, so that the model reads both as one text.

    Args:
        conditioning_to: Each of its entries becomes longer.
        conditioning_from: By its first entry.
    """
    other = conditioning_from.entries[0].context
    return _each(conditioning_to, lambda one: replace(one, context=torch.cat([one.context, other], dim=1)))


@node("ConditioningSetArea", title="Conditioning (set area)", category="conditioning", facts=told.same)
def set_area(
    conditioning: Conditioning,
    width: AreaSide = 64,
    height: AreaSide = 64,
    x: CellSide = 0,
    y: CellSide = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a conditioning count in a rectangle only; all in pixels.

    Args:
        x: Where it begins, from the left.
        y: Where it begins, from above.
        strength: How much it counts beside others in the same place.
    """
    area = Area(height, width, y, x)
    return _each(conditioning, lambda one: replace(one, area=area, strength=strength, mask_box=False))


@node(
    "ConditioningSetAreaPercentage",
    title="Conditioning (set area with percentage)",
    category="conditioning",
    facts=told.same,
)
def set_area_share(
    conditioning: Conditioning,
    width: Share = 1.0,
    height: Share = 1.0,
    x: Share = 0.0,
    y: Share = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a conditioning count in a rectangle only; all in shares of the picture.

    Args:
        x: Where it begins, from the left.
        y: Where it begins, from above.
        strength: How much it counts beside others in the same place.
    """
    area = Area(height, width, y, x, relative=True)
    return _each(conditioning, lambda one: replace(one, area=area, strength=strength, mask_box=False))


@node(
    "ConditioningSetAreaStrength",
    title="Conditioning (set area strength)",
    category="conditioning",
    facts=told.same,
)
def set_strength(conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Set how much a conditioning counts beside others in the same place.

    Args:
        strength: How much.
    """
    return _each(conditioning, lambda one: replace(one, strength=strength))


@node("ConditioningSetMask", title="Conditioning (set mask)", category="conditioning", facts=told.same)
def set_mask(
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Literal["default", "mask bounds"] = "default",
) -> Conditioning:
    """Let a conditioning count only where a mask is open.

    Args:
        mask: Stretched over the picture.
        strength: How much it counts beside others in the same place.
        set_cond_area: "mask bounds": the model sees only the rectangle around the mask.
    """
    values = mask.values.reshape(-1, *mask.values.shape[-2:])
    box = set_cond_area != "default"
    return _each(conditioning, lambda one: replace(one, mask=values, mask_strength=strength, mask_box=box))


@node(
    "ConditioningSetTimestepRange",
    title="Conditioning (set timestep range)",
    category="advanced/conditioning",
    facts=told.same,
)
def set_range(conditioning: Conditioning, start: Moment = 0.0, end: Moment = 1.0) -> Conditioning:
    """Let a conditioning count on a part of the way only.

    Args:
        start: Where on the way it begins to count; 0 is pure noise.
        end: Where it ceases to; 1 is the picture.
    """
    return _each(conditioning, lambda one: replace(one, start=start, end=end))


@node(
    "ConditioningZeroOut", title="Conditioning (zero out)", category="advanced/conditioning", facts=told.same
)
def zero_out(conditioning: Conditioning) -> Conditioning:
    """Tell the model nothing at all: a conditioning of the same shape, all zeros."""

    def emptied(one: Condition) -> Condition:
        facts = dict(one.facts)
        pooled = facts.get(POOLED)
        if isinstance(pooled, Tensor):
            facts[POOLED] = torch.zeros_like(pooled)
        return replace(one, context=torch.zeros_like(one.context), facts=facts)

    return _each(conditioning, emptied)


def _each(conditioning: Conditioning, change: Callable[[Condition], Condition]) -> Conditioning:
    return Conditioning(tuple(change(one) for one in conditioning.entries))
