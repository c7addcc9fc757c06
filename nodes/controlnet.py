"""ControlNet: the model follows a picture, such as edges, a pose or depths."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, NamedTuple

from engine.api import Context, ModelFile, Output, Range, node
from ldm.adapters.control_file import load_control
from ldm.diffusion.control import Control
from ldm.unet.hints import Hint
from ldm.unet.union_control import TASKS, UnionControlNet
from nodes.facts import changes
from nodes.facts import conditioning as told
from nodes.loaders import DTYPES
from nodes.port_types import Conditioning, ControlModel, DiffusionModel, FirstStage, Image

Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Task = Literal[
    "auto",
    "openpose",
    "depth",
    "hed/pidi/scribble/ted",
    "canny/lineart/anime_lineart/mlsd",
    "normal",
    "segment",
    "tile",
    "repaint",
]
Moment = Annotated[float, Range(0.0, 1.0, step=0.001)]


class Both(NamedTuple):
    """What to paint and what not, both under control."""

    positive: Conditioning
    negative: Conditioning


@node("ControlNetLoader", title="Load ControlNet", category="loaders", device=True, pinned=True)
def load_controlnet(
    control_net_name: Annotated[str, ModelFile("controlnet")], *, ctx: Context
) -> Annotated[ControlModel, Output("control_net")]:
    """Load a ControlNet or a T2I adapter of Stable Diffusion 1.x, 2.x or SDXL.

    Args:
        control_net_name: A safetensors file below models/controlnet, under CompVis' names or diffusers'.
    """
    net = load_control(ctx.model_file("controlnet", control_net_name), dtype=DTYPES[ctx.dtype])
    return ControlModel(net.to(ctx.device))


@node(
    "DiffControlNetLoader",
    title="Load ControlNet (differences)",
    category="loaders",
    device=True,
    pinned=True,
)
def load_difference(
    model: DiffusionModel, control_net_name: Annotated[str, ModelFile("controlnet")], *, ctx: Context
) -> Annotated[ControlModel, Output("control_net")]:
    """Load a ControlNet whose file holds what is to be added to the diffusion model's own weights; or any other.

    Args:
        model: The diffusion model whose weights are added.
        control_net_name: A safetensors file below models/controlnet.
    """
    net = load_control(ctx.model_file("controlnet", control_net_name), model.unet, DTYPES[ctx.dtype])
    return ControlModel(net.to(ctx.device))


@node("SetUnionControlNetType", title="Tell a ControlNet its task", category="conditioning/controlnet")
def tell_task(
    control_net: ControlModel, type: Task = "auto"
) -> Annotated[ControlModel, Output("control_net")]:
    """Tell a ControlNet for many tasks what its picture shows.

    Args:
        control_net: A ControlNet for many tasks (union), such as there are for SDXL.
        type: What the picture shows; "auto" leaves it to the net.
    """
    task, net = TASKS.index(type) if type in TASKS else None, control_net.net
    known = len(net.task_embedding) if isinstance(net, UnionControlNet) else 0
    if task is not None and task >= known:
        knows = (
            f"knows {known} tasks, from {TASKS[0]!r} to {TASKS[known - 1]!r}"
            if known
            else "has one task only"
        )
        raise ValueError(
            f"This ControlNet {knows}, and cannot be told {type!r}. Take out this node, or choose 'auto'."
        )
    return replace(control_net, task=task)


@node(
    "ControlNetApplyAdvanced",
    title="Apply ControlNet",
    category="conditioning/controlnet",
    facts=changes.both,
)
def apply_controlnet(
    positive: Conditioning,
    negative: Conditioning,
    control_net: ControlModel,
    image: Image,
    strength: Strength = 1.0,
    start_percent: Moment = 0.0,
    end_percent: Moment = 1.0,
    vae: FirstStage | None = None,
) -> Both:
    """Make the model follow a picture, whatever it is told. Several ControlNets may follow each other.

    Args:
        positive: What to paint.
        negative: What not to paint.
        control_net: Of the same family as the model.
        image: What to follow: edges, a pose, depths, as the ControlNet was trained to. What juts out over the latent's
            proportions is cut off.
        strength: How closely it is followed.
        start_percent: Where on the way it begins to be followed; 0 is pure noise.
        end_percent: Where it ceases to; 1 is the picture.
        vae: Not needed by these ControlNets, which see pixels; newer ones in ComfyUI do.
    """
    control = _control(control_net, image, strength, start_percent, end_percent)
    return Both(_under(positive, control), _under(negative, control))


@node(
    "ControlNetApply",
    title="Apply ControlNet (old)",
    category="conditioning/controlnet",
    facts=told.same,
)
def apply_to_one(
    conditioning: Conditioning, control_net: ControlModel, image: Image, strength: Strength = 1.0
) -> Conditioning:
    """Make the model follow a picture under one conditioning, and under the negative if that follows nothing.

    Args:
        conditioning: What to paint.
        control_net: Of the same family as the model.
        image: What to follow.
        strength: How closely it is followed.
    """
    control = _control(control_net, image, strength, 0.0, 1.0)
    return _under(conditioning, replace(control, under_negative=True))


def _control(net: ControlModel, image: Image, strength: float, start: float, end: float) -> Control:
    """What is followed; a net for one colour sees grey."""
    pixels, wanted = image.pixels[..., :3].movedim(-1, 1), net.net.hint_channels
    if wanted not in (pixels.shape[1], 1):
        raise ValueError(f"This ControlNet sees {wanted} channels, but the picture has {pixels.shape[1]}.")
    seen = pixels if wanted == pixels.shape[1] else pixels.mean(dim=1, keepdim=True)
    return Control(Hint(net.net, seen, strength, net.task), start, end)


def _under(conditioning: Conditioning, control: Control) -> Conditioning:
    if control.hint.strength == 0.0:
        return conditioning
    return Conditioning(tuple(replace(one, control=(*one.control, control)) for one in conditioning.entries))
