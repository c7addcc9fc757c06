"""Reading LoRA files: what belongs to one layer, whichever of the many ways of writing it down was used."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ldm.adapters.weight_change import Difference, Hadamard, Kronecker, LayerChange, LowRank, WeightChange
from ldm.tensor_file import CheckpointError, opened

PARTS = {
    # kohya, and CompVis' names
    ".lora_up.weight": "up",
    ".lora_down.weight": "down",
    ".lora_mid.weight": "middle",
    ".dora_scale": "magnitude",
    ".alpha": "alpha",
    ".diff": "difference",
    ".diff_b": "bias",
    ".w_norm": "difference",
    ".b_norm": "bias",
    # PEFT
    ".lora_B.weight": "up",
    ".lora_A.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_magnitude_vector": "rows",
    ".lora_magnitude_vector.weight": "rows",
    ".lora_magnitude_vector.default.weight": "rows",
    # diffusers, now and earlier
    ".lora.up.weight": "up",
    ".lora.down.weight": "down",
    "_lora.up.weight": "up",
    "_lora.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    # LyCORIS
    **{f".hada_{part}": part for part in ("w1_a", "w1_b", "w2_a", "w2_b", "t1", "t2")},
    **{f".lokr_{part}": f"k_{part}" for part in ("w1", "w1_a", "w1_b", "w2", "w2_a", "w2_b", "t2")},
}
_LONGEST_FIRST = sorted(PARTS, key=len, reverse=True)
PEFT_PREFIX = "base_model.model."
PEFT_SETTINGS = "lora_adapter_metadata"
EMBEDDED = "bundle_emb."
"""Words that some files bring along for their texts; they are no change of a weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Lora:
    """The changes in a file, each by what the file calls its layer."""

    name: str
    layers: Mapping[str, LayerChange]


def read_lora(path: Path) -> Lora:
    """Read a LoRA file of any layout.

    Raises:
        CheckpointError: it is missing, damaged, or holds something else.
    """
    with opened(path) as file:
        parts: dict[str, dict[str, Tensor]] = {}
        for key in file.shapes:
            if key.startswith(EMBEDDED):
                continue
            layer, part = _split(key, path.name)
            parts.setdefault(layer, {})[part] = file.read(key)
        alphas = _told_alphas(file.metadata)
    if not parts:
        raise CheckpointError(f"{path.name} is empty: it changes no layer.")
    return Lora(path.name, {name: _layer(path.name, name, found, alphas) for name, found in parts.items()})


def context_width(path: Path) -> int | None:
    """How wide the context is that the LoRA's model attends to, by its header; None where it does not say.

    Raises:
        CheckpointError: as `read_lora`.
    """
    with opened(path) as file:
        for key, shape in file.shapes.items():
            part = next((PARTS[ending] for ending in _LONGEST_FIRST if key.endswith(ending)), None)
            if part == "down" and "attn2" in key and "to_k" in key:
                return shape[1]
    return None


def _split(key: str, file: str) -> tuple[str, str]:
    """The layer that a tensor belongs to, and which part of its change it is."""
    for ending in _LONGEST_FIRST:
        if key.endswith(ending):
            layer = key.removesuffix(ending).removeprefix(PEFT_PREFIX)
            return _of_processor(layer) if ending.startswith("_lora") else layer, PARTS[ending]
    raise CheckpointError(
        f"{file} is no LoRA that is known here: {key} is no part of a LoRA, LoCon, LoHa, LoKr or DoRA. "
        "A whole model belongs into models/checkpoints."
    )


def _of_processor(layer: str) -> str:
    """Diffusers once kept changes beside the attention: its `processor.to_out` is a change of `to_out.0`."""
    layer = layer.replace(".processor.", ".")
    return f"{layer}.0" if layer.endswith(".to_out") else layer


def _told_alphas(metadata: Mapping[str, str]) -> dict[str, float]:
    """By their prefix, the alphas that diffusers writes down beside the tensors and not among them."""
    try:
        told = json.loads(metadata.get(PEFT_SETTINGS, "{}"))
    except ValueError:
        return {}
    ending = "lora_alpha"
    return {key.removesuffix(ending): float(value) for key, value in told.items() if key.endswith(ending)}


def _layer(file: str, name: str, found: Mapping[str, Tensor], alphas: Mapping[str, float]) -> LayerChange:
    try:
        change, rank = _change(found)
    except KeyError as error:
        raise CheckpointError(f"{file} has a change of {name} without its part {error.args[0]!r}.") from error
    alpha = float(found["alpha"]) if "alpha" in found else _alpha_for(name, alphas)
    scale = 1.0 if alpha is None or rank is None else alpha / rank
    rows = found.get("rows")
    magnitude = found.get("magnitude") if rows is None else rows.flatten()
    return LayerChange(change, scale, magnitude, found.get("bias"))


def _alpha_for(name: str, alphas: Mapping[str, float]) -> float | None:
    return next((alpha for prefix, alpha in alphas.items() if name.startswith(prefix)), None)


def _change(found: Mapping[str, Tensor]) -> tuple[WeightChange | None, int | None]:
    """The change of a layer's weight, and the rank that its alpha is divided by."""
    if "up" in found or "down" in found:
        return LowRank(found["up"], found["down"], found.get("middle")), found["down"].shape[0]
    if "w1_a" in found or "w2_a" in found:
        pairs = (_hadamard_factor(found, 1), _hadamard_factor(found, 2))
        return Hadamard(*pairs), found["w1_b"].shape[0]
    if any(part.startswith("k_") for part in found):
        (left, _), (right, _) = factors = (_kronecker_factor(found, 1), _kronecker_factor(found, 2))
        return Kronecker(left, right), next((rank for _, rank in reversed(factors) if rank is not None), None)
    if "difference" in found:
        return Difference(found["difference"]), None
    if "bias" not in found and "magnitude" not in found and "rows" not in found:
        raise KeyError("up")
    return None, None


def _hadamard_factor(found: Mapping[str, Tensor], number: int) -> LowRank:
    up, down, core = found[f"w{number}_a"], found[f"w{number}_b"], found.get(f"t{number}")
    return LowRank(up if core is None else up.T, down, core)  # beside a core, LyCORIS keeps it turned


def _kronecker_factor(found: Mapping[str, Tensor], number: int) -> tuple[Tensor | LowRank, int | None]:
    """One of the factors, and its rank if it has one."""
    whole, core = found.get(f"k_w{number}"), found.get(f"k_t{number}")
    if whole is not None:
        return whole, None
    up, down = found[f"k_w{number}_a"], found[f"k_w{number}_b"]
    return LowRank(up if core is None else up.T, down, core), down.shape[0]
