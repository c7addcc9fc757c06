"""The UNet's residual block, its changes of size, and the timestep embedding, with CompVis' parameter names."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def timestep_embedding(timesteps: Tensor, width: int) -> Tensor:
    """Give [cos(t f_k), sin(t f_k)] with f_k = 10000 ** (-k / half): cosine first and no shift, (b, width)."""
    half = width // 2
    frequencies = torch.exp(
        -math.log(10000) / half * torch.arange(half, dtype=torch.float32, device=timesteps.device)
    )
    angles = timesteps.to(torch.float32)[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class ResBlock(nn.Module):
    """Two normalised convolutions with the time embedding between them, and a residual path.

    `resize` halves ("down") or doubles ("up") the map inside of it, without a convolution of its own (BigGAN).
    """

    def __init__(
        self,
        channels: int,
        out_channels: int,
        time_width: int,
        *,
        scale_shift: bool = False,
        resize: Literal["down", "up"] | None = None,
    ) -> None:
        super().__init__()
        self.scale_shift, self.resize = scale_shift, resize
        told = 2 * out_channels if scale_shift else out_channels
        last = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.in_layers = nn.Sequential(
            nn.GroupNorm(32, channels), nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_width, told))
        self.out_layers = nn.Sequential(nn.GroupNorm(32, out_channels), nn.SiLU(), nn.Dropout(0.0), last)
        self.skip_connection = (
            nn.Identity() if channels == out_channels else nn.Conv2d(channels, out_channels, 1)
        )

    def forward(self, x: Tensor, time: Tensor, size: tuple[int, int]) -> Tensor:
        """x: (b, in, h, w), time: (b, time_width); gives (b, out, h, w), or `size` where it doubles."""
        norm, activation, convolution = self.in_layers
        h: Tensor = convolution(self._resized(activation(norm(x)), size))
        told = self.emb_layers(time)[:, :, None, None]
        norm, *rest = self.out_layers
        if self.scale_shift:
            scale, shift = told.chunk(2, dim=1)
            h = norm(h) * (1 + scale) + shift
        else:
            h = norm(h + told)
        for layer in rest:
            h = layer(h)
        out: Tensor = self.skip_connection(self._resized(x, size)) + h
        return out

    def _resized(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        match self.resize:
            case "down":
                return F.avg_pool2d(x, 2)
            case "up":
                return F.interpolate(x, size=size, mode="nearest")
            case None:
                return x


class Downsample(nn.Module):
    """Halve a map with a strided convolution, padded on all sides (unlike the first stage's)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to (b, c, h/2, w/2)."""
        x = self.op(x)
        return x


class Upsample(nn.Module):
    """Double a map: nearest neighbour, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """(b, c, h, w) to (b, c, *size): 2h and 2w, or one less where the map was odd before it was halved."""
        x = self.conv(F.interpolate(x, size=size, mode="nearest"))
        return x
