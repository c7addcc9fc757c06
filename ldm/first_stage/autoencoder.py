"""The autoencoders of LDM (section 3.1, appendix G) in CompVis' layout and key names.

Each owns its scale: nobody else meets `scale_factor`.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.first_stage.blocks import Downsample, Level, Middle, Upsample, group_norm, sample_gaussian
from ldm.first_stage.codebook import Codebook
from ldm.spec import Attention, FirstStageSpec

PIXEL_CHANNELS = 3


def _attention_at(resolution: int, spec: FirstStageSpec) -> Attention:
    return spec.attention if resolution in spec.attention_resolutions else "none"


class Encoder(nn.Module):
    """Pixels (b, 3, h, w) in -1..1 to features (b, z or 2z, h/f, w/f)."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(PIXEL_CHANNELS, spec.channels, 3, padding=1)
        self.down = nn.ModuleList()
        width, resolution = spec.channels, spec.resolution
        for index, mult in enumerate(spec.channel_mult):
            level = Level(width, spec.channels * mult, spec.res_blocks, _attention_at(resolution, spec))
            width = spec.channels * mult
            if index < len(spec.channel_mult) - 1:
                level.downsample = Downsample(width)
                resolution //= 2
            self.down.append(level)
        self.mid = Middle(width, spec.attention)
        self.norm_out = group_norm(width)
        self.conv_out = nn.Conv2d(width, spec.moments * spec.z_channels, 3, padding=1)

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
        self.mid = Middle(width, spec.attention)
        levels = []
        for index, mult in reversed(list(enumerate(spec.channel_mult))):
            level = Level(width, spec.channels * mult, spec.res_blocks + 1, _attention_at(resolution, spec))
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


class Autoencoder(nn.Module):
    """E and D with the 1x1 convolutions around the latent: what both kinds of regularisation share."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = Encoder(spec)
        self.decoder = Decoder(spec)
        self.quant_conv = nn.Conv2d(spec.moments * spec.z_channels, spec.moments * spec.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(spec.embed_dim, spec.z_channels, 1)

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self.post_quant_conv.weight.device

    def moments(self, pixels: Tensor) -> Tensor:
        """What the encoder tells of the latent, not scaled: (b, e, h/f, w/f), or mean and log variance (b, 2e, ...).

        Raises:
            ValueError: a side is no multiple of f.
        """
        f = self.spec.factor
        height, width = pixels.shape[-2:]
        if height % f or width % f:
            raise ValueError(f"Pixels are {width}x{height}, but both sides must be multiples of {f}.")
        h: Tensor = self.quant_conv(self.encoder(pixels))
        return h


class AutoencoderKL(Autoencoder):
    """The KL-regularised autoencoder: it encodes to a normal distribution q(z | x)."""

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """Give the scaled latent of pixels in -1..1: a sample of q(z | x) with this noise, without noise its mode.

        Args:
            pixels: (b, 3, h, w); h and w are multiples of the factor f.
            noise: (b, e, h/f, w/f), standard normal.

        Raises:
            ValueError: a side is no multiple of f.
        """
        return self.spec.scale_factor * sample_gaussian(self.moments(pixels), noise)

    def decode(self, latent: Tensor) -> Tensor:
        """Give pixels (b, 3, h, w), about -1..1, of a scaled latent (b, e, h/f, w/f)."""
        pixels: Tensor = self.decoder(self.post_quant_conv(latent / self.spec.scale_factor))
        return pixels


class AutoencoderVQ(Autoencoder):
    """The VQ-regularised autoencoder: diffusion sees what the encoder says; the codebook is in the decoder."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__(spec)
        self.quantize = Codebook(spec.codes, spec.embed_dim)

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """Give the scaled latent (b, e, h/f, w/f) of pixels in -1..1, before quantisation; there is nothing to sample.

        Raises:
            ValueError: a side is no multiple of f.
        """
        return self.spec.scale_factor * self.moments(pixels)

    def decode(self, latent: Tensor, *, quantize: bool = True) -> Tensor:
        """Give pixels (b, 3, h, w), about -1..1, of a scaled latent; `quantize=False` decodes it as it is."""
        z = latent / self.spec.scale_factor
        pixels: Tensor = self.decoder(self.post_quant_conv(self.quantize(z) if quantize else z))
        return pixels

    def snapped(self, latent: Tensor) -> Tensor:
        """The scaled latent with every cell moved to its nearest code."""
        codes: Tensor = self.quantize(latent / self.spec.scale_factor)
        return self.spec.scale_factor * codes


class Identity(nn.Module):
    """No first stage: latents are pixels, for diffusion in pixel space (LDM-1)."""

    device = torch.device("cpu")  # it has no weights to be anywhere

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.spec = spec

    def encode(self, pixels: Tensor, noise: Tensor | None = None) -> Tensor:
        """Give the pixels, scaled."""
        return self.spec.scale_factor * pixels

    def decode(self, latent: Tensor) -> Tensor:
        """Give the pixels that were scaled."""
        return latent / self.spec.scale_factor


FirstStageModel: TypeAlias = AutoencoderKL | AutoencoderVQ | Identity


def first_stage(spec: FirstStageSpec) -> FirstStageModel:
    """Make a first stage of this spec with fresh weights."""
    match spec.kind:
        case "kl":
            return AutoencoderKL(spec)
        case "vq":
            return AutoencoderVQ(spec)
        case "identity":
            return Identity(spec)
