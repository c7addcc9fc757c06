"""What changes how a model computes while it samples. Each node gives a new model; nothing is patched."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Annotated, Literal

import torch

from engine.api import Output, Range, node
from ldm.diffusion.changes import (
    GuidedBetween,
    MaskByLevel,
    ModelChange,
    PerpendicularTo,
    PerturbedAttention,
    RescaledGuidance,
    SelfAttentionGuidance,
)
from ldm.unet.changes import FreeU, HyperTile, MergeTokens, Shrink
from nodes.facts import models
from nodes.port_types import Conditioning, DiffusionModel
from nodes.widgets import Share

Changed = Annotated[DiffusionModel, Output("model")]
Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]
Resizing = Literal["bicubic", "nearest-exact", "bilinear", "area", "bislerp"]

PIXELS = 8  # along a cell, as ComfyUI counts the sides of tiles
SMALLEST_TILE = 32


@node("FreeU", category="model_patches/unet", facts=models.same)
def free_u(
    model: DiffusionModel, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2
) -> Changed:
    """Weigh the UNet's own features against its skips, which costs no time (Si et al. 2023).

    Args:
        b1: How much louder the features of the smallest maps are.
        b2: The same in the maps above them.
        s1: How loud what the skips say in large strokes is, in the smallest maps.
        s2: The same in the maps above them.
    """
    return _with(model, FreeU((b1, b2), (s1, s2)))


@node("FreeU_V2", title="FreeU (version 2)", category="model_patches/unet", facts=models.same)
def free_u_by_mean(
    model: DiffusionModel, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2
) -> Changed:
    """Weigh the UNet's own features against its skips, louder where they are loud already (Si et al. 2023).

    Args:
        b1: How much louder the features of the smallest maps are.
        b2: The same in the maps above them.
        s1: How loud what the skips say in large strokes is, in the smallest maps.
        s2: The same in the maps above them.
    """
    return _with(model, FreeU((b1, b2), (s1, s2), by_mean=True))


@node("HyperTile", category="model_patches/unet", facts=models.same)
def hyper_tile(
    model: DiffusionModel,
    tile_size: Annotated[int, Range(1, 2048)] = 256,
    swap_size: Annotated[int, Range(1, 128)] = 2,
    max_depth: Annotated[int, Range(0, 10)] = 0,
    scale_depth: bool = False,
) -> Changed:
    """Attend within tiles, which makes large pictures faster.

    Args:
        tile_size: The least side of a tile, in pixels.
        swap_size: How many ways to cut take turns.
        max_depth: How many of the smaller maps are cut as well.
        scale_depth: Tiles of smaller maps have as many cells, and so more pixels.
    """
    side = max(SMALLEST_TILE, tile_size) // PIXELS
    return _with(model, HyperTile(side, swap_size, max_depth, scale_depth))


@node("TomePatchModel", title="Merge tokens", category="model_patches/unet", facts=models.same)
def merge_tokens(model: DiffusionModel, ratio: Share = 0.3) -> Changed:
    """Attend with fewer tokens, those alike being one for a while: faster (Bolya & Hoffman 2023).

    Args:
        ratio: The share of the tokens of the largest map that is merged into others.
    """
    return _with(model, MergeTokens(ratio))


@node(
    "PatchModelAddDownscale",
    title="Shrink deep features (Kohya)",
    category="model_patches/unet",
    facts=models.same,
)
def shrink_deep(
    model: DiffusionModel,
    block_number: Annotated[int, Range(1, 32)] = 3,
    downscale_factor: Annotated[float, Range(0.1, 9.0, step=0.001)] = 2.0,
    start_percent: Moment = 0.0,
    end_percent: Moment = 0.35,
    downscale_after_skip: bool = True,
    downscale_method: Resizing = "bicubic",
    upscale_method: Resizing = "bicubic",
) -> Changed:
    """Compute on smaller maps at first, so that pictures larger than those trained on have one composition.

    Args:
        block_number: The input block from which on maps are smaller.
        downscale_factor: How many times.
        start_percent: Where on the way that begins; 0 is pure noise.
        end_percent: Where it ends; 1 is the picture.
        downscale_after_skip: The block's own skip stays as large as it was.
        downscale_method: How maps are made smaller.
        upscale_method: How they are made large again.
    """
    times = (_time_at(model, start_percent), _time_at(model, end_percent))
    shrink = Shrink(
        block_number, downscale_factor, *times, downscale_after_skip, downscale_method, upscale_method
    )
    return _with(model, shrink)


@node("RescaleCFG", title="Rescale guidance", category="advanced/model", facts=models.same)
def rescale_guidance(model: DiffusionModel, multiplier: Share = 0.7) -> Changed:
    """Keep strong guidance from making pictures too bright or too dark (Lin et al. 2024).

    Args:
        multiplier: How much of the guess is rescaled.
    """
    return _with(model, RescaledGuidance(multiplier))


@node("GuidanceInterval", title="Guide on a part of the way", category="advanced/model", facts=models.same)
def guide_between(model: DiffusionModel, start_percent: Moment = 0.0, end_percent: Moment = 1.0) -> Changed:
    """Guide between two noise levels only: faster, and often better (Kynkaanniemi et al. 2024).

    Args:
        start_percent: Where on the way guidance begins; 0 is pure noise.
        end_percent: Where it ends; 1 is the picture.
    """
    levels = (model.schedule.sigma_at(start_percent), model.schedule.sigma_at(end_percent))
    return _with(model, GuidedBetween(*levels))


@node(
    "PerpNeg",
    title="Perp-Neg (old)",
    category="_for_testing",
    experimental=True,
    facts=models.same,
)
def perpendicular_negative(
    model: DiffusionModel,
    empty_conditioning: Conditioning,
    neg_scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0,
) -> Changed:
    """Guide away from only that part of the negative that does not contradict the positive. See Perp-Neg guider.

    Args:
        empty_conditioning: An empty prompt, against which both are measured.
        neg_scale: How much the negative counts.
    """
    return _with(model, PerpendicularTo(empty_conditioning.entries, neg_scale))


@node(
    "SelfAttentionGuidance",
    title="Self-attention guidance",
    category="_for_testing",
    experimental=True,
    facts=models.same,
)
def guide_by_own_attention(
    model: DiffusionModel,
    scale: Annotated[float, Range(-2.0, 5.0, step=0.01)] = 0.5,
    blur_sigma: Annotated[float, Range(0.0, 10.0, step=0.1)] = 2.0,
) -> Changed:
    """Guide away from a picture that is blurred where the model looks most (Hong et al. 2023). One more call a step.

    Args:
        scale: How strongly.
        blur_sigma: How much is blurred, in cells.
    """
    return _with(model, SelfAttentionGuidance(scale, blur_sigma))


@node(
    "PerturbedAttentionGuidance",
    title="Perturbed-attention guidance",
    category="model_patches/unet",
    facts=models.same,
)
def guide_by_perturbed_attention(
    model: DiffusionModel, scale: Annotated[float, Range(0.0, 100.0, step=0.01)] = 3.0
) -> Changed:
    """Guide away from what the model would paint without looking around in its middle (Ahn et al. 2024).

    One more call a step.

    Args:
        scale: How strongly; 0 turns it off.
    """
    return model if scale == 0.0 else _with(model, PerturbedAttention(scale))


@node(
    "DifferentialDiffusion",
    title="Differential diffusion",
    category="_for_testing",
    experimental=True,
    facts=models.same,
)
def open_mask_by_level(model: DiffusionModel, strength: Share = 1.0) -> Changed:
    """Take a mask's grey for how much a place may change: the darker, the later it begins to (Levin & Fried 2023).

    Args:
        strength: 0 is masking as usual.
    """
    return _with(model, MaskByLevel(strength))


def _with(model: DiffusionModel, change: ModelChange) -> DiffusionModel:
    """The model with one change more. Of kinds that there can be one of only, it takes the earlier one's place."""
    alone = isinstance(change, RescaledGuidance | PerpendicularTo | MaskByLevel)
    before = [one for one in model.changes if not alone or type(one) is not type(change)]
    return replace(model, changes=(*before, change))


def _time_at(model: DiffusionModel, share: float) -> float:
    """The timestep at a share of the way; the ends lie beyond all of them."""
    level = model.schedule.sigma_at(share)
    if level in (0.0, math.inf):
        return math.inf if level > 0.0 else -math.inf
    return float(model.schedule.timestep(torch.tensor(level)))
