"""Arithmetic with latents, and laying one over another."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from engine.api import Range, node
from nodes.composite import laid_over
from nodes.facts import latents
from nodes.latent import filled
from nodes.port_types import Latent, Mask
from nodes.resize import like, repeated
from nodes.widgets import CellSide, Share


@node("LatentAdd", title="Latent add", category="latent/advanced", facts=latents.same_as_first)
def add_latents(samples1: Latent, samples2: Latent) -> Latent:
    """Add two latents; the second takes on the size of the first."""
    first, second = _fitted(samples1, samples2)
    return changed(first, first.samples + second)


@node("LatentSubtract", title="Latent subtract", category="latent/advanced", facts=latents.same_as_first)
def subtract_latents(samples1: Latent, samples2: Latent) -> Latent:
    """Subtract the second latent from the first, whose size it takes on."""
    first, second = _fitted(samples1, samples2)
    return changed(first, first.samples - second)


@node("LatentMultiply", title="Latent multiply", category="latent/advanced", facts=latents.same)
def multiply_latent(
    samples: Latent, multiplier: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0
) -> Latent:
    """Multiply a latent by a number.

    Args:
        multiplier: By what.
    """
    return changed(samples, samples.samples * multiplier)


@node(
    "LatentInterpolate", title="Latent interpolate", category="latent/advanced", facts=latents.same_as_first
)
def interpolate_latents(samples1: Latent, samples2: Latent, ratio: Share = 1.0) -> Latent:
    """Mix two latents by direction and by length, each for itself, so that the mixture is no greyer than they are.

    Args:
        ratio: How much of the first; 1 is the first alone.
    """
    first, second = _fitted(samples1, samples2)
    both = (first.samples, second)
    lengths = [one.norm(dim=1, keepdim=True) for one in both]
    units = [torch.nan_to_num(one / length) for one, length in zip(both, lengths, strict=True)]
    mixed = units[0] * ratio + units[1] * (1 - ratio)
    unit = torch.nan_to_num(mixed / mixed.norm(dim=1, keepdim=True))
    return changed(first, unit * (lengths[0] * ratio + lengths[1] * (1 - ratio)))


@node("LatentBlend", title="Latent blend", category="_for_testing", facts=latents.same_as_first)
def blend_latents(samples1: Latent, samples2: Latent, blend_factor: Share = 0.5) -> Latent:
    """Mix two latents.

    Args:
        blend_factor: How much of the first.
    """
    first, second = _fitted(samples1, samples2, "bicubic")
    return changed(first, first.samples * blend_factor + second * (1 - blend_factor))


@node("LatentComposite", title="Latent composite", category="latent", facts=latents.laid_into)
def composite_latents(
    samples_to: Latent, samples_from: Latent, x: CellSide = 0, y: CellSide = 0, feather: CellSide = 0
) -> Latent:
    """Lay one latent over another; all in pixels.

    Args:
        samples_to: The lower one.
        samples_from: The upper one.
        x: Where it begins, from the left.
        y: Where it begins, from above.
        feather: How far it fades in along edges that lie inside of the lower one.
    """
    below, upper = filled(samples_to, samples_from), filled(samples_from, samples_to)
    factor, (_, _, height, width) = below.factor, below.samples.shape
    left, top, fade = x // factor, y // factor, feather // factor
    above = upper.samples[..., : max(height - top, 0), : max(width - left, 0)]
    opened = torch.ones(above.shape[-2:])
    rise = torch.arange(1, fade + 1) / max(fade, 1)
    for along, begin, whole in ((0, top, height), (1, left, width)):
        side = opened.shape[along]
        ramp = torch.ones(side)
        if begin:
            ramp[:fade] *= rise[:side]
        if begin + side < whole:
            ramp[max(side - fade, 0) :] *= rise[:side].flip(0)
        opened = opened * (ramp[:, None] if along == 0 else ramp)
    return changed(below, laid_over(below.samples, above, left, top, opened, resize=False))


@node("LatentCompositeMasked", title="Latent composite masked", category="latent", facts=latents.laid_over)
def composite_latents_masked(
    destination: Latent,
    source: Latent,
    x: CellSide = 0,
    y: CellSide = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """Lay one latent over another through a mask; places in pixels.

    Args:
        destination: The lower one.
        source: The upper one.
        x: Where it begins, from the left.
        y: Where it begins, from above.
        resize_source: Stretch the upper one over the whole lower one.
        mask: Where the upper one shows; everywhere without one.
    """
    below, above = filled(destination, source), filled(source, destination)
    left, top = x // below.factor, y // below.factor
    opened = None if mask is None else mask.values
    done = laid_over(below.samples, above.samples, left, top, opened, resize=resize_source)
    return changed(below, done)


def changed(latent: Latent, samples: Tensor) -> Latent:
    """The latent with other samples; an empty one is empty no more, unless these are all zeros too."""
    canvas = None if bool(samples.any()) else latent.canvas
    return replace(latent, samples=samples, canvas=canvas, past=())


def _fitted(first: Latent, second: Latent, method: str = "bilinear") -> tuple[Latent, Tensor]:
    """Both so that they can be reckoned with: the second in the size and number of the first."""
    first, second = filled(first, second), filled(second, first)
    return first, repeated(like(second.samples, first.samples, method), len(first.samples))
