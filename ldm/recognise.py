"""Telling which published model a file holds, by its keys and shapes, where the file itself does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from ldm.diffusers_names import first_stage_name, unet_name
from ldm.published import FIRST_STAGES, MODELS, SD1
from ldm.shapeland.caption import WORDS
from ldm.spec import FirstStageSpec, ModelSpec, UNetSpec
from ldm.unet.unet import TIME_MULT

Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Mapping[str, Shape]
Marks: TypeAlias = dict[str, Shape | None]
"""Shapes that tensors have, and None for those that must not be there."""

UNET, FIRST_STAGE = "model.diffusion_model.", "first_stage_model."


def recognise(shapes: Shapes, prefix: str = UNET) -> ModelSpec | None:
    """The spec of the published model whose UNet lies below `prefix`, or None for one that is not known here."""
    return next((spec for spec in MODELS if misfit(shapes, unet_marks(spec.unet), prefix) is None), None)


def recognise_diffusers_unet(shapes: Shapes) -> ModelSpec | None:
    """The same for a UNet under diffusers' names."""
    for spec in MODELS:
        marks = _renamed(unet_marks(spec.unet), partial(unet_name, spec=spec.unet))
        if misfit(shapes, marks) is None:
            return spec
    return None


def recognise_first_stage(shapes: Shapes, prefix: str = "") -> FirstStageSpec | None:
    """The published first stage below `prefix`, or None."""
    specs = FIRST_STAGES.values()
    return next((spec for spec in specs if misfit(shapes, first_stage_marks(spec), prefix) is None), None)


def recognise_diffusers_first_stage(shapes: Shapes) -> FirstStageSpec | None:
    """The same for a first stage under diffusers' names; its attention is of matrices, where ours is of 1x1 maps."""
    for spec in FIRST_STAGES.values():
        marks = _renamed(first_stage_marks(spec), partial(first_stage_name, spec=spec))
        flat = {key: shape and shape[:2] if ".attentions." in key else shape for key, shape in marks.items()}
        if misfit(shapes, flat) is None:
            return spec
    return None


def nearest(shapes: Shapes) -> str:
    """The known model that a file is most like, and the first thing in which it is another; in words."""
    if not any(key.startswith(UNET) for key in shapes):
        return f"it has no tensor below {UNET}"
    spec = min(MODELS, key=lambda spec: len(_misfits(shapes, unet_marks(spec.unet), UNET)))
    return f"it is most like {spec.name}, but {misfit(shapes, unet_marks(spec.unet), UNET)}"


def misfit(shapes: Shapes, marks: Marks, prefix: str = "") -> str | None:
    """The first of the marks that is not as it should be, in words; None if all are."""
    return next(iter(_misfits(shapes, marks, prefix)), None)


def _misfits(shapes: Shapes, marks: Marks, prefix: str) -> list[str]:
    return [
        f"{prefix + key} is {shapes.get(prefix + key, 'absent')}, not {wanted or 'absent'}"
        for key, wanted in marks.items()
        if shapes.get(prefix + key) != wanted
    ]


def _renamed(marks: Marks, name: Callable[[str], str]) -> Marks:
    """The marks under other names; those of a `qkv` lie in three tensors there."""
    return {name(key): shape for key, shape in marks.items() if ".qkv." not in key}


def unet_marks(spec: UNetSpec) -> Marks:
    """What tells a UNet from others. How many heads it has cannot be seen."""
    width, last = spec.model_channels, spec.model_channels * spec.channel_mult[-1]
    time, blocks, depth = width * TIME_MULT, len(spec.channel_mult) * (spec.res_blocks + 1), spec.depth_at(-1)
    told = 2 * last if spec.scale_shift_norm else last
    context = spec.context_dim
    projection: Shape = (last, last) if spec.linear_projection else (last, last, 1, 1)
    transformer = "middle_block.1.transformer_blocks"
    return {
        "input_blocks.0.0.weight": (width, spec.in_channels, 3, 3),
        "out.2.weight": (spec.out_channels, width, 3, 3),
        f"input_blocks.{blocks - 1}.0.out_layers.0.weight": (last,),
        f"input_blocks.{blocks}.0.out_layers.0.weight": None,
        "middle_block.0.emb_layers.1.weight": (told, time),
        f"{transformer}.0.attn2.to_k.weight": None if context is None else (last, context),
        f"{transformer}.{depth}.norm1.weight": None,
        "middle_block.1.proj_in.weight": None if context is None else projection,
        f"input_blocks.{spec.res_blocks + 1}.0.op.weight": None
        if spec.resize_in_blocks
        else (width, width, 3, 3),
        "label_emb.0.0.weight": None if spec.vector_dim is None else (time, spec.vector_dim),
        "label_emb.weight": None if spec.classes is None else (spec.classes, time),
    }


def first_stage_marks(spec: FirstStageSpec) -> Marks:
    """What tells a first stage from others. Its scale cannot be seen."""
    last, levels = spec.channels * spec.channel_mult[-1], len(spec.channel_mult)
    attends = spec.attention == "vanilla"
    return {
        "encoder.conv_in.weight": (spec.channels, 3, 3, 3),
        "encoder.conv_out.weight": (spec.moments * spec.z_channels, last, 3, 3),
        "post_quant_conv.weight": (spec.z_channels, spec.embed_dim, 1, 1),
        "quantize.embedding.weight": (spec.codes, spec.embed_dim) if spec.kind == "vq" else None,
        "encoder.mid.attn_1.q.weight": (last, last, 1, 1) if attends else None,
        f"encoder.down.{levels - 1}.block.0.norm2.weight": (last,),
        f"encoder.down.{levels}.block.0.norm2.weight": None,
    }


def family_of(spec: ModelSpec) -> str:
    """Which models a model is one of: "sd15", "shapeland", or what it is called itself."""
    if (spec.first_stage, spec.unet, spec.clip) == (SD1.first_stage, SD1.unet, SD1.clip):
        return "sd15"
    if spec.text is not None and spec.text.words and set(spec.text.words) <= set(WORDS):
        return "shapeland"
    return spec.name
