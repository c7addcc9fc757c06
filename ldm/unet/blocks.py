"""The UNet's residual block, its changes of size, and the timestep embedding, with CompVis' parameter names."""

from __future__ import annotations

import math

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
    """Two normalised convolutions, the time embedding added between them, and a residual path."""

    def __init__(self, channels: int, out_channels: int, time_width: int) -> None:
        super().__init__()
        last = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)  # type: ignore[arg-type]
        self.in_layers = nn.Sequential(
            nn.GroupNorm(32, channels), nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_width, out_channels))
        self.out_layers = nn.Sequential(nn.GroupNorm(32, out_channels), nn.SiLU(), nn.Dropout(0.0), last)
        self.skip_connection = (
            nn.Identity() if channels == out_channels else nn.Conv2d(channels, out_channels, 1)
        )

    def forward(self, x: Tensor, time: Tensor) -> Tensor:
        """x: (b, in, h, w), time: (b, time_width); gives (b, out, h, w)."""
        h: Tensor = self.in_layers(x) + self.emb_layers(time)[:, :, None, None]
        out: Tensor = self.skip_connection(x) + self.out_layers(h)
        return out


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
