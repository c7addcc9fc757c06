"""Telling which published model a file holds, by its keys and shapes, where the file itself does not say."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from ldm.spec import ClipSpec, FirstStageSpec, ModelSpec, ScheduleSpec, UNetSpec

FIRST_CONV = "model.diffusion_model.input_blocks.0.0.weight"
LISTENS = "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
CLIP_TOKENS = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight"
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
    shapes = {key: tuple(tensors[key].shape) for key in (FIRST_CONV, LISTENS, CLIP_TOKENS) if key in tensors}
    wanted = {
        FIRST_CONV: (SD1.unet.model_channels, SD1.unet.in_channels, 3, 3),
        LISTENS: (SD1.unet.model_channels, SD1.unet.context_dim),
        CLIP_TOKENS: (ClipSpec().vocabulary, ClipSpec().width),
    }
    return SD1 if shapes == wanted else None
