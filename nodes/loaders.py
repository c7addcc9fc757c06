"""Models from files and folders. What writes them is in `model_files`."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import torch

from engine.api import Context, ModelFile, Output, Range, node
from ldm.checkpoint import LatentDiffusion, load_first_stage, load_model, load_unet
from ldm.compvis_config import compvis_spec
from ldm.diffusers_folder import load_folder
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.glance import colours_of, is_quick
from ldm.small_weights import keep_small
from ldm.text.files import load_text
from ldm.text.transformer import TextEncoder
from ldm.text.wordpiece import FILE as WORD_LIST
from nodes.embeddings import let_find
from nodes.facts import models
from nodes.peeks import remember_colours
from nodes.port_types import DiffusionModel, FirstStage, TextModel

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}

SMALL = {
    "fp8_e4m3fn": torch.float8_e4m3fn,
    "fp8_e4m3fn_fast": torch.float8_e4m3fn,
    "fp8_e5m2": torch.float8_e5m2,
}

WeightKind = Literal["default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2", "fp32", "bf16", "fp16"]


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
    path = ctx.model_file("checkpoints", ckpt_name)
    return _checkpoint(load_model(path, averaged=averaged, dtype=DTYPES[ctx.dtype]), ctx)


@node(
    "CheckpointLoader",
    title="Load checkpoint with config (deprecated)",
    category="advanced/loaders",
    device=True,
    pinned=True,
    facts=models.configured,
)
def load_checkpoint_with_config(
    config_name: Annotated[str, ModelFile("configs")],
    ckpt_name: Annotated[str, ModelFile("checkpoints")],
    *,
    ctx: Context,
) -> Checkpoint:
    """Load a whole model that is not recognised by itself, told by CompVis' config file how it is built.

    Args:
        config_name: A YAML file below models/configs.
        ckpt_name: A safetensors file below models/checkpoints.
    """
    spec = compvis_spec(ctx.model_file("configs", config_name))
    path = ctx.model_file("checkpoints", ckpt_name)
    return _checkpoint(load_model(path, dtype=DTYPES[ctx.dtype], spec=spec), ctx)


@node(
    "DiffusersLoader",
    title="Load diffusers folder",
    category="advanced/loaders/deprecated",
    device=True,
    pinned=True,
    facts=models.folder,
)
def load_diffusers_folder(model_path: Annotated[str, ModelFile("diffusers")], *, ctx: Context) -> Checkpoint:
    """Load a whole model from a folder as diffusers keeps it, with a folder for each part.

    Args:
        model_path: A folder below models/diffusers that has a model_index.json.
    """
    return _checkpoint(load_folder(ctx.model_file("diffusers", model_path), DTYPES[ctx.dtype]), ctx)


def _checkpoint(loaded: LatentDiffusion, ctx: Context) -> Checkpoint:
    if isinstance(loaded.text, TextEncoder):
        loaded.text.word_list = _word_list(loaded.text, ctx)
    let_find(loaded.text, ctx)
    for part in (loaded.unet, loaded.text, loaded.first_stage):
        part.to(ctx.device)
    colours = colours_of(loaded.first_stage)
    remember_colours(colours, loaded.spec.first_stage.factor)
    # A copy of its own: where memory is short, parts of a model go to the host and come back by themselves.
    decoder = copy.deepcopy(loaded.first_stage) if is_quick(loaded.first_stage) else None
    return Checkpoint(
        DiffusionModel(loaded.unet, loaded.schedule, loaded.spec, colours, decoder=decoder),
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
    first_stage = load_first_stage(ctx.model_file("vae", vae_name), scale or None, DTYPES[ctx.dtype])
    first_stage.to(ctx.device)
    return FirstStage(first_stage)


@node(
    "UNETLoader",
    title="Load diffusion model",
    category="advanced/loaders",
    device=True,
    pinned=True,
    facts=models.diffusion_model,
)
def load_diffusion_model(
    unet_name: Annotated[str, ModelFile("diffusion_models")],
    weight_dtype: WeightKind = "default",
    *,
    ctx: Context,
) -> Annotated[DiffusionModel, Output("model")]:
    """Load a diffusion model alone.

    Args:
        unet_name: A safetensors file below models/diffusion_models, under CompVis' names or diffusers'.
        weight_dtype: What the weights are kept in; by default, as Weft was started. In 8 bits they take less memory,
            and are computed with as Weft was started.
    """
    dtype = DTYPES.get(weight_dtype, DTYPES[ctx.dtype])
    spec, unet = load_unet(ctx.model_file("diffusion_models", unet_name), dtype)
    if weight_dtype in SMALL:
        keep_small(unet, SMALL[weight_dtype])
    unet.to(ctx.device)
    return DiffusionModel(unet, Schedule(spec.schedule), spec)


@node(
    "CLIPLoader",
    title="Load text encoder",
    category="advanced/loaders",
    device=True,
    pinned=True,
    facts=models.text_encoder,
)
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


@node(
    "DualCLIPLoader",
    title="Load two text encoders",
    category="advanced/loaders",
    device=True,
    pinned=True,
    facts=models.two_text_encoders,
)
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
    if isinstance(tower, TextEncoder):
        tower.word_list = _word_list(tower, ctx)
    let_find(tower, ctx)
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
