"""Models from files, and back into files."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from engine.api import Context, ModelFile, Output, Published, node
from ldm.checkpoint import LatentDiffusion, load_first_stage, load_model, save_first_stage, save_model
from ldm.diffusion.schedule import Schedule
from ldm.first_stage.glance import colours_of
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
def load_checkpoint(ckpt_name: Annotated[str, ModelFile("checkpoints")], *, ctx: Context) -> Checkpoint:
    """Load a whole text-to-image model: the diffusion model, the text encoder and the first stage.

    Args:
        ckpt_name: A safetensors file below models/checkpoints.
    """
    loaded = load_model(ctx.model_file("checkpoints", ckpt_name))
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
    vae_name: Annotated[str, ModelFile("vae")], *, ctx: Context
) -> Annotated[FirstStage, Output("vae")]:
    """Load a first stage alone, from a file of its own or out of a whole checkpoint.

    Args:
        vae_name: A safetensors file below models/vae.
    """
    first_stage = load_first_stage(ctx.model_file("vae", vae_name))
    first_stage.to(ctx.device)
    return FirstStage(first_stage)


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
