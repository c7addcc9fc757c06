"""Training the second stage as a graph: latents, their scale, diffusion. It goes on where it was stopped."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated, NamedTuple

import torch

from engine.api import Context, Output, Range, Seed, node
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import first_stage
from ldm.shapeland.caption import WORDS
from ldm.spec import ModelSpec, Parameterization, ScheduleSpec, TextSpec, UNetSpec
from ldm.text.transformer import TextEncoder
from ldm.training.diffusion import DiffusionRecipe, train_diffusion
from ldm.training.latents import CHUNK, CaptionedLatents, encode_all, latent_scale
from ldm.unet.unet import UNet
from nodes.port_types import DataSet, DiffusionModel, EncodedData, FirstStage, LossCurve, TextModel
from nodes.train_first_stage import Batch, Rate, Share, TrainingSteps, carried_out, frozen


class Encoded(NamedTuple):
    """The encoded data, and the first stage with its scale set to suit them."""

    encoded: EncodedData
    vae: FirstStage


@node("EncodeDataset", title="Encode data, set latent scale", category="training", device=True, pinned=True)
def encode_dataset(vae: FirstStage, data: DataSet, *, ctx: Context) -> Encoded:
    """Encode a data set once, and set the latent scale to 1 / std of what came out (LDM, appendix G).

    Args:
        vae: The first stage; its own scale is replaced in the one given back.
        data: The pictures with their captions.
    """
    scenes = data.scenes
    chunks = encode_all(vae.autoencoder, scenes.count, scenes.pictures)
    latents = torch.cat(list(ctx.track(chunks, total=-(-scenes.count // CHUNK))))
    return Encoded(
        EncodedData(CaptionedLatents(latents, scenes.describe)), _rescaled(vae, latent_scale(latents))
    )


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
    *,
    ctx: Context,
) -> TrainedDiffusion:
    """Train the UNet and the text encoder together to see through the noise on latents (LDM, eq. 3).

    Args:
        encoded: Latents with captions.
        vae: The first stage that made them, with its scale set.
        steps: How many optimiser steps.
        batch: Latents in a step.
        rate: Learning rate.
        text_share: The text encoder's share of the learning rate.
        parameterization: What the UNet guesses: the noise (eps), or v, which small models learn much sooner.
        dropout: The share of captions replaced by nothing, for classifier-free guidance.
        decay: Of the averaged weights that are kept.
        channels: Width of the UNet at the latent's resolution; levels are 1, 2 and 3 times as wide.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
    tau = TextSpec(words=WORDS, length=32, width=128, layers=4, heads=4, head_width=32)
    spec = ModelSpec(
        name=name,
        first_stage=vae.autoencoder.spec,
        unet=UNetSpec(
            model_channels=channels,
            channel_mult=(1, 2, 3),
            res_blocks=1,
            attention_factors=(2, 4),
            heads=None,
            head_channels=32,
            context_dim=128,
            pooled=True,
        ),
        text=tau,
        schedule=ScheduleSpec(),
        parameterization=parameterization,
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
    )
    torch.manual_seed(seed)
    unet, text, schedule = UNet(spec.unet), TextEncoder(tau), Schedule(spec.schedule)
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
