"""Models into files: whole or in parts, in CompVis' layout or diffusers', in half precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

from engine.api import Context, Published, PublishedFile, node
from ldm.checkpoint import LatentDiffusion, save_first_stage, save_model, save_unet, write_tensors
from ldm.diffusers_saving import save_diffusers_first_stage, save_diffusers_unet, save_folder
from ldm.text.files import tau_files
from nodes.port_types import DiffusionModel, FirstStage, TextModel

BINARY = "application/octet-stream"

Layout = Literal["CompVis", "diffusers"]


@node("CheckpointSave", title="Save checkpoint", category="advanced/model_merging")
def save_checkpoint(
    model: DiffusionModel,
    clip: TextModel,
    vae: FirstStage,
    filename_prefix: str = "checkpoints/ComfyUI",
    layout: Layout = "CompVis",
    *,
    ctx: Context,
) -> Published:
    """Write a whole model in half precision, with its spec and the graph that made it.

    Args:
        model: The diffusion model.
        clip: What it listens through.
        vae: The first stage.
        filename_prefix: Where in the output folder, and how the name begins. A diffusers folder is found by
            DiffusersLoader below diffusers/.
        layout: One file as CompVis and Stable Diffusion have it, or a folder as diffusers has it.
    """
    spec = replace(model.spec, first_stage=vae.autoencoder.spec, schedule=model.schedule.spec)
    whole = LatentDiffusion(spec, model.unet, vae.autoencoder, clip.encoder, model.schedule)
    notes = _provenance(ctx)
    if layout == "diffusers":
        return ctx.files.publish_folder(filename_prefix, lambda path: save_folder(whole, path, notes))
    return _published(ctx, filename_prefix, lambda path: save_model(whole, path, notes))


@node("ModelSave", title="Save diffusion model", category="advanced/model_merging")
def save_diffusion_model(
    model: DiffusionModel,
    filename_prefix: str = "diffusion_models/ComfyUI",
    layout: Layout = "CompVis",
    *,
    ctx: Context,
) -> Published:
    """Write a diffusion model alone to a safetensors file in half precision, with its spec and the graph that made it.

    Args:
        model: The diffusion model.
        filename_prefix: Where in the output folder, and how the file's name begins.
        layout: Under whose names.
    """
    spec = replace(model.spec, schedule=model.schedule.spec)
    save = save_diffusers_unet if layout == "diffusers" else save_unet
    notes = _provenance(ctx)
    return _published(ctx, filename_prefix, lambda path: save(spec, model.unet, path, notes))


@node("CLIPSave", title="Save text encoder", category="advanced/model_merging")
def save_text_encoder(clip: TextModel, filename_prefix: str = "clip/ComfyUI", *, ctx: Context) -> Published:
    """Write a text encoder alone to a safetensors file in half precision; SDXL's two to two files.

    Args:
        clip: The text encoder.
        filename_prefix: Where in the output folder, and how the files' names begin.
    """
    notes = _provenance(ctx)
    files: list[PublishedFile] = []
    for suffix, (tensors, spec) in tau_files(clip.encoder).items():
        write = partial(write_tensors, tensors=tensors, metadata={**spec, **notes})
        files += _published(ctx, filename_prefix + suffix, write).files
    return Published(tuple(files))


@node("VAESave", title="Save first stage", category="advanced/model_merging")
def save_vae(
    vae: FirstStage, filename_prefix: str = "vae/ComfyUI_vae", layout: Layout = "CompVis", *, ctx: Context
) -> Published:
    """Write a first stage alone to a safetensors file in half precision, with its spec and the graph that made it.

    Args:
        vae: The first stage.
        filename_prefix: Where in the output folder, and how the file's name begins.
        layout: Under whose names.
    """
    save = save_diffusers_first_stage if layout == "diffusers" else save_first_stage
    notes = _provenance(ctx)
    return _published(ctx, filename_prefix, lambda path: save(vae.autoencoder, path, notes))


def _published(ctx: Context, prefix: str, write: Callable[[Path], object]) -> Published:
    return ctx.files.publish(prefix, ".safetensors", BINARY, write)


def _provenance(ctx: Context) -> dict[str, str]:
    return {f"made_by.{name}": text for name, text in ctx.provenance.items()}
