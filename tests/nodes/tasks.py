"""Tiny models of every task, each told something in another way, and what they are told."""

from dataclasses import replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from engine.api import NULL_CONTEXT
from ldm.checkpoint import LatentDiffusion, build
from ldm.spec import (
    ClassSpec,
    ConcatSpec,
    FirstStageSpec,
    ModelSpec,
    RescalerSpec,
    RoughSpec,
    ScheduleSpec,
    TextSpec,
)
from ldm.text.boxes import LayoutBox
from nodes.concat import instruct, low_resolution, show_depth, upscale_conditioning
from nodes.inpaint import inpaint_conditioning
from nodes.latent import empty_latent
from nodes.layout import class_label, encode_layout
from nodes.port_types import DiffusionModel, FirstStage, Image, Layout, Mask, TextModel
from nodes.sampling import sample
from nodes.semantic import semantic_map
from nodes.showing import ToldTwice
from nodes.text import encode_text
from tests.ldm.tiny import SPEC, randomise

ALONE = replace(SPEC, text=None, unet=replace(SPEC.unet, context_dim=None))
"""A model that listens to nothing."""

VQ = replace(SPEC.first_stage, kind="vq", codes=7)
PIXELS = FirstStageSpec(kind="identity", channel_mult=(1,), embed_dim=3, z_channels=3)
ROUGH = RoughSpec(schedule=ScheduleSpec(first=0.0001, last=0.02), most=350)
MASK_FIRST = ConcatSpec(order=("mask", "masked_image"), blank=(0.1, 0.2, 0.3, 0.4))
IMAGE_FIRST = ConcatSpec(order=("masked_image", "mask"), signed=True, hole=-1.0)


def shown(spec: ModelSpec, concat: ConcatSpec, channels: int) -> ModelSpec:
    """A model that is shown so many channels beside the latent."""
    return replace(spec, concat=concat, unet=replace(spec.unet, in_channels=spec.unet.in_channels + channels))


SPECS: dict[str, ModelSpec] = {
    "text": SPEC,
    "nothing": ALONE,
    "class attended to": replace(SPEC, text=None, classes=ClassSpec(classes=5, width=16)),
    "class beside the time": replace(ALONE, unet=replace(ALONE.unet, classes=5)),
    "inpainting, Stable Diffusion's order": shown(SPEC, MASK_FIRST, 5),
    "inpainting, LDM's order": shown(ALONE, IMAGE_FIRST, 5),
    "source": shown(SPEC, ConcatSpec(order=("source",), unscaled=True), 4),
    "depth": shown(SPEC, ConcatSpec(order=("depth",)), 1),
    "low resolution": shown(replace(ALONE, first_stage=VQ), ConcatSpec(order=("low_resolution",)), 3),
    "low resolution, roughened": replace(
        shown(SPEC, ConcatSpec(order=("low_resolution",)), 3),
        roughened=ROUGH,
        unet=replace(SPEC.unet, in_channels=7, classes=351, linear_projection=True, crossed=(0,)),
    ),
    "semantic map": replace(
        shown(ALONE, ConcatSpec(order=("semantic_map",)), 3), rescaler=RescalerSpec(channels=6, stages=2)
    ),
    "boxes": replace(
        SPEC, text=TextSpec(tokens="boxes", entries=64, length=11, width=16, layers=1, heads=2, head_width=8)
    ),
    "pixels": replace(
        SPEC, first_stage=PIXELS, unet=replace(SPEC.unet, in_channels=3, out_channels=3)
    ),
    "codebook": replace(SPEC, first_stage=VQ),
    "clean latent guessed": replace(SPEC, parameterization="x0"),
    "v guessed, no signal at the end": replace(
        SPEC, parameterization="v", schedule=replace(SPEC.schedule, zero_terminal=True)
    ),
}  # fmt: skip


def model_of(spec: ModelSpec, seed: int = 0) -> LatentDiffusion:
    """A model of random weights."""
    model = build(spec)
    for number, part in enumerate((model.unet, model.first_stage, model.text)):
        randomise(part, seed + number)
        part.requires_grad_(requires_grad=False).eval()
    return model


