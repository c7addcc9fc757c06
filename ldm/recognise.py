"""Telling which published model a file holds, by its keys and shapes, where the file itself does not say."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ldm.shapeland.caption import WORDS
from ldm.spec import ClipSpec, FirstStageSpec, ModelSpec, ScheduleSpec, UNetSpec

FIRST_CONV = "model.diffusion_model.input_blocks.0.0.weight"
LISTENS = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
CLIP_TOKENS = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
KEYS = (FIRST_CONV, LISTENS, CLIP_TOKENS)
KL_F8 = FirstStageSpec(
    channel_mult=(1, 2, 4, 4), z_channels=4, embed_dim=4, scale_factor=0.18215, resolution=256
)
SD_SCHEDULE = ScheduleSpec(first=0.00085, last=0.012)

# Stable Diffusion 1.x. How many heads there are cannot be seen in the shapes.
SD1 = ModelSpec(
    name="Stable Diffusion 1",
    first_stage=KL_F8,
    unet=UNetSpec(),
    clip=ClipSpec(),
    schedule=SD_SCHEDULE,
)


def recognise(tensors: Mapping[str, Tensor]) -> ModelSpec | None:
    """The spec of a published model, or None for one that is not known here.

    Known is Stable Diffusion 1.x in CompVis' layout.
    """
    return recognised({key: tuple(tensors[key].shape) for key in KEYS if key in tensors})


def recognised(shapes: Mapping[str, tuple[int, ...]]) -> ModelSpec | None:
    """The same by the shapes of the tensors under `KEYS`, as far as there are any."""
    wanted = {
        FIRST_CONV: (SD1.unet.model_channels, SD1.unet.in_channels, 3, 3),
        LISTENS: (SD1.unet.model_channels, SD1.unet.context_dim),
        CLIP_TOKENS: (ClipSpec().vocabulary, ClipSpec().width),
    }
    return SD1 if dict(shapes) == wanted else None


def family_of(spec: ModelSpec) -> str:
    """Which models a model is one of: "sd15", "shapeland", or what it is called itself."""
    if (spec.first_stage, spec.unet, spec.clip) == (SD1.first_stage, SD1.unet, SD1.clip):
        return "sd15"
    if spec.text is not None and set(spec.text.words) <= set(WORDS):
        return "shapeland"
    return spec.name
