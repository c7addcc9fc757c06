"""ControlNets and T2I adapters from files, in the layouts of their authors and of diffusers.

A ControlNet's file may also hold what is to be added to a model's own weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ldm.adapters.t2i_file import is_adapter, read_adapter
from ldm.diffusers_names import unet_name
from ldm.published import MODELS
from ldm.recognise import Marks, misfit, unet_marks
from ldm.spec import UNetSpec
from ldm.tensor_file import CheckpointError, Read, TensorFile, fill, opened
from ldm.unet.control import ControlNet
from ldm.unet.hints import HintNet
from ldm.unet.unet import UNet
from ldm.unet.union_control import UnionControlNet

PREFIXES = ("", "control_model.")
HINT = "input_hint_block.0.weight"
THEIR_HINT = "controlnet_cond_embedding.conv_in.weight"
TASKS = "task_embedding"
SAME = (TASKS, "transformer_layes.", "spatial_ch_projs.", "control_add_embedding.")
"""How names begin that are the same in every layout: those of a net for many tasks."""
DIFFERENCE = "difference"
"""The name of a tensor that marks a file of differences."""

OTHERS = {
    "lora_controlnet": "a control LoRA",
    "adapter.body.0.in_conv.weight": "a light T2I adapter",
    "body.0.in_conv.weight": "a light T2I adapter",
    "double_blocks.0.img_attn.norm.key_norm.scale": "a ControlNet for Flux",
}
"""Files that are found beside ControlNets, by a tensor that they have."""


def load_control(path: Path, base: UNet | None = None, dtype: torch.dtype = torch.float32) -> HintNet:
    """Load a ControlNet or a T2I adapter, on the CPU.

    Args:
        path: One safetensors file.
        base: The UNet whose weights a file of differences is added to.
        dtype: What the weights are kept in, and computed with.

    Raises:
        CheckpointError: the file is missing, damaged, or no ControlNet for a model that is known here.
    """
    with opened(path) as file:
        _check_kind(file)
        if is_adapter(file):
            return read_adapter(file, dtype)
        spec, read = _known(file, base)
        if DIFFERENCE in file.shapes:
            read = _added_to(base, read, path)
        with torch.device("meta"):
            net = _empty(file, spec)
        fill(path, net, read, dtype=dtype)
    return net


def _empty(file: TensorFile, spec: UNetSpec) -> ControlNet:
    """A net of the file's sizes, whose weights are to come."""
    seeing = [_hint_shape(file, 4 * number, spec) for number in range(4)]
    channels, widths = seeing[0][1], tuple(shape[0] for shape in seeing)
    tasks = next((shape[0] for key, shape in file.shapes.items() if key.endswith(TASKS)), None)
    if tasks is None:
        return ControlNet(spec, channels, widths)
    layers = sum(key.endswith(".attn.in_proj_bias") for key in file.shapes)
    return UnionControlNet(spec, channels, widths, tasks=tasks, layers=layers)


def _hint_shape(file: TensorFile, number: int, spec: UNetSpec) -> tuple[int, ...]:
    key = f"input_hint_block.{number}.weight"
    names = (*(prefix + key for prefix in PREFIXES), control_name(key, spec))
    return next((file.shapes[name] for name in names if name in file.shapes), (1, 1))


def _check_kind(file: TensorFile) -> None:
    for key, kind in OTHERS.items():
        if key in file.shapes:
            raise CheckpointError(
                f"{file.path.name} is {kind}, which cannot be used here. Give a ControlNet."
            )
    seeing = [THEIR_HINT, *(prefix + HINT for prefix in PREFIXES)]
    if not is_adapter(file) and not any(key in file.shapes for key in seeing):
        raise CheckpointError(
            f"{file.path.name} is no ControlNet: it has neither {HINT} nor {THEIR_HINT}, which see the picture."
        )


def _known(file: TensorFile, base: UNet | None) -> tuple[UNetSpec, Read]:
    """The UNet that the net was made for, and how to read the net by our names."""
    specs = [spec.unet for spec in MODELS if spec.unet.context_dim is not None]
    specs = specs if base is None else [base.spec, *specs]
    first: str | None = None
    for spec in specs:
        plain = replace(spec, in_channels=spec.out_channels)
        if THEIR_HINT in file.shapes:
            marks, prefix = _renamed(_marks(plain), plain), ""
        else:
            prefix = next(prefix for prefix in PREFIXES if prefix + HINT in file.shapes)
            marks = _marks(plain)
        wrong = misfit(file.shapes, marks, prefix)
        if wrong is None:
            name = control_name if THEIR_HINT in file.shapes else _ours
            return plain, _reading(file, prefix, plain, name)
        first = first or wrong
    raise CheckpointError(f"{file.path.name} is a ControlNet for no model that is known here: {first}.")


def _marks(spec: UNetSpec) -> Marks:
    """What tells a net for one UNet from a net for another."""
    return {key: shape for key, shape in unet_marks(spec).items() if not key.startswith("out.")}


def _renamed(marks: Marks, spec: UNetSpec) -> Marks:
    return {unet_name(key, spec): shape for key, shape in marks.items()}


def _ours(key: str, spec: UNetSpec) -> str:
    return key


def _reading(file: TensorFile, prefix: str, spec: UNetSpec, name: Callable[[str, UNetSpec], str]) -> Read:
    return lambda key: file.read(prefix + name(key, spec))


def control_name(key: str, spec: UNetSpec) -> str:
    """The name in diffusers' ControlNet of one of ours tensors."""
    if found := re.match(r"zero_convs\.(\d+)\.0\.(.+)", key):
        return f"controlnet_down_blocks.{found[1]}.{found[2]}"
    if found := re.match(r"middle_block_out\.0\.(.+)", key):
        return f"controlnet_mid_block.{found[1]}"
    if found := re.match(r"input_hint_block\.(\d+)\.(.+)", key):
        number = int(found[1]) // 2
        place = {0: "conv_in", 7: "conv_out"}.get(number, f"blocks.{number - 1}")
        return f"controlnet_cond_embedding.{place}.{found[2]}"
    return key if key.startswith(SAME) else unet_name(key, spec)


def _added_to(base: UNet | None, read: Read, path: Path) -> Read:
    """Reads differences and adds them to the weights of a UNet, where it has such."""
    if base is None:
        raise CheckpointError(
            f"{path.name} holds what is to be added to a model's own weights. Load it with DiffControlNetLoader, which "
            "takes the model."
        )
    own = base.state_dict()

    def whole(key: str) -> Tensor:
        value, ours = read(key), own.get(key)
        return value if ours is None or ours.shape != value.shape else value.float() + ours.float().cpu()

    return whole
