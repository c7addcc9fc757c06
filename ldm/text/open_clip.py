"""OpenCLIP's names for CLIP's towers, in which queries, keys and values are one tensor (SD 2.x, SDXL)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

_NAMES = {
    "transformer.text_model.embeddings.token_embedding.weight": "model.token_embedding.weight",
    "transformer.text_model.embeddings.position_embedding.weight": "model.positional_embedding",
    "transformer.text_model.final_layer_norm": "model.ln_final",
    "transformer.text_model.encoder.layers": "model.transformer.resblocks",
    "transformer.text_projection.weight": "model.text_projection",
    "vision_model.embeddings.class_embedding": "visual.class_embedding",
    "vision_model.embeddings.patch_embedding": "visual.conv1",
    "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
    "vision_model.pre_layrnorm": "visual.ln_pre",
    "vision_model.post_layernorm": "visual.ln_post",
    "vision_model.encoder.layers": "visual.transformer.resblocks",
    "visual_projection.weight": "visual.proj",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
_TURNED = ("transformer.text_projection.weight", "visual_projection.weight")
_APART = re.compile(r"self_attn\.([qkv])_proj\.(weight|bias)$")


def open_clip_name(key: str) -> str:
    """What OpenCLIP calls one of our tower's tensors, or the tensor that holds it among others."""
    for ours, theirs in _NAMES.items():
        key = key.replace(ours, theirs)
    return _APART.sub(r"attn.in_proj_\2", key)


def from_open_clip(key: str, read: Callable[[str], Tensor]) -> Tensor:
    """One of our tower's tensors; `read` gives theirs by name."""
    value = read(open_clip_name(key))
    if found := _APART.search(key):
        return value.chunk(3)["qkv".index(found[1])]
    return value.T.contiguous() if key in _TURNED else value


def to_open_clip(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our tower's tensors as OpenCLIP names and lays them out."""
    theirs: dict[str, Tensor] = {}
    for key, value in state.items():
        found = _APART.search(key)
        if found is None:
            theirs[open_clip_name(key)] = value.T.contiguous() if key in _TURNED else value
        elif found[1] == "q":
            three = [state[key.replace(".q_proj.", f".{part}_proj.")] for part in "qkv"]
            theirs[open_clip_name(key)] = torch.cat(three)
    return theirs
