"""The random adapters behind the golden numbers of `adapters.json`."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from ldm.spec import UNetSpec
from ldm.unet.t2i_adapter import AdapterSpec
from tests.goldens.cases import UNETS

SPEC: UNetSpec = UNETS["sd1"]
CONTROLLED = {name: UNETS[name] for name in ("sd1", "sd2", "sdxl")}
ADAPTERS = {
    "sd1": AdapterSpec(widths=(32, 64), blocks=2),
    "sdxl": AdapterSpec(widths=(32, 64, 64, 64), blocks=2, pixels=16),
}

TASK, TOLD_WIDTHS = 3, (8, 16, 24, 40)
RANK, ALPHA = 3, 5.0
BLOCK = "transformer_blocks.0"
LAYERS: dict[str, tuple[int, ...]] = {
    f"down_blocks.0.attentions.0.{BLOCK}.attn1.to_q": (32, 32),
    f"down_blocks.0.attentions.0.{BLOCK}.attn2.to_k": (32, 24),
    f"down_blocks.1.attentions.0.{BLOCK}.attn1.to_out.0": (64, 64),
    f"mid_block.attentions.0.{BLOCK}.ff.net.0.proj": (512, 64),
    "up_blocks.1.attentions.1.proj_in": (32, 32, 1, 1),
}
"""Layers that kohya's scripts change, as diffusers names them, with the shapes of their weights."""
CONVOLUTIONS: dict[str, tuple[int, ...]] = {
    "down_blocks.0.resnets.0.conv1": (32, 32, 3, 3),
    "up_blocks.0.upsamplers.0.conv": (64, 64, 3, 3),
}


def random(seed: int, *shape: int) -> Tensor:
    """Random numbers in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) / 4


def factors(layers: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[Tensor, Tensor]]:
    """For each layer the two factors of its change: up (out, r, ...) and down (r, in, ...)."""
    return {
        name: (
            random(2 * number, shape[0], RANK, *[1] * (len(shape) - 2)),
            random(2 * number + 1, RANK, *shape[1:]),
        )
        for number, (name, shape) in enumerate(layers.items())
    }


def magnitudes(layers: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """For each layer, of matrices alone, how long the rows shall be."""
    return {
        name: random(100 + number, shape[0]).abs() + 0.5
        for number, (name, shape) in enumerate(layers.items())
        if len(shape) == 2
    }


def kohya() -> dict[str, Tensor]:
    """A LoRA as kohya's scripts write it down."""
    found: dict[str, Tensor] = {}
    for name, (up, down) in factors(LAYERS).items():
        stem = "lora_unet_" + name.replace(".", "_")
        found |= {f"{stem}.lora_up.weight": up, f"{stem}.lora_down.weight": down}
        found[f"{stem}.alpha"] = torch.tensor(ALPHA, dtype=torch.float64)
    return found


def diffusers() -> dict[str, Tensor]:
    """A LoRA of matrices and convolutions as diffusers writes it down; its alpha is its rank."""
    return {
        f"unet.{name}.{part}.weight": value
        for name, pair in factors({**LAYERS, **CONVOLUTIONS}).items()
        for part, value in zip(("lora_B", "lora_A"), pair, strict=True)
    }


def dora() -> dict[str, Tensor]:
    """A DoRA as diffusers writes it down."""
    flat = {name: shape for name, shape in LAYERS.items() if len(shape) == 2}
    found = {
        f"unet.{name}.{part}.weight": value
        for name, pair in factors(flat).items()
        for part, value in zip(("lora_B", "lora_A"), pair, strict=True)
    }
    rows = {f"unet.{name}.lora_magnitude_vector.weight": value for name, value in magnitudes(flat).items()}
    return {**found, **rows}


PRODUCTS: dict[str, dict[str, tuple[int, ...]]] = {
    "loha, matrix": {
        "hada_w1_a": (8, 2),
        "hada_w1_b": (2, 6),
        "hada_w2_a": (8, 2),
        "hada_w2_b": (2, 6),
    },
    "loha, convolution": {
        "hada_t1": (2, 2, 3, 3),
        "hada_w1_a": (2, 8),
        "hada_w1_b": (2, 6),
        "hada_t2": (2, 2, 3, 3),
        "hada_w2_a": (2, 8),
        "hada_w2_b": (2, 6),
    },
    "lokr, matrix": {"lokr_w1": (2, 2), "lokr_w2_a": (4, 1), "lokr_w2_b": (1, 3)},
    "lokr, two of low rank": {
        "lokr_w1_a": (2, 1),
        "lokr_w1_b": (1, 2),
        "lokr_w2_a": (4, 1),
        "lokr_w2_b": (1, 3),
    },
    "lokr, convolution": {
        "lokr_w1": (2, 2),
        "lokr_t2": (1, 1, 3, 3),
        "lokr_w2_a": (1, 4),
        "lokr_w2_b": (1, 3),
    },
}
"""The parts of LyCORIS' changes, for a layer from 6 channels to 8."""


def product(name: str) -> dict[str, Tensor]:
    """The parts of one of them."""
    return {part: random(number, *shape) for number, (part, shape) in enumerate(PRODUCTS[name].items())}


def hint() -> Tensor:
    """A picture that ControlNets follow, 8 pixels a cell of the UNets' inputs."""
    return random(7, 2, 3, 64, 64).abs().clamp(max=1)
