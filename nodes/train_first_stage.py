"""Training the first stage as a graph: feature net, autoencoder, decoder. Each goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Protocol

import torch

from engine.api import Context, Range, Seed, node
from ldm.first_stage.autoencoder import FirstStageModel, Identity, first_stage
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.spec import FirstStageSpec
from ldm.training.decoder import DecoderRecipe, tune_decoder
from ldm.training.features import train_features
from ldm.training.first_stage import FirstStageRecipe, Trainable, train_first_stage
from ldm.training.stepping import Precision
from nodes.port_types import DataSet, Features, FirstStage, LossCurve

TrainingSteps = Annotated[int, Range(1, 10_000_000)]
Batch = Annotated[int, Range(1, 4096)]
Rate = Annotated[float, Range(0.0, 1.0)]
Weight = Annotated[float, Range(0.0, 1000.0)]
Share = Annotated[float, Range(0.0, 1.0)]
Accumulation = Annotated[int, Range(1, 4096)]


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
        data: Shapeland, whose pictures say what stands where.
        steps: How many optimiser steps.
        batch: Pictures in a step.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
    if not isinstance(data.scenes, Shapeland):
        raise ValueError(
            "The feature net learns to name the shapes of Shapeland; other data do not say them."
        )
    torch.manual_seed(seed)
    net = FeatureNet().to(ctx.device)
    training = partial(train_features, net, data.scenes, steps=steps, batch=batch, seed=seed)
    losses = carried_out(training, steps, name, ctx)
    return TrainedFeatures(Features(net.eval()), losses)


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
    kind: Literal["kl", "vq"] = "kl",
    factor: Literal[2, 4, 8, 16, 32] = 4,
    latent_channels: Annotated[int, Range(1, 256)] = 4,
    codes: Annotated[int, Range(2, 65536)] = 1024,
    codebook_weight: Weight = 1.0,
    commitment: Weight = 0.25,
    legacy_commitment: bool = False,
    restart_every: Annotated[int, Range(0, 10_000_000)] = 20,
    accumulation: Accumulation = 1,
    precision: Precision = "fp32",
    scale_rate: bool = False,
    *,
    ctx: Context,
) -> TrainedFirstStage:
    """Train an autoencoder: L1, perceptual distance, patch discriminator, and KL or a codebook (LDM, appendix G).

    Args:
        data: The pictures.
        features: The net behind the perceptual distance.
        steps: How many optimiser steps.
        batch: Pictures in a step.
        rate: Learning rate.
        kl_weight: Of KL: how strongly latents are pulled towards a standard normal.
        perceptual_weight: Of the perceptual distance beside L1.
        adversarial_weight: Of the discriminator, after its gradient is balanced with the rest.
        adversarial_from: The share of the steps after which the discriminator joins.
        decay: Of the averaged weights that are kept.
        channels: Width at full resolution.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
        kind: What keeps latents in order: KL, or VQ, a codebook.
        factor: How many pixels a cell of the latent spans along each side.
        latent_channels: Numbers in each cell of the latent.
        codes: Of VQ: how many there are.
        codebook_weight: Of VQ: how strongly latents and codes are drawn to each other.
        commitment: Of VQ: the share of that which draws latents to codes, and not codes to latents.
        legacy_commitment: The share is the codes' and not the latents', as the published models were trained.
        restart_every: Of VQ: after so many steps codes that nobody used are moved to where latents are; 0: never.
        accumulation: So many batches make one step, with the memory of one.
        precision: In what it computes: fp32, or bf16 or fp16, faster where the hardware has them.
        scale_rate: The rate is that of a single sample: it is multiplied by batch and accumulation.
    """
    spec = FirstStageSpec(
        kind=kind,
        channels=channels,
        channel_mult=(1, *[2] * (factor.bit_length() - 1)),
        res_blocks=1,
        z_channels=latent_channels,
        embed_dim=latent_channels,
        resolution=64,
        codes=codes if kind == "vq" else 0,
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
        codebook_weight=codebook_weight,
        commitment=commitment,
        legacy_commitment=legacy_commitment,
        restart_every=restart_every if kind == "vq" else 0,
        accumulation=accumulation,
        precision=precision,
        scale_rate=scale_rate,
    )
    torch.manual_seed(seed)
    model = _trainable(spec).to(ctx.device)
    pictures = partial(data.scenes.pixels, batch)
    training = partial(train_first_stage, model, features.net, pictures, recipe)
    losses = carried_out(training, steps, name, ctx)
    return TrainedFirstStage(frozen(model), losses)


@node("TuneDecoder", title="Tune decoder", category="training", device=True, pinned=True)
def tune_first_stage_decoder(
    vae: FirstStage,
    data: DataSet,
    features: Features,
    steps: TrainingSteps = 800,
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
    model = _copied(vae.autoencoder)
    pictures = partial(data.scenes.pixels, batch)
    training = partial(tune_decoder, model, features.net, pictures, recipe)
    losses = carried_out(training, steps, name, ctx)
    return TrainedFirstStage(frozen(model), losses)


class ResumableTraining(Protocol):
    """A training that keeps its unfinished state in a file and tells how many steps are done."""

    def __call__(self, *, state_file: Path, losses: list[tuple[int, float]]) -> Generator[int, None, None]:
        """Train, filling `losses`."""
        ...


def carried_out(training: ResumableTraining, steps: int, name: str, ctx: Context) -> LossCurve:
    """Run a training to its end, telling how far it is; a cancel closes it, and closing saves its state."""
    losses: list[tuple[int, float]] = []
    state_file = ctx.state_file(f"training/{name}.safetensors")
    with closing(training(state_file=state_file, losses=losses)) as done:
        ctx.progress(0, steps)
        for step in done:
            ctx.progress(step, steps)
    return LossCurve(name, tuple(losses))


def frozen(model: FirstStageModel) -> FirstStage:
    """A first stage that is only used from here on."""
    return FirstStage(model.requires_grad_(requires_grad=False).eval())


def _trainable(spec: FirstStageSpec) -> Trainable:
    made = first_stage(spec)
    if isinstance(made, Identity):
        raise ValueError("A first stage of kind 'identity' has no weights, so there is nothing to train.")
    return made


def _copied(model: FirstStageModel) -> Trainable:
    copied = _trainable(model.spec)
    copied.load_state_dict(model.state_dict())
    return copied.to(model.device)
