"""Training a classifier of noisy latents as a graph, and keeping it. It goes on where it was stopped."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal, NamedTuple

import torch

from engine.api import Context, Published, Range, Seed, node
from ldm.data.told import Classes, Telling
from ldm.spec import UNetSpec
from ldm.training.classifier import ClassifierRecipe, labels_of, train_classifier
from ldm.unet.classifier import Classifier, ClassifierSpec
from ldm.unet.classifier_file import save_classifier
from nodes.port_types import DiffusionModel, EncodedData, FirstStage, LossCurve, NoisyClassifier
from nodes.train_first_stage import Batch, Rate, TrainingSteps, carried_out


class TrainedClassifier(NamedTuple):
    """The classifier, and how its training went."""

    classifier: NoisyClassifier
    losses: LossCurve


@node("TrainClassifier", title="Train classifier", category="training", device=True, pinned=True)
def train_noisy_classifier(
    encoded: EncodedData,
    model: DiffusionModel,
    vae: FirstStage,
    words: str = "",
    steps: TrainingSteps = 3000,
    batch: Batch = 32,
    rate: Rate = 3e-4,
    pool: Literal["adaptive", "attention", "spatial", "spatial_v2"] = "adaptive",
    channels: Annotated[int, Range(32, 1024, step=32)] = 32,
    seed: Seed = 0,
    name: str = "classifier",
    *,
    ctx: Context,
) -> TrainedClassifier:
    """Train a net to tell the class of noisy latents, so that it can guide a diffusion model (Dhariwal & Nichol 2021).

    Args:
        encoded: The data behind the model's first stage, with classes or captions.
        model: The diffusion model that it shall guide: its latents, its noise.
        vae: The model's first stage, whose scale its latents have.
        words: Where there are captions: words, parted by commas; a picture's class is the first one in its caption.
        steps: How many optimiser steps.
        batch: Latents in a step.
        rate: Learning rate.
        pool: How one answer is made of a map: "attention" and "spatial" are the published ones' and CompVis' others.
        channels: Width of the first layer.
        seed: Of the first weights and of the batches.
        name: Under which the unfinished training is kept.
    """
    named = tuple(word.strip() for word in words.split(",") if word.strip())
    spec = ClassifierSpec(
        unet=UNetSpec(
            in_channels=model.spec.first_stage.embed_dim,
            model_channels=channels,
            channel_mult=(1, 2, 3),
            res_blocks=1,
            attention_factors=(2, 4),
            heads=None,
            head_channels=32,
            context_dim=None,
            resize_in_blocks=True,
            scale_shift_norm=True,
        ),
        classes=_classes(encoded.told, named),
        pool=pool,
        size=encoded.data.latents.shape[-1],
    )
    torch.manual_seed(seed)
    net = Classifier(spec).to(ctx.device)
    recipe = ClassifierRecipe(steps=steps, batch=batch, rate=rate, seed=seed)
    labels, scale = labels_of(encoded.told, named), vae.autoencoder.spec.scale_factor
    training = partial(train_classifier, net, model.schedule, encoded.data, labels, scale, recipe)
    losses = carried_out(training, steps, name, ctx)
    return TrainedClassifier(NoisyClassifier(net.requires_grad_(requires_grad=False).eval()), losses)


@node("ClassifierSave", title="Save classifier", category="loaders")
def save_noisy_classifier(
    classifier: NoisyClassifier, filename_prefix: str = "classifiers/weft", *, ctx: Context
) -> Published:
    """Write a classifier to a safetensors file in half precision, with its spec and the graph that made it.

    Args:
        classifier: The classifier.
        filename_prefix: Where in the output folder, and how the file's name begins.
    """
    notes = {f"made_by.{name}": text for name, text in ctx.provenance.items()}
    return ctx.files.publish(
        filename_prefix,
        ".safetensors",
        "application/octet-stream",
        lambda path: save_classifier(classifier.net, path, notes),
    )


def _classes(told: Telling, words: tuple[str, ...]) -> int:
    if isinstance(told, Classes):
        return len(told.names)
    if len(words) < 2:
        raise ValueError(
            "These data tell no classes. Name two or more words, parted by commas, such as 'circle, square': a picture "
            "is then of the class of the first one that stands in its caption."
        )
    return len(words)
