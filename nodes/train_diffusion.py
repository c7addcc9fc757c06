"""Training the second stage as a graph: latents, their scale, diffusion. It goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Literal, NamedTuple

import torch
from torch import Tensor

from engine.api import Context, Output, Range, Seed, node
from ldm.data.holes import random_holes
from ldm.data.picture_set import MappedPictureSet, MaskedPictureSet, PictureSet
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import first_stage
from ldm.spec import Beside, Parameterization
from ldm.text.build import tau
from ldm.training.diffusion import DiffusionRecipe, train_diffusion
from ldm.training.latents import (
    CHUNK,
    CaptionedLatents,
    encode_all,
    encode_masked,
    latent_scale,
    shrunk,
)
from ldm.training.new_model import ClassesIn, new_model
from ldm.training.stepping import Precision
from ldm.training.variational import VLB_WEIGHT
from ldm.unet.unet import UNet
from nodes.port_types import DataSet, DiffusionModel, EncodedData, FirstStage, LossCurve, TextModel
from nodes.train_first_stage import (
    Accumulation,
    Batch,
    Rate,
    Share,
    TrainingSteps,
    Weight,
    carried_out,
    frozen,
)

Shown = Literal["nothing", "mask", "low resolution", "semantic map"]


class Encoded(NamedTuple):
    """The encoded data, and the first stage with its scale set to suit them."""

    encoded: EncodedData
    vae: FirstStage


@node("EncodeDataset", title="Encode data, set latent scale", category="training", device=True, pinned=True)
def encode_dataset(
    vae: FirstStage, data: DataSet, beside: Shown = "nothing", seed: Seed = 0, *, ctx: Context
) -> Encoded:
    """Encode a data set once, and set the latent scale to 1 / std of what came out (LDM, appendix G).

    Args:
        vae: The first stage; its own scale is replaced in the one given back.
        data: The pictures with what is told of them.
        beside: What a model shall be shown beside the latent: nothing, a mask with the picture behind it (to learn
            inpainting), the picture as small as its latent (to learn upscaling), or the map that comes with it.
        seed: Of the holes, where the data have no masks of their own.
    """
    scenes = data.scenes
    chunks = encode_all(vae.autoencoder, scenes.count, scenes.pictures)
    total = -(-scenes.count // CHUNK)
    latents = torch.cat(list(ctx.track(chunks, total=total)))
    shown = _shown(vae, data, beside, seed, ctx)
    known = CaptionedLatents(latents, scenes.describe, shown)
    return Encoded(EncodedData(known, scenes.told), _rescaled(vae, latent_scale(latents)))


def _shown(vae: FirstStage, data: DataSet, beside: Shown, seed: int, ctx: Context) -> dict[Beside, Tensor]:
    scenes, model = data.scenes, vae.autoencoder
    count, total = scenes.count, -(-scenes.count // CHUNK)
    match beside:
        case "nothing":
            return {}
        case "mask":
            holes = _holes(scenes, seed)
            pairs = list(ctx.track(encode_masked(model, count, scenes.pictures, holes), total=total))
            masks, images = zip(*pairs, strict=True)
            return {"mask": torch.cat(masks), "masked_image": torch.cat(images)}
        case "low resolution":
            small = shrunk(count, scenes.pictures, model.spec.factor)
            return {"low_resolution": torch.cat(list(ctx.track(small, total=total)))}
        case "semantic map":
            if not isinstance(scenes, MappedPictureSet):
                raise ValueError("These data have no semantic maps. Take those of MappedPictures.")
            maps = (scenes.maps(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
            return {"semantic_map": torch.cat(list(ctx.track(maps, total=total)))}


def _holes(scenes: PictureSet, seed: int) -> Callable[[int, int], Tensor]:
    """The masks of the data; where they have none, random ones."""
    if isinstance(scenes, MaskedPictureSet):
        return scenes.masks
    height, width = scenes.pictures(0, 1).shape[-2:]
    return lambda start, stop: random_holes(start, stop, height, width, seed)


@node("LatentScale", title="Set latent scale", category="training", device=True, pinned=True)
def set_latent_scale(
    vae: FirstStage, scale: Annotated[float, Range(1e-6, 1e6)] = 1.0
) -> Annotated[FirstStage, Output("vae")]:
    """Give a first stage another latent scale, by number.

    Args:
        vae: The first stage; it is not changed.
        scale: What encoded latents are multiplied with before diffusion sees them.
    """
    return _rescaled(vae, scale)


class TrainedDiffusion(NamedTuple):
    """The model and its text encoder, trained together, and how it went."""

    model: DiffusionModel
    clip: TextModel
    losses: LossCurve


@node("TrainDiffusion", title="Train diffusion", category="training", device=True, pinned=True)
def train_diffusion_model(
    encoded: EncodedData,
    vae: FirstStage,
    steps: TrainingSteps = 12_000,
    batch: Batch = 16,
    rate: Rate = 8e-4,
    text_share: Share = 0.1,
    parameterization: Parameterization = "v",
    dropout: Share = 0.1,
    decay: Share = 0.999,
    channels: Annotated[int, Range(32, 1024, step=32)] = 32,
    seed: Seed = 0,
    name: str = "diffusion",
    learned_variance: bool = False,
    vlb_weight: Weight = VLB_WEIGHT,
    classes_in: ClassesIn = "context",
    accumulation: Accumulation = 1,
    precision: Precision = "fp32",
    scale_rate: bool = False,
    *,
    ctx: Context,
) -> TrainedDiffusion:
    """Train the UNet, and what it listens through, to see through the noise on latents (LDM, eq. 3).

    What it listens to is what the data tell: captions, classes, boxes, or nothing.

    Args:
        encoded: Latents with what is told of them.
        vae: The first stage that made them, with its scale set.
        steps: How many optimiser steps.
        batch: Latents in a step.
        rate: Learning rate.
        text_share: The text encoder's share of the learning rate.
        parameterization: What the UNet guesses: the noise (eps), the latent (x0), or v, which small models learn much
            sooner than the noise.
        dropout: The share of captions replaced by nothing, for classifier-free guidance.
        decay: Of the averaged weights that are kept.
        channels: Width of the UNet at the latent's resolution; levels are 1, 2 and 3 times as wide.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
        learned_variance: The UNet also says how much noise sampling adds (Nichol and Dhariwal 2021).
        vlb_weight: Of what teaches it that.
        classes_in: Where a class is told: as a context, or added to the time.
        accumulation: So many batches make one step, with the memory of one.
        precision: In what it computes: fp32, or bf16 or fp16, faster where the hardware has them.
        scale_rate: The rate is that of a single sample: it is multiplied by batch and accumulation.
    """
    spec = new_model(
        name,
        vae.autoencoder.spec,
        encoded.told,
        encoded.data.beside,
        parameterization,
        channels=channels,
        learned_variance=learned_variance,
        classes_in=classes_in,
    )
    recipe = DiffusionRecipe(
        steps=steps,
        batch=batch,
        rate=rate,
        text_share=text_share,
        parameterization=parameterization,
        dropout=dropout,
        decay=decay,
        seed=seed,
        vlb_weight=vlb_weight,
        accumulation=accumulation,
        precision=precision,
        scale_rate=scale_rate,
    )
    torch.manual_seed(seed)
    unet, text, schedule = UNet(spec.unet).to(ctx.device), tau(spec).to(ctx.device), Schedule(spec.schedule)
    scale = vae.autoencoder.spec.scale_factor
    training = partial(train_diffusion, unet, text, schedule, encoded.data, scale, recipe)
    losses = carried_out(training, steps, name, ctx)
    for part in (unet, text):
        part.requires_grad_(requires_grad=False).eval()
    return TrainedDiffusion(DiffusionModel(unet, schedule, spec), TextModel(text), losses)


def _rescaled(vae: FirstStage, scale: float) -> FirstStage:
    """The same weights under another scale."""
    with torch.device("meta"):
        model = first_stage(replace(vae.autoencoder.spec, scale_factor=scale))
    model.load_state_dict(vae.autoencoder.state_dict(), assign=True)
    return frozen(model)
