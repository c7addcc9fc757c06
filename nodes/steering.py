"""Steering: a classifier or a picture pushes the model while it samples. Every sampler takes such a model."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from engine.api import Context, ModelFile, Output, Range, node
from ldm.diffusion.patches import Patches
from ldm.diffusion.steering.pictures import SQUARED, Perceptual, Transform, transformed
from ldm.diffusion.steering.steer import Steering, Through, TowardsClass, TowardsPicture
from ldm.unet.classifier_file import load_classifier
from nodes.facts import steering as facts
from nodes.port_types import (
    DiffusionModel,
    Features,
    FirstStage,
    Image,
    NoisyClassifier,
    PictureTransform,
)

HOME = "sampling/steering"

Steered = Annotated[DiffusionModel, Output("model")]
Scale = Annotated[float, Range(0.0, 1000.0, step=0.001)]
Way = Annotated[float, Range(0.0, 1.0, step=0.001)]


@node("ClassifierLoader", title="Load classifier", category="loaders", device=True, pinned=True)
def load_noisy_classifier(
    classifier_name: Annotated[str, ModelFile("classifiers")], *, ctx: Context
) -> Annotated[NoisyClassifier, Output("classifier")]:
    """Load a classifier of noisy latents, for classifier guidance.

    Args:
        classifier_name: A safetensors file below models/classifiers: of Weft, or one of ADM's for ImageNet.
    """
    classifier = load_classifier(ctx.model_file("classifiers", classifier_name))
    classifier.to(ctx.device)
    return NoisyClassifier(classifier)


@node("ClassifierGuidance", title="Steer by classifier", category=HOME, facts=facts.steered)
def steer_by_classifier(
    model: DiffusionModel,
    classifier: NoisyClassifier,
    label: Annotated[int, Range(0, 1_000_000)] = 0,
    scale: Scale = 1.0,
    start_percent: Way = 0.0,
    end_percent: Way = 1.0,
) -> Steered:
    """Push all that the model samples towards a class, by a classifier of noisy latents (classifier guidance).

    Args:
        model: The diffusion model.
        classifier: It must know the latents of this model.
        label: The number of the class, from 0.
        scale: How strongly it pushes: 1 is what probability theory says, more gives typical pictures of the class.
        start_percent: From which share of the way on it pushes.
        end_percent: Up to which.
    """
    spec, channels = classifier.net.classifier_spec, model.spec.first_stage.embed_dim
    if spec.unet.in_channels != channels:
        raise ValueError(
            f"The classifier looks at latents of {spec.unet.in_channels} channels, but the model samples {channels}. "
            "Take a classifier that was trained on the latents of this model's first stage."
        )
    if label >= spec.classes:
        raise ValueError(
            f"The classifier knows the classes 0 to {spec.classes - 1}, but {label} is asked for."
        )
    return _with(model, TowardsClass(classifier.net, label, scale, start_percent, end_percent))


@node("ImageGuidance", title="Steer by picture", category=HOME, facts=facts.steered_by_picture)
def steer_by_picture(
    model: DiffusionModel,
    vae: FirstStage,
    image: Image,
    scale: Scale = 3.0,
    start_percent: Way = 0.0,
    end_percent: Way = 1.0,
    transform: PictureTransform | None = None,
    gradient: Through = "decoder",
) -> Steered:
    """Push all that the model samples towards pictures that look like another one, pixel by pixel, through the decoder.

    Args:
        model: The diffusion model.
        vae: Its first stage.
        image: What the pictures, seen through the transform, shall look like: one, or one for each latent.
        scale: How strongly it pushes. Where it is too much, pictures get harsh colours: take less, or more steps.
        start_percent: From which share of the way on it pushes.
        end_percent: Up to which.
        transform: What the decoded pictures are seen through, and how large: as they are where there is none.
        gradient: What tells which way to push: the decoder, or the model as well, as in the paper. That takes twice the
            time, wants a scale of about 0.5, and goes astray in sizes that the model was not trained for.
    """
    one = TowardsPicture(vae.autoencoder, as_seen(image.pixels), _steps(transform), SQUARED, scale)
    return _towards(model, replace(one, start=start_percent, end=end_percent, through=gradient))


@node(
    "PerceptualImageGuidance", title="Steer by picture's look", category=HOME, facts=facts.steered_by_picture
)
def steer_by_look(
    model: DiffusionModel,
    vae: FirstStage,
    image: Image,
    features: Features,
    scale: Scale = 3.0,
    start_percent: Way = 0.0,
    end_percent: Way = 1.0,
    transform: PictureTransform | None = None,
    gradient: Through = "decoder",
) -> Steered:
    """Push all that the model samples towards pictures that look like another one to a feature net.

    Args:
        model: The diffusion model.
        vae: Its first stage.
        image: What the pictures, seen through the transform, shall look like: one, or one for each latent.
        features: The net whose inner maps tell how different two pictures look.
        scale: How strongly it pushes. Where it is too much, pictures get harsh colours: take less, or more steps.
        start_percent: From which share of the way on it pushes.
        end_percent: Up to which.
        transform: What the decoded pictures are seen through, and how large: as they are where there is none.
        gradient: What tells which way to push: the decoder, or the model as well, as in the paper. That takes twice the
            time, wants a scale of about 0.5, and goes astray in sizes that the model was not trained for.
    """
    distance = Perceptual(features.net)
    one = TowardsPicture(vae.autoencoder, as_seen(image.pixels), _steps(transform), distance, scale)
    return _towards(model, replace(one, start=start_percent, end=end_percent, through=gradient))


@node("SampleInPatches", title="Sample in patches", category=HOME, facts=facts.steered)
def sample_in_patches(
    model: DiffusionModel,
    patch_size: Annotated[int, Range(64, 4096, step=64)] = 512,
    overlap: Annotated[int, Range(0, 2048, step=8)] = 128,
) -> Steered:
    """Let the model see parts of a large latent only, which fade into each other: it needs no more memory than for one.

    Args:
        model: The diffusion model.
        patch_size: Side of a part, in pixels: as large as the pictures that the model was trained on.
        overlap: How far parts reach into each other, in pixels.
    """
    factor = model.spec.first_stage.factor
    size = max(patch_size // factor, 1)
    return replace(model, patches=Patches(size, min(overlap // factor, size // 2)))


def _towards(model: DiffusionModel, picture: TowardsPicture) -> DiffusionModel:
    channels, wanted = picture.first_stage.spec.embed_dim, model.spec.first_stage.embed_dim
    if channels != wanted:
        raise ValueError(
            f"The first stage decodes latents of {channels} channels, but the model samples {wanted}. "
            "Take the VAE of the same model."
        )
    return _with(model, picture)


def _steps(transform: PictureTransform | None) -> tuple[Transform, ...]:
    return () if transform is None else transform.steps


def as_seen(pixels: Tensor) -> Tensor:
    """Pixels (b, h, w, 3) in 0..1 as networks see them: (b, 3, h, w) in -1..1."""
    return pixels[..., :3].movedim(-1, 1) * 2 - 1


def _with(model: DiffusionModel, steering: Steering) -> DiffusionModel:
    return replace(model, steering=(*model.steering, steering))


@node("ApplyPictureTransform", title="See picture through", category=f"{HOME}/transforms")
def apply_transform(image: Image, transform: PictureTransform) -> Image:
    """What a transform shows of a picture: to look at, or to steer by.

    Args:
        image: The pictures.
        transform: What they are seen through.
    """
    with torch.no_grad():
        seen = transformed(as_seen(image.pixels), transform.steps)
    return Image(((seen + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous())
