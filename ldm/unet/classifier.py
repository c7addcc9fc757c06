"""ADM's classifier of noisy latents (Dhariwal & Nichol 2021): the half of a UNet that goes down, and a pool.

Its keys are those of guided-diffusion and of CompVis' `EncoderUNetModel`. `ldm.unet.classifier_file` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.spec import UNetSpec
from ldm.unet.unet import WayDown

HIDDEN = 2048

Pool: TypeAlias = Literal["attention", "adaptive", "spatial", "spatial_v2"]
"""How one vector is made of a map: by attention, as its mean, or of the means of all maps on the way down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierSpec:
    """Half of which UNet, how many classes, which pool; "attention" is made for latents of `size` cells a side."""

    unet: UNetSpec
    classes: int = 1000
    pool: Pool = "attention"
    size: int = 64

    @property
    def last(self) -> int:
        """Channels of the smallest map."""
        return self.unet.model_channels * self.unet.channel_mult[-1]

    @property
    def factor(self) -> int:
        """How many times as small the smallest map is."""
        return int(2 ** (len(self.unet.channel_mult) - 1))


class AttentionPool(nn.Module):
    """One vector of a map of one size: its mean attends to all places (CLIP, Radford et al. 2021)."""

    def __init__(self, side: int, channels: int, head_channels: int, out: int) -> None:
        super().__init__()
        self.side, self.heads = side, channels // head_channels
        self.positional_embedding = nn.Parameter(torch.randn(channels, side**2 + 1) / channels**0.5)
        self.qkv_proj = nn.Conv1d(channels, 3 * channels, 1)
        self.c_proj = nn.Conv1d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, side, side) to (b, out)."""
        places = x.flatten(2)
        places = torch.cat([places.mean(dim=-1, keepdim=True), places], dim=-1)
        told = self.qkv_proj(places + self.positional_embedding)
        # The heads lie within q, k and v here, not q, k and v within each head as in the UNet's own attention.
        q, k, v = (part.unflatten(1, (self.heads, -1)).transpose(2, 3) for part in told.chunk(3, dim=1))
        gathered = F.scaled_dot_product_attention(q[:, :, :1], k, v).transpose(2, 3).flatten(1, 2)
        out: Tensor = self.c_proj(gathered)[..., 0]
        return out


class Classifier(WayDown):
    """log p(class | z_t) but for a constant."""

    def __init__(self, spec: ClassifierSpec) -> None:
        super().__init__(spec.unet)
        self.classifier_spec = spec
        self.out = _pool(spec)

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        """Logits (b, classes) of x (b, in_channels, h, w) at timesteps (b,), 0 to T - 1.

        Raises:
            ValueError: it pools by attention, and x is not of the size that it is made for.
        """
        pool, size = self.classifier_spec.pool, self.classifier_spec.size
        if pool == "attention" and x.shape[-2:] != (size, size):
            raise ValueError(
                f"This classifier looks at {size} x {size} cells, but the latent has {x.shape[-1]} x {x.shape[-2]}. "
                "Sample that size, or take a classifier with another pool."
            )
        time, means = self.embedded(timesteps, None, None, x.dtype), []
        for block in (*self.input_blocks, self.middle_block):
            x = block(x, time, None)
            means.append(x.mean(dim=(2, 3)))
        logits: Tensor = self.out(torch.cat(means, dim=1) if pool.startswith("spatial") else x)
        return logits


def _pool(spec: ClassifierSpec) -> nn.Sequential:
    last, classes = spec.last, spec.classes
    match spec.pool:
        case "attention":
            pool = AttentionPool(spec.size // spec.factor, last, spec.unet.head_channels or last, classes)
            return nn.Sequential(nn.GroupNorm(32, last), nn.SiLU(), pool)
        case "adaptive":
            mean, mixed = nn.AdaptiveAvgPool2d((1, 1)), nn.Conv2d(last, classes, 1)
            return nn.Sequential(nn.GroupNorm(32, last), nn.SiLU(), mean, mixed, nn.Flatten())
        case "spatial":
            return nn.Sequential(nn.Linear(_seen(spec), HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes))
        case "spatial_v2":
            norm, last_layer = nn.GroupNorm(32, HIDDEN), nn.Linear(HIDDEN, classes)
            return nn.Sequential(nn.Linear(_seen(spec), HIDDEN), norm, nn.SiLU(), last_layer)


def _seen(spec: ClassifierSpec) -> int:
    """Channels of all maps on the way down together, and of the middle."""
    width, blocks = spec.unet.model_channels, spec.unet.res_blocks
    levels = [width * mult for mult in spec.unet.channel_mult]
    return width + sum(blocks * level for level in levels) + sum(levels[:-1]) + levels[-1]