@cache
def parts(spec: ModelSpec) -> tuple[DiffusionModel, TextModel, FirstStage]:
    """The same as a checkpoint's three outputs."""
    model = model_of(spec)
    return (
        DiffusionModel(model.unet, model.schedule, spec),
        TextModel(model.text),
        FirstStage(model.first_stage),
    )


def picture(height: int = 16, width: int = 24, batch: int = 1, seed: int = 0) -> Image:
    """Random colours."""
    return Image(torch.rand(batch, height, width, 3, generator=torch.Generator().manual_seed(seed)))


def left_half(height: int = 16, width: int = 24) -> Mask:
    """Open on the left."""
    values = torch.zeros(1, height, width)
    values[..., : width // 2] = 1
    return Mask(values)


BOXES = (LayoutBox(1, 0.1, 0.2, 0.5, 0.5), LayoutBox(3, 0.5, 0.0, 0.25, 1.0))


def labels(number: int = 5) -> Image:
    """A map of two classes."""
    red = torch.zeros(1, 16, 24, 3)
    red[:, :, 12:, 0] = number / 255
    return Image(red)


def told(
    task: str, model: DiffusionModel, clip: TextModel, vae: FirstStage, other: bool = False
) -> ToldTwice:
    """What a model of this task is told; or something else."""
    empty = empty_latent(24, 16)
    positive = encode_text("a red circle" if "text" in task else "", clip) if "class" not in task else None
    negative = encode_text("", clip) if "class" not in task else None
    seed = int(other)
    match task:
        case "class attended to" | "class beside the time":
            nothing = task == "class attended to"
            return ToldTwice(class_label(clip, 2 + seed), class_label(clip, 0, nothing), empty)
        case "boxes":
            layout = Layout(BOXES[: 2 - seed])
            return ToldTwice(encode_layout(layout, clip), encode_text("", clip), empty)
    assert positive is not None
    assert negative is not None
    match task:
        case "inpainting, Stable Diffusion's order" | "inpainting, LDM's order":
            seen = picture(seed=seed)
            return inpaint_conditioning(positive, negative, vae, seen, left_half(), model=model)
        case "source":
            return instruct(positive, negative, vae, picture(seed=seed))
        case "depth":
            return ToldTwice(*show_depth(positive, negative, picture(seed=seed)), empty)
        case "low resolution":
            return low_resolution(positive, negative, picture(4, 6, seed=seed))
        case "low resolution, roughened":
            return upscale_conditioning(picture(4, 6, seed=seed), positive, negative, 4.0, 0.1)
        case "semantic map":
            return semantic_map(positive, negative, clip, labels(5 - seed))
        case "text" | "pixels" | "codebook" if other:
            return ToldTwice(encode_text("a circle", clip), negative, empty)
    return ToldTwice(positive, negative, empty)


def painted(
    model: DiffusionModel, what: ToldTwice, sampler: Any = "euler", cfg: float = 2.0, **settings: Any
) -> Tensor:
    """The latent that KSampler makes of it in a few steps."""
    return sample(
        model=model,
        seed=3,
        steps=settings.pop("steps", 3),
        cfg=cfg,
        sampler_name=sampler,
        scheduler="normal",
        positive=what.positive,
        negative=what.negative,
        latent_image=what.latent,
        ctx=NULL_CONTEXT,
        **settings,
    ).samples


def seen_by(model: DiffusionModel, what: ToldTwice, **settings: Any) -> tuple[Tensor, Any, Any]:
    """What the UNet is given in the first step of a run without guidance: its input, its context, its vector."""
    seen: list[Any] = []
    handle = model.unet.register_forward_pre_hook(lambda _, args: seen.append(args))
    try:
        painted(model, what, cfg=settings.pop("cfg", 1.0), steps=1, **settings)
    finally:
        handle.remove()
    x, _, context, vector = seen[0]
    return x, context, vector
