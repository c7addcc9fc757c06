"""The KL-regularised autoencoder of LDM (section 3.1, appendix G) in CompVis' layout and key names."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from ldm.first_stage.blocks import Downsample, Level, Middle, Upsample, group_norm, sample_gaussian
from ldm.spec import FirstStageSpec

PIXEL_CHANNELS = 3


class Encoder(nn.Module):
    """Pixels (b, 3, h, w) in -1..1 to the moments' features (b, 2z, h/f, w/f)."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(PIXEL_CHANNELS, spec.channels, 3, padding=1)
        self.down = nn.ModuleList()
        width, resolution = spec.channels, spec.resolution
        for index, mult in enumerate(spec.channel_mult):
            attention = resolution in spec.attention_resolutions
            level = Level(width, spec.channels * mult, spec.res_blocks, attention=attention)
            width = spec.channels * mult
            if index < len(spec.channel_mult) - 1:
                level.downsample = Downsample(width)
                resolution //= 2
            self.down.append(level)
        self.mid = Middle(width)
        self.norm_out = group_norm(width)
        self.conv_out = nn.Conv2d(width, 2 * spec.z_channels, 3, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Encode."""
        h: Tensor = self.conv_in(pixels)
        for level in self.down:
            h = level(h)
        h = self.conv_out(F.silu(self.norm_out(self.mid(h))))
        return h


class Decoder(nn.Module):
    """Latents (b, z, h/f, w/f) to pixels (b, 3, h, w), about -1..1. `up` is stored from fine to coarse."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        width = spec.channels * spec.channel_mult[-1]
        resolution = spec.resolution // spec.factor
        self.conv_in = nn.Conv2d(spec.z_channels, width, 3, padding=1)
        self.mid = Middle(width)
        levels = []
        for index, mult in reversed(list(enumerate(spec.channel_mult))):
            attention = resolution in spec.attention_resolutions
            level = Level(width, spec.channels * mult, spec.res_blocks + 1, attention=attention)
            width = spec.channels * mult
            if index > 0:
                level.upsample = Upsample(width)
                resolution *= 2
            levels.append(level)
        self.up = nn.ModuleList(reversed(levels))
        self.norm_out = group_norm(width)
        self.conv_out = nn.Conv2d(width, PIXEL_CHANNELS, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        """Decode."""
        h: Tensor = self.mid(self.conv_in(z))
        for level in reversed(self.up):
            h = level(h)
        h = self.conv_out(F.silu(self.norm_out(h)))
        return h


class AutoencoderKL(nn.Module):
    """E and D with the 1x1 convolutions around the latent. It owns its scale: nobody else meets `scale_factor`."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Encoder(spec)
        self.decoder = Decoder(spec)
        self.quant_conv = nn.Conv2d(2 * spec.z_channels, 2 * spec.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(spec.embed_dim, spec.z_channels, 1)

    def moments(self, pixels: Tensor) -> Tensor:
        """Mean and log variance of q(z | x), stacked: (b, 2e, h/f, w/f), not scaled."""
        h: Tensor = self.quant_conv(self.encoder(pixels))
        return h

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """Give the scaled latent of pixels in -1..1: a sample of q(z | x) with this noise, without noise its mode.

        Args:
            pixels: (b, 3, h, w); h and w are multiples of the factor f.
            noise: (b, e, h/f, w/f), standard normal.

        Raises:
            ValueError: a side is no multiple of f.
        """
        f = self.spec.factor
        height, width = pixels.shape[-2:]
        if height % f or width % f:
            raise ValueError(f"Pixels are {width}x{height}, but both sides must be multiples of {f}.")
        return self.spec.scale_factor * sample_gaussian(self.moments(pixels), noise)

    def decode(self, latent: Tensor) -> Tensor:
        """Give pixels (b, 3, h, w), about -1..1, of a scaled latent (b, e, h/f, w/f)."""
        pixels: Tensor = self.decoder(self.post_quant_conv(latent / self.spec.scale_factor))
        return pixels
