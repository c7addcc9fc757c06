"""Training as a graph: data, first stage, latent scale, diffusion. Every training goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, NamedTuple

import torch

from engine.api import Context, Output, Range, Seed, node
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.caption import WORDS
from ldm.shapeland.dataset import Shapeland
from ldm.spec import FirstStageSpec, ModelSpec, ScheduleSpec, TextSpec, UNetSpec
from ldm.text.transformer import TextEncoder
from ldm.training.decoder import DecoderRecipe, tune_decoder
from ldm.training.diffusion import DiffusionRecipe, train_diffusion
from ldm.training.features import train_features
from ldm.training.first_stage import FirstStageRecipe, train_first_stage
from ldm.training.latents import CaptionedLatents, encode_all, latent_scale
from ldm.unet.unet import UNet
from nodes.port_types import DataSet, DiffusionModel, EncodedData, Features, FirstStage, LossCurve, TextModel

TrainingSteps = Annotated[int, Range(1, 10_000_000)]
Batch = Annotated[int, Range(1, 4096)]
Rate = Annotated[float, Range(0.0, 1.0)]
Weight = Annotated[float, Range(0.0, 1000.0)]
Share = Annotated[float, Range(0.0, 1.0)]


@node("ShapelandData", title="Shapeland", category="training")
def shapeland_data(
    count: Annotated[int, Range(1, 10_000_000)] = 24_000,
    one: Weight = 0.7,
    two: Weight = 0.2,
    three: Weight = 0.1,
    seed: Seed = 0,
) -> Annotated[DataSet, Output("data")]:
    """A world of coloured shapes with captions, drawn as it is needed; a tenth of the single shapes is held out.

    Args:
        count: How many scenes.
        one: Weight of scenes with one shape.
        two: Weight of scenes with two shapes.
        three: Weight of scenes with three shapes.
        seed: Which scenes.
    """
    return DataSet(Shapeland(count, (one, two, three), seed))


class TrainedFeatures(NamedTuple):
    """The net, and how its training went."""

    features: Features
    losses: LossCurve


@node("TrainFeatures", title="Train feature net", category="training", device=True, pinned=True)
def train_feature_net(
    data: DataSet,
    steps: TrainingSteps = 400,
    batch: Batch = 64,
    seed: Seed = 0,
    name: str = "features",
    *,
    ctx: Context,
) -> TrainedFeatures:
    """Train a small net to name what it sees; its inner maps serve as the perceptual metric.

    Args:
        data: What to look at.
        steps: How many optimiser steps.
        batch: Pictures in a step.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
    torch.manual_seed(seed)
    net, losses = FeatureNet(), list[tuple[int, float]]()
    state_file = ctx.state_file(f"training/{name}.safetensors")
    _follow(
        train_features(
            net, data.scenes, steps=steps, batch=batch, seed=seed, state_file=state_file, losses=losses
        ),
        steps,
        ctx,
    )
    return TrainedFeatures(Features(net.eval()), LossCurve(name, tuple(losses)))


class TrainedFirstStage(NamedTuple):
    """The first stage, and how its training went."""

    vae: FirstStage
    losses: LossCurve


