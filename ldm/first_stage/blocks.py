"""The blocks of CompVis' autoencoders, with their parameter names."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.first_stage.norms import Normed, own
from ldm.spec import Attention

GROUPS, EPSILON = 32, 1e-6


def group_norm(channels: int) -> nn.GroupNorm:
    """The first stage's norm: 32 groups, epsilon 1e-6 (the UNet's own is 1e-5)."""
    return nn.GroupNorm(GROUPS, channels, eps=EPSILON)


class ResnetBlock(nn.Module):
    """Two normalised 3x3 convolutions with a residual path; (b, in, h, w) to (b, out, h, w)."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.norm1 = group_norm(channels)
        self.conv1 = nn.Conv2d(channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        if channels != out_channels:
            self.nin_shortcut = nn.Conv2d(channels, out_channels, 1)

    def forward(self, x: Tensor, normed: Normed = own) -> Tensor:
        """Give x plus what the two convolutions make of it; `normed` says how the norms are taken."""
        h: Tensor = self.conv1(F.silu(normed(self.norm1, x)))
        h = self.conv2(F.silu(normed(self.norm2, h)))
        if hasattr(self, "nin_shortcut"):
            x = self.nin_shortcut(x)
        return x + h


class AttnBlock(nn.Module):
    """Single-head self-attention over all positions of a feature map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Give x plus what each position gathers from all others."""
        b, c, height, width = x.shape
        h = self.norm(x)
        # Rows that do not lie in one piece would have torch write down all pairs of positions.
        rows = (conv(h).flatten(2).transpose(1, 2)[:, None].contiguous() for conv in (self.q, self.k, self.v))
        q, k, v = rows
        gathered = F.scaled_dot_product_attention(q, k, v)[:, 0]
        projected: Tensor = self.proj_out(gathered.transpose(1, 2).reshape(b, c, height, width))
        return x + projected


class LinAttnBlock(nn.Module):
    """Attention in linear time: keys and values are summed up first. CompVis' has neither norm nor residual path."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_qkv = nn.Conv2d(channels, 3 * channels, 1, bias=False)
        self.to_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        q, k, v = self.to_qkv(x).flatten(2).chunk(3, dim=1)
        summed = v @ k.softmax(dim=-1).transpose(1, 2)
        x = self.to_out((summed @ q).unflatten(2, x.shape[-2:]))
        return x


def attention_block(kind: Attention, channels: int) -> nn.Module:
    """The block of this kind; "none" lets everything pass."""
    match kind:
        case "vanilla":
            return AttnBlock(channels)
        case "linear":
            return LinAttnBlock(channels)
        case "none":
            return nn.Identity()


class Downsample(nn.Module):
    """Halve a map. The padding is on the right and bottom only, as the published weights expect."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to (b, c, h/2, w/2)."""
        x = self.conv(F.pad(x, (0, 1, 0, 1)))
        return x


class Upsample(nn.Module):
    """Double a map: nearest neighbour, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to (b, c, 2h, 2w)."""
        x = self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return x


class Middle(nn.Module):
    """Resnet, attention, resnet: the bottom of encoder and decoder."""

    def __init__(self, channels: int, attention: Attention) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels)
        self.attn_1 = attention_block(attention, channels)
        self.block_2 = ResnetBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Keep the shape."""
        x = self.block_2(self.attn_1(self.block_1(x)))
        return x


class Level(nn.Module):
    """One resolution: `block` and `attn` side by side as CompVis names them, then a change of size, if any."""

    def __init__(self, channels: int, out_channels: int, blocks: int, attention: Attention) -> None:
        super().__init__()
        widths = [channels, *[out_channels] * blocks]
        self.block = nn.ModuleList(ResnetBlock(a, b) for a, b in pairwise(widths))
        attending = 0 if attention == "none" else blocks
        self.attn = nn.ModuleList(attention_block(attention, out_channels) for _ in range(attending))
        self.downsample: Downsample | None = None
        self.upsample: Upsample | None = None

    def forward(self, x: Tensor, normed: Normed = own) -> Tensor:
        """(b, in, h, w) to (b, out, h', w')."""
        return self.resized(self.convolved(x, normed))

    def convolved(self, x: Tensor, normed: Normed = own) -> Tensor:
        """Through its blocks: (b, in, h, w) to (b, out, h, w)."""
        for index, block in enumerate(self.block):
            x = block(x, normed)
            if index < len(self.attn):
                x = self.attn[index](x)
        return x

    def resized(self, x: Tensor) -> Tensor:
        """To the size of the next level."""
        if self.downsample is not None:
            x = self.downsample(x)
        if self.upsample is not None:
            x = self.upsample(x)
        return x


def sample_gaussian(moments: Tensor, noise: Tensor | None) -> Tensor:
    """Split (b, 2c, h, w) moments and give mean + exp(logvar / 2) * noise; without noise, the mean (the mode)."""
    mean, log_variance = moments.chunk(2, dim=1)
    if noise is None:
        return mean
    return mean + torch.exp(0.5 * log_variance.clamp(-30.0, 20.0)) * noise
