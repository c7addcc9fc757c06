"""T2I adapters from files, in the layout of their authors or of diffusers; their shapes say all of them."""

from __future__ import annotations

import re

import torch
from torch import Tensor

from ldm.tensor_file import TensorFile, fill
from ldm.unet.t2i_adapter import AdapterSpec, PictureAdapter

OWN, THEIRS = "body.0.block1.weight", "adapter.body.0.resnets.0.block1.weight"
"""Tensors that tell a T2I adapter from other files: in its authors' layout, and in diffusers'."""
LEVELS = 4  # maps; the authors' layout does not say how many blocks each has
PLACE = re.compile(r"body\.(\d+)\.(.+)")


def is_adapter(file: TensorFile) -> bool:
    """Whether a file holds a T2I adapter."""
    return OWN in file.shapes or THEIRS in file.shapes


def read_adapter(file: TensorFile, dtype: torch.dtype = torch.float32) -> PictureAdapter:
    """The T2I adapter in a file, with weights of this type, on the CPU.

    Raises:
        CheckpointError: it lacks a part.
    """
    own = OWN in file.shapes
    total = sum(key.endswith(".block1.weight") for key in file.shapes)
    levels = LEVELS if own else sum(key.endswith(".resnets.0.block1.weight") for key in file.shapes)
    blocks = total // levels

    def name(key: str) -> str:
        return key if own else adapter_name(key, blocks)

    seen = file.shapes.get(name("conv_in.weight"), (0, 0))[1]
    pixels = 16 if seen % 256 == 0 else 8
    spec = AdapterSpec(
        widths=tuple(_width(file, name(f"body.{level * blocks}.block1.weight")) for level in range(levels)),
        blocks=blocks,
        pixels=pixels,
        hint_channels=seen // pixels**2,
    )
    with torch.device("meta"):
        net = PictureAdapter(spec)

    def read(key: str) -> Tensor:
        return file.read(name(key))

    fill(file.path, net, read, dtype=dtype)
    return net


def adapter_name(key: str, blocks: int) -> str:
    """The name in diffusers' T2I adapter of one of our tensors, where each map has so many blocks."""
    found = PLACE.match(key)
    if found is None:
        return f"adapter.{key}"
    level, block = divmod(int(found[1]), blocks)
    rest = found[2] if found[2].startswith("in_conv") else f"resnets.{block}.{found[2]}"
    return f"adapter.body.{level}.{rest}"


def _width(file: TensorFile, key: str) -> int:
    return file.shapes.get(key, (0,))[0]
