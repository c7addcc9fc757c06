"""What diffusers calls the tensors that have CompVis' names here, and how it lays them out; both ways are in use.

The published files of both are the same models. CompVis' names are the ones in our modules.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import torch
from torch import Tensor

from ldm.spec import FirstStageSpec, UNetSpec

Read = Callable[[str], Tensor]
"""Gives the tensor that a file has under a name."""

_RES_BLOCK = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}
_UNET_ENDS = {
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
    "label_emb": "class_embedding",
    "input_blocks.0.0": "conv_in",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
_MIDDLE = ("mid_block.resnets.0", "mid_block.attentions.0", "mid_block.resnets.1")
_ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
_ALONE = re.compile(r"attentions\.\d+\.to_out\.0\.weight$")  # of what attends without a context
_QKV = ("to_q", "to_k", "to_v")
_OLD = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
_OLD_NAME = re.compile(rf"(attentions\.\d+)\.({'|'.join(_OLD)})\.")


def unet_name(key: str, spec: UNetSpec) -> str:
    """The name in diffusers' UNet of one of our UNet's tensors; of a `qkv`, which it keeps apart, with `qkv` still."""
    stem, last = key.rsplit(".", 1)
    if stem in _UNET_ENDS:
        return f"{_UNET_ENDS[stem]}.{last}"
    side, block, rest = key.split(".", 2)
    if side == "middle_block":
        place = _MIDDLE[int(block)]
    else:
        layer, rest = rest.split(".", 1)
        place = _place(side, int(block), int(layer), spec, rest)
    if place.endswith(".conv"):
        return f"{place}.{last}"
    for ours, theirs in _RES_BLOCK.items():
        if rest.startswith(ours + "."):
            return f"{place}.{theirs}.{last}"
    if spec.context_dim is None:
        first = rest.split(".")[0]
        return f"{place}.{_ATTENTION.get(first, first)}.{last}"
    return f"{place}.{rest}"


def _place(side: str, block: int, layer: int, spec: UNetSpec, rest: str) -> str:
    """Where diffusers keeps a layer of `input_blocks` or `output_blocks`."""
    each = spec.res_blocks + 1
    resized = rest.split(".", maxsplit=1)[0] in {"op", "conv"}
    if side == "input_blocks":
        level, index = divmod(block - 1, each)
        if index == spec.res_blocks:
            return f"down_blocks.{level}.downsamplers.0" + (".conv" if resized else "")
        return f"down_blocks.{level}.{('resnets', 'attentions')[layer]}.{index}"
    level, index = divmod(block, each)
    if resized or (layer > 0 and rest.split(".", maxsplit=1)[0] in {"in_layers", "emb_layers", "out_layers"}):
        return f"up_blocks.{level}.upsamplers.0" + (".conv" if resized else "")
    return f"up_blocks.{level}.{('resnets', 'attentions')[layer]}.{index}"


def first_stage_name(key: str, spec: FirstStageSpec) -> str:
    """The name in diffusers' autoencoders of one of our first stage's tensors."""
    last = len(spec.channel_mult) - 1

    def place(match: re.Match[str]) -> str:
        side, level, what = match[1], int(match[2]), match[3]
        level = last - level if side == "up" else level
        inner = {"block": "resnets", "attn": "attentions"}.get(what, f"{what}rs.0")
        return f"{side}_blocks.{level}.{inner}"

    key = re.sub(r"\b(down|up)\.(\d+)\.(block|attn|downsample|upsample)", place, key)
    key = re.sub(r"\bmid\.block_([12])", lambda match: f"mid_block.resnets.{int(match[1]) - 1}", key)
    key = key.replace("mid.attn_1", "mid_block.attentions.0")
    key = re.sub(
        r"(attentions\.\d+)\.(norm|q|k|v|proj_out)\.",
        lambda match: f"{match[1]}.{_ATTENTION[match[2]]}.",
        key,
    )
    return key.replace("nin_shortcut", "conv_shortcut").replace("norm_out", "conv_norm_out")


def new_name(name: str) -> str:
    """The name that diffusers gives a tensor today; before version 0.15 some had others."""
    return _OLD_NAME.sub(lambda match: f"{match[1]}.{_OLD[match[2]]}.", name)


def joined(name: str, read: Read, heads: Callable[[int], int]) -> Tensor:
    """The tensor of a name of theirs as we keep it: of a `qkv`, their three, head by head.

    Args:
        name: From `unet_name`.
        read: Reads a tensor of theirs.
        heads: How many heads a layer of so many channels has.
    """
    if ".qkv." not in name:
        return read(name)[..., None] if _ALONE.search(name) else read(name)
    apart = torch.stack([read(name.replace("qkv", part)) for part in _QKV])
    by_head: Tensor = apart.unflatten(1, (heads(apart.shape[1]), -1)).transpose(0, 1).flatten(0, 2)
    return by_head[..., None] if by_head.ndim == 2 else by_head


def apart(name: str, ours: Tensor, heads: Callable[[int], int]) -> dict[str, Tensor]:
    """The same the other way: one of our tensors under their names, a `qkv` as three.

    What attends without a context is a convolution of one place in ADM, and a matrix in diffusers.
    """
    ours = ours[..., 0] if ours.ndim == 3 else ours
    if ".qkv." not in name:
        return {name: ours}
    channels = ours.shape[0] // 3
    split = ours.unflatten(0, (heads(channels), 3, -1)).transpose(0, 1).flatten(1, 2)
    return {name.replace("qkv", part): value for part, value in zip(_QKV, split, strict=True)}
