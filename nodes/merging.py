"""New models out of two: weighted sums of their weights. The models that go in stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import torch

from engine.api import Output, Range, node
from ldm.merging import Shares, mixed, summed
from nodes.facts import models
from nodes.port_types import DiffusionModel, TextModel

Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Factor = Annotated[float, Range(-10.0, 10.0, step=0.01)]
Merged = Annotated[DiffusionModel, Output("model")]


@node(
    "ModelMergeSimple",
    title="Merge models",
    category="advanced/model_merging",
    device=True,
    pinned=True,
    facts=models.merged,
)
def merge_models(model1: DiffusionModel, model2: DiffusionModel, ratio: Share = 1.0) -> Merged:
    """Mix two models of one family, weight by weight.

    Args:
        model1: The first one. Whatever is beside its weights comes from it.
        model2: The other one.
        ratio: How much of the first is in the mixture: 1 is the first alone, 0 the second.
    """
    return _mixed(model1, model2, lambda _: ratio)


@node(
    "ModelMergeBlocks",
    title="Merge models by blocks",
    category="advanced/model_merging",
    device=True,
    pinned=True,
    facts=models.merged,
)
def merge_models_by_blocks(
    model1: DiffusionModel,
    model2: DiffusionModel,
    input: Share = 1.0,
    middle: Share = 1.0,
    out: Share = 1.0,
) -> Merged:
    """Mix two models of one family, with a share for each part of the UNet.

    Args:
        model1: The first one. Whatever is beside its weights comes from it.
        model2: The other one.
        input: How much of the first is in the blocks on the way down, and in how time is told.
        middle: How much of the first is in the middle block.
        out: How much of the first is in the blocks on the way up.
    """
    return _mixed(
        model1,
        model2,
        lambda key: middle if key.startswith("middle") else out if key.startswith("out") else input,
    )


@node(
    "ModelMergeAdd",
    title="Add models",
    category="advanced/model_merging",
    device=True,
    pinned=True,
    facts=models.merged,
)
def add_models(model1: DiffusionModel, model2: DiffusionModel) -> Merged:
    """Add the weights of two models of one family; the second is often a difference, from Subtract models.

    Args:
        model1: The first one. Whatever is beside its weights comes from it.
        model2: What is added to it.
    """
    return _summed(model1, model2, lambda _: (1.0, 1.0))


@node(
    "ModelMergeSubtract",
    title="Subtract models",
    category="advanced/model_merging",
    device=True,
    pinned=True,
    facts=models.merged,
)
def subtract_models(model1: DiffusionModel, model2: DiffusionModel, multiplier: Factor = 1.0) -> Merged:
    """Take the weights of a model from those of another, so that what it has learned can be added elsewhere.

    Args:
        model1: The first one. Whatever is beside its weights comes from it.
        model2: What is taken from it.
        multiplier: What the difference is multiplied with.
    """
    return _summed(model1, model2, lambda _: (multiplier, -multiplier))


@node(
    "CLIPMergeSimple",
    title="Merge text encoders",
    category="advanced/model_merging",
    device=True,
    pinned=True,
    facts=models.merged_text,
)
def merge_text_encoders(
    clip1: TextModel, clip2: TextModel, ratio: Share = 1.0
) -> Annotated[TextModel, Output("clip")]:
    """Mix two text encoders of one kind, weight by weight.

    Args:
        clip1: The first one.
        clip2: The other one.
        ratio: How much of the first is in the mixture: 1 is the first alone, 0 the second.
    """
    with torch.no_grad():
        return replace(clip1, encoder=mixed(clip1.encoder, clip2.encoder, lambda _: ratio))


def _mixed(model1: DiffusionModel, model2: DiffusionModel, share: Callable[[str], float]) -> DiffusionModel:
    with torch.no_grad():
        return replace(model1, unet=mixed(model1.unet, model2.unet, share))


def _summed(model1: DiffusionModel, model2: DiffusionModel, shares: Shares) -> DiffusionModel:
    with torch.no_grad():
        return replace(model1, unet=summed(model1.unet, model2.unet, shares))
