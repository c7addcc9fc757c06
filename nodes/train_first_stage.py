"""Training the first stage as a graph: data, feature net, autoencoder, decoder. Each goes on where it was stopped."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple, Protocol

import torch

from engine.api import Context, Output, Range, Seed, node
from ldm.first_stage.autoencoder import AutoencoderKL, FirstStageModel
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.spec import FirstStageSpec
from ldm.training.decoder import DecoderRecipe, tune_decoder
from ldm.training.features import train_features
from ldm.training.first_stage import FirstStageRecipe, train_first_stage
from nodes.port_types import DataSet, Features, FirstStage, LossCurve

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
    net = FeatureNet()
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
    model = AutoencoderKL(spec)
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
    model = _decoding_copy(vae.autoencoder)
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


def _decoding_copy(model: FirstStageModel) -> AutoencoderKL:
    if not isinstance(model, AutoencoderKL):
        raise ValueError(
            f"The decoder of a first stage of kind 'kl' is tuned, but this one is '{model.spec.kind}'."
        )
    copied = AutoencoderKL(model.spec)
    copied.load_state_dict(model.state_dict())
    return copied
