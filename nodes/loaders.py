"""Models from files, and back into files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from engine.api import Context, ModelFile, Output, Published, Range, node
from ldm.checkpoint import (
    LatentDiffusion,
    load_first_stage,
    load_model,
    load_unet,
    save_first_stage,
    save_model,
)
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.glance import colours_of
from ldm.text.files import load_text
from ldm.text.transformer import TextEncoder
from ldm.text.wordpiece import FILE as WORD_LIST
from nodes.facts import models
from nodes.peeks import remember_colours
from nodes.port_types import DiffusionModel, FirstStage, TextModel

BINARY = "application/octet-stream"


class Checkpoint(NamedTuple):
    """The three parts of a text-to-image model."""

    model: DiffusionModel
    clip: TextModel
    vae: FirstStage


@node(
    "CheckpointLoaderSimple",
    title="Load checkpoint",
    category="loaders",
    device=True,
    pinned=True,
    facts=models.checkpoint,
)
def load_checkpoint(
    ckpt_name: Annotated[str, ModelFile("checkpoints")], averaged: bool = False, *, ctx: Context
) -> Checkpoint:
    """Load a whole model: the diffusion model, what it listens through and the first stage.

    Args:
        ckpt_name: A safetensors file below models/checkpoints: of Weft, Stable Diffusion or a published LDM.
        averaged: Take the averaged weights (EMA) that training files keep beside the others.
    """
    loaded = load_model(ctx.model_file("checkpoints", ckpt_name), averaged=averaged)
    if isinstance(loaded.text, TextEncoder):
        loaded.text.word_list = _word_list(loaded.text, ctx)
    for part in (loaded.unet, loaded.text, loaded.first_stage):
        part.to(ctx.device)
    colours = colours_of(loaded.first_stage)
    remember_colours(colours, loaded.spec.first_stage.factor)
    return Checkpoint(
        DiffusionModel(loaded.unet, loaded.schedule, loaded.spec, colours),
        TextModel(loaded.text),
        FirstStage(loaded.first_stage),
    )


@node(
    "VAELoader",
    title="Load first stage",
    category="loaders",
    device=True,
    pinned=True,
    facts=models.first_stage,
)
def load_vae(
    vae_name: Annotated[str, ModelFile("vae")],
    scale: Annotated[float, Range(0.0, 100.0, step=0.00001)] = 0.0,
    *,
    ctx: Context,
) -> Annotated[FirstStage, Output("vae")]:
    """Load a first stage alone, from a file of its own or out of a whole checkpoint.

    Args:
        vae_name: A safetensors file below models/vae.
        scale: What latents are multiplied with: 0.18215 for Stable Diffusion, 0.13025 for SDXL, whose files look alike.
            0 takes what the file says, or the published number (of SDXL's it is not).
    """
    first_stage = load_first_stage(ctx.model_file("vae", vae_name), scale or None)
    first_stage.to(ctx.device)
    return FirstStage(first_stage)


@node(
    "UNETLoader",
    title="Load diffusion model",
    category="advanced/loaders",
    device=True,
    pinned=True,
)
def load_diffusion_model(
    unet_name: Annotated[str, ModelFile("diffusion_models")],
    weight_dtype: Literal["default"] = "default",
    *,
    ctx: Context,
) -> Annotated[DiffusionModel, Output("model")]:
    """Load a diffusion model alone.

    Args:
        unet_name: A safetensors file below models/diffusion_models, under CompVis' names or diffusers'.
        weight_dtype: Of the weights in memory.
    """
    spec, unet = load_unet(ctx.model_file("diffusion_models", unet_name))
    unet.to(ctx.device)
    return DiffusionModel(unet, Schedule(spec.schedule), spec)


@node("CLIPLoader", title="Load text encoder", category="advanced/loaders", device=True, pinned=True)
def load_clip(
    clip_name: Annotated[str, ModelFile("text_encoders")],
    type: Literal["stable_diffusion"] = "stable_diffusion",
    device: Literal["default", "cpu"] = "default",
    *,
    ctx: Context,
) -> Annotated[TextModel, Output("clip")]:
    """Load a text encoder alone: that of Stable Diffusion 1.x or 2.x, told apart by its width.

    Args:
        clip_name: A safetensors file below models/text_encoders.
        type: For which models it is used.
        device: Where it computes.
    """
    return _text_model([clip_name], device, ctx)


@node("DualCLIPLoader", title="Load two text encoders", category="advanced/loaders", device=True, pinned=True)
def load_two_clips(
    clip_name1: Annotated[str, ModelFile("text_encoders")],
    clip_name2: Annotated[str, ModelFile("text_encoders")],
    type: Literal["sdxl"] = "sdxl",
    device: Literal["default", "cpu"] = "default",
    *,
    ctx: Context,
) -> Annotated[TextModel, Output("clip")]:
    """Load SDXL's two text encoders, CLIP-L and OpenCLIP bigG, in either order.

    Args:
        clip_name1: A safetensors file below models/text_encoders.
        clip_name2: The other one.
        type: For which models they are used.
        device: Where they compute.
    """
    return _text_model([clip_name1, clip_name2], device, ctx)


def _text_model(names: list[str], device: str, ctx: Context) -> TextModel:
    tower = load_text([ctx.model_file("text_encoders", name) for name in names])
    tower.to("cpu" if device == "cpu" else ctx.device)
    return TextModel(tower)


def _word_list(text: TextEncoder, ctx: Context) -> Path | None:
    """Where BERT's word list lies, for a model that reads word pieces; its absence is told when a text is read."""
    if text.spec.tokens != "wordpiece":
        return None
    try:
        return ctx.model_file("text_encoders", WORD_LIST)
    except FileNotFoundError:
        return None


@node("CheckpointSave", title="Save checkpoint", category="loaders")
def save_checkpoint(
    model: DiffusionModel,
    clip: TextModel,
    vae: FirstStage,
    filename_prefix: str = "checkpoints/weft",
    *,
    ctx: Context,
) -> Published:
    """Write a whole model to a safetensors file in half precision, with its spec and the graph that made it.

    Args:
        filename_prefix: Where in the output folder, and how the file's name begins.
    """
    whole = LatentDiffusion(
        model.spec, model.unet, vae.autoencoder, clip.encoder, Schedule(model.spec.schedule)
    )
    notes = _provenance(ctx)
    return ctx.files.publish(
        filename_prefix, ".safetensors", BINARY, lambda path: save_model(whole, path, notes)
    )


@node("VAESave", title="Save first stage", category="loaders")
def save_vae(vae: FirstStage, filename_prefix: str = "vae/weft", *, ctx: Context) -> Published:
    """Write a first stage alone to a safetensors file in half precision, with its spec and the graph that made it.

    Args:
        vae: The first stage.
        filename_prefix: Where in the output folder, and how the file's name begins.
    """
    notes = _provenance(ctx)
    return ctx.files.publish(
        filename_prefix, ".safetensors", BINARY, lambda path: save_first_stage(vae.autoencoder, path, notes)
    )


def _provenance(ctx: Context) -> dict[str, str]:
    return {f"made_by.{name}": text for name, text in ctx.provenance.items()}