@node("TrainFirstStage", title="Train first stage", category="training", device=True, pinned=True)
def train_autoencoder(
    data: DataSet,
    features: Features,
    steps: TrainingSteps = 1500,
    batch: Batch = 8,
    rate: Rate = 1.5e-3,
    kl_weight: Weight = 1e-6,
    perceptual_weight: Weight = 0.1,
    adversarial_weight: Weight = 0.5,
    adversarial_from: Share = 0.85,
    decay: Share = 0.99,
    channels: Annotated[int, Range(32, 1024, step=32)] = 32,
    seed: Seed = 0,
    name: str = "first-stage",
    *,
    ctx: Context,
) -> TrainedFirstStage:
    """Train a KL autoencoder with f = 4: L1, perceptual distance, patch discriminator and KL (LDM, appendix G).

    Args:
        data: The pictures.
        features: The net behind the perceptual distance.
        steps: How many optimiser steps.
        batch: Pictures in a step.
        rate: Learning rate.
        kl_weight: How strongly latents are pulled towards a standard normal.
        perceptual_weight: Of the perceptual distance beside L1.
        adversarial_weight: Of the discriminator, after its gradient is balanced with the rest.
        adversarial_from: The share of the steps after which the discriminator joins.
        decay: Of the averaged weights that are kept.
        channels: Width at full resolution.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
    spec = FirstStageSpec(
        channels=channels, channel_mult=(1, 2, 2), res_blocks=1, z_channels=4, embed_dim=4, resolution=64
    )
    recipe = FirstStageRecipe(
        steps=steps,
        batch=batch,
        rate=rate,
        kl_weight=kl_weight,
        perceptual_weight=perceptual_weight,
        adversarial_weight=adversarial_weight,
        adversarial_from=adversarial_from,
        decay=decay,
        seed=seed,
    )
    torch.manual_seed(seed)
    model, losses = AutoencoderKL(spec), list[tuple[int, float]]()
    state_file = ctx.state_file(f"training/{name}.safetensors")

    def pictures(generator: torch.Generator) -> torch.Tensor:
        return data.scenes.pixels(batch, generator)

    _follow(train_first_stage(model, features.net, pictures, recipe, state_file, losses), steps, ctx)
    return TrainedFirstStage(_frozen(model), LossCurve(name, tuple(losses)))


@node("TuneDecoder", title="Tune decoder", category="training", device=True, pinned=True)
def tune_first_stage_decoder(
    vae: FirstStage,
    data: DataSet,
    features: Features,
    steps: TrainingSteps = 2000,
    batch: Batch = 8,
    rate: Rate = 1e-3,
    critic_rate: Rate = 2e-4,
    perceptual_weight: Weight = 0.1,
    adversarial_weight: Weight = 0.1,
    adversarial_from: Share = 0.6,
    decay: Share = 0.99,
    seed: Seed = 1,
    name: str = "decoder",
    *,
    ctx: Context,
) -> TrainedFirstStage:
    """Go on training a first stage's decoder alone, so that diffusion models trained on its latents stay valid.

    Args:
        vae: The first stage to start from; it is not changed.
        data: The pictures.
        features: The net behind the perceptual distance.
        steps: How many optimiser steps.
        batch: Pictures in a step.
        rate: Learning rate of the decoder.
        critic_rate: Learning rate of the discriminator.
        perceptual_weight: Of the perceptual distance beside L1.
        adversarial_weight: Of the discriminator, after its gradient is balanced with the rest.
        adversarial_from: The share of the steps after which the discriminator joins.
        decay: Of the averaged weights that are kept.
        seed: Of the discriminator's first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
    recipe = DecoderRecipe(
        steps=steps,
        batch=batch,
        rate=rate,
        critic_rate=critic_rate,
        perceptual_weight=perceptual_weight,
        adversarial_weight=adversarial_weight,
        adversarial_from=adversarial_from,
        decay=decay,
        seed=seed,
    )
    torch.manual_seed(seed)
    model, losses = _copy(vae.autoencoder), list[tuple[int, float]]()
    state_file = ctx.state_file(f"training/{name}.safetensors")

    def pictures(generator: torch.Generator) -> torch.Tensor:
        return data.scenes.pixels(batch, generator)

    _follow(tune_decoder(model, features.net, pictures, recipe, state_file, losses), steps, ctx)
    return TrainedFirstStage(_frozen(model), LossCurve(name, tuple(losses)))


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
    latents = torch.cat(list(ctx.track(chunks, total=-(-scenes.count // 64))))
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
    steps: TrainingSteps = 13_000,
    batch: Batch = 32,
    rate: Rate = 5e-4,
    dropout: Share = 0.1,
    decay: Share = 0.9995,
    channels: Annotated[int, Range(32, 1024, step=32)] = 32,
    seed: Seed = 0,
    name: str = "diffusion",
    *,
    ctx: Context,
) -> TrainedDiffusion:
    """Train the UNet and the text encoder together to guess the noise in latents (LDM, eq. 3).

    Args:
        encoded: Latents with captions.
        vae: The first stage that made them, with its scale set.
        steps: How many optimiser steps.
        batch: Latents in a step.
        rate: Learning rate.
        dropout: The share of captions replaced by nothing, for classifier-free guidance.
        decay: Of the averaged weights that are kept.
        channels: Width of the UNet at the latent's resolution; levels are 1, 2 and 3 times as wide.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
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
        ),
        text=TextSpec(words=WORDS, length=32, width=128, layers=4, heads=4, head_width=32),
        schedule=ScheduleSpec(),
    )
    recipe = DiffusionRecipe(steps=steps, batch=batch, rate=rate, dropout=dropout, decay=decay, seed=seed)
    torch.manual_seed(seed)
    unet, text, schedule = UNet(spec.unet), TextEncoder(spec.text), Schedule(spec.schedule)
    losses = list[tuple[int, float]]()
    state_file = ctx.state_file(f"training/{name}.safetensors")
    scale = vae.autoencoder.spec.scale_factor
    _follow(
        train_diffusion(unet, text, schedule, encoded.data, scale, recipe, state_file, losses), steps, ctx
    )
    for part in (unet, text):
        part.requires_grad_(requires_grad=False).eval()
    return TrainedDiffusion(
        DiffusionModel(unet, schedule, spec), TextModel(text), LossCurve(name, tuple(losses))
    )


def _follow(done: Iterator[int], steps: int, ctx: Context) -> None:
    """Run a training to its end, telling how far it is; a cancel closes it, and closing saves its state."""
    try:
        ctx.progress(0, steps)
        for step in done:
            ctx.progress(step, steps)
    finally:
        closing = getattr(done, "close", None)
        if closing is not None:
            closing()


def _frozen(model: AutoencoderKL) -> FirstStage:
    return FirstStage(model.requires_grad_(requires_grad=False).eval())


def _copy(model: AutoencoderKL) -> AutoencoderKL:
    copied = AutoencoderKL(model.spec)
    copied.load_state_dict(model.state_dict())
    return copied


def _rescaled(vae: FirstStage, scale: float) -> FirstStage:
    """The same weights under another scale."""
    with torch.device("meta"):
        model = AutoencoderKL(replace(vae.autoencoder.spec, scale_factor=scale))
    model.load_state_dict(vae.autoencoder.state_dict(), assign=True)
    return _frozen(model)
