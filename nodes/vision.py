"""Pictures that a model is told: CLIP's image tower, and what is made of what it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

import torch
from torch.nn import functional as F

from engine.api import Context, ModelFile, Output, Range, node
from ldm.diffusion.condition import Condition, ImageTold
from ldm.vision.files import load_vision
from ldm.vision.tower import prepared
from nodes.facts import conditioning, models
from nodes.loaders import load_checkpoint
from nodes.port_types import (
    Conditioning,
    DiffusionModel,
    FirstStage,
    Image,
    SeenPictures,
    TextModel,
    VisionModel,
)

Looked = Annotated[VisionModel, Output("clip_vision")]


class UnclipCheckpoint(NamedTuple):
    """The four parts of a model that is told pictures."""

    model: DiffusionModel
    clip: TextModel
    vae: FirstStage
    clip_vision: VisionModel


@node("CLIPVisionLoader", title="Load image encoder", category="loaders", device=True, pinned=True)
def load_clip_vision(clip_name: Annotated[str, ModelFile("clip_vision")], *, ctx: Context) -> Looked:
    """Load CLIP's image tower.

    Args:
        clip_name: A safetensors file below models/clip_vision: of ViT-L/14, ViT-H/14 or ViT-bigG/14.
    """
    tower = load_vision(ctx.model_file("clip_vision", clip_name))
    tower.to(ctx.device)
    return VisionModel(tower)


@node(
    "unCLIPCheckpointLoader",
    title="Load unCLIP checkpoint",
    category="loaders",
    device=True,
    pinned=True,
    facts=models.unclip_checkpoint,
)
def load_unclip_checkpoint(
    ckpt_name: Annotated[str, ModelFile("checkpoints")], *, ctx: Context
) -> UnclipCheckpoint:
    """Load a model that is told pictures beside the text, with the tower that looks at them.

    Args:
        ckpt_name: A safetensors file below models/checkpoints: of Stable Diffusion 2 unCLIP.
    """
    tower = load_vision(ctx.model_file("checkpoints", ckpt_name))
    tower.to(ctx.device)
    return UnclipCheckpoint(*load_checkpoint(ckpt_name, ctx=ctx), VisionModel(tower))


@node("CLIPVisionEncode", title="Encode image (CLIP)", category="conditioning", device=True)
def encode_vision(
    clip_vision: VisionModel, image: Image, crop: Literal["center", "none"] = "center"
) -> Annotated[SeenPictures, Output("clip_vision_output")]:
    """Let CLIP's image tower look at pictures.

    Args:
        clip_vision: The tower.
        image: The pictures.
        crop: "center" cuts off what reaches beyond a square; "none" squeezes the picture into one.
    """
    tower = clip_vision.tower
    weights = tower.visual_projection.weight
    pixels = image.pixels[..., :3].movedim(-1, 1)
    with torch.no_grad():
        seen = tower(prepared(pixels, tower.spec.resolution, crop=crop == "center").to(weights))
    vector, last, before = (one.float().cpu() for one in (seen.vector, seen.last, seen.before))
    return SeenPictures(vector, last, before)


@node("unCLIPConditioning", title="Tell a picture (unCLIP)", category="conditioning", facts=conditioning.same)
def tell_picture(
    conditioning: Conditioning,
    clip_vision_output: SeenPictures,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.0,
) -> Conditioning:
    """Tell an unCLIP model a picture beside the text; several times, several pictures.

    Args:
        conditioning: What else it is told.
        clip_vision_output: What CLIP saw in the picture.
        strength: How much the picture counts.
        noise_augmentation: How far from the picture it may go.
    """
    if strength == 0:
        return conditioning
    told = ImageTold(clip_vision_output.vector, strength, noise_augmentation)
    return Conditioning(tuple(replace(one, images=(*one.images, told)) for one in conditioning.entries))


@node("CLIPVisionConditioning", title="Attend to pictures (RDM)", category="conditioning")
def attend_to_pictures(clip_vision_output: SeenPictures) -> Conditioning:
    """Tell a retrieval-augmented model pictures that are like the wanted one: it attends to each of their vectors.

    Args:
        clip_vision_output: What CLIP saw in them.
    """
    return Conditioning((Condition(F.normalize(clip_vision_output.vector, dim=-1)[None]),))
