"""The autoencoders of LDM (section 3.1, appendix G) in CompVis' layout and key names.

Each owns its scale: nobody else meets `scale_factor`.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TypeAlias, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ldm.first_stage.blocks import Downsample, Level, Middle, Upsample, group_norm, sample_gaussian
from ldm.first_stage.codebook import Codebook
from ldm.first_stage.norms import Normed, own
from ldm.first_stage.pieces import Part, Pieces, at_once
from ldm.spec import Attention, FirstStageSpec

PIXEL_CHANNELS = 3


def _attention_at(resolution: int, spec: FirstStageSpec) -> Attention:
    return spec.attention if resolution in spec.attention_resolutions else "none"


def _first_small(spec: FirstStageSpec) -> int:
    """The first level that is never done in tiles: the first that attends, or the last."""
    last = len(spec.channel_mult) - 1
    levels = range(last + 1)
    return next(
        (level for level in levels if _attention_at(spec.resolution // 2**level, spec) != "none"), last
    )


class Encoder(nn.Module):
    """Pixels (b, 3, h, w) in -1..1 to features (b, z or 2z, h/f, w/f)."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.small, self.blocks = _first_small(spec), spec.res_blocks
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

    def forward(self, pixels: Tensor, pieces: Pieces = at_once) -> Tensor:
        """Encode; `pieces` says how the large maps are made."""
        h: Tensor = pixels
        for index in range(len(self.down)):
            if index < self.small:
                reach = 2 * self.blocks + 3  # a convolution in front, two in each block, one that halves
                h = pieces(Part(partial(self._level, index), Fraction(1, 2), reach, 2**index), h)
            else:
                h = self._level(index, h, own)
        h = self.conv_out(F.silu(self.norm_out(self.mid(h))))
        return h

    def _level(self, index: int, h: Tensor, normed: Normed) -> Tensor:
        """From the size of a level to that of the next."""
        level = cast("Level", self.down[index])
        out: Tensor = level(self.conv_in(h) if index == 0 else h, normed)
        return out


class Decoder(nn.Module):
    """Latents (b, z, h/f, w/f) to pixels (b, 3, h, w), about -1..1. `up` is stored from fine to coarse."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.small, self.blocks = _first_small(spec), spec.res_blocks + 1
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

    def forward(self, z: Tensor, pieces: Pieces = at_once) -> Tensor:
        """Decode; `pieces` says how the large maps are made."""
        h: Tensor = self.mid(self.conv_in(z))
        for index in reversed(range(len(self.up))):
            if index < self.small:
                reach = self.blocks + 2  # of half cells: two in each block, one before, one behind
                h = pieces(Part(partial(self._level, index), Fraction(2), reach, 2 ** (index + 1)), h)
            else:
                h = self._level(index, h, own)
        return h

    def _level(self, index: int, h: Tensor, normed: Normed) -> Tensor:
        """From the size of the level below to that of this one; from the finest, to pixels."""
        level, *coarser = cast("list[Level]", list(self.up[index : index + 2]))
        for one in coarser:
            h = one.resized(h)
        h = level.convolved(h, normed)
        if index == 0:
            h = self.conv_out(F.silu(normed(self.norm_out, h)))
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

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its weights, which what goes in must have."""
        return self.post_quant_conv.weight.dtype

    def moments(self, pixels: Tensor, pieces: Pieces = at_once) -> Tensor:
        """What the encoder tells of the latent, not scaled: (b, e, h/f, w/f), or mean and log variance (b, 2e, ...).

        Raises:
            ValueError: a side is no multiple of f.
        """
        f = self.spec.factor
        height, width = pixels.shape[-2:]
        if height % f or width % f:
            raise ValueError(f"Pixels are {width}x{height}, but both sides must be multiples of {f}.")
        h: Tensor = self.quant_conv(self.encoder(pixels, pieces))
        return h


class AutoencoderKL(Autoencoder):
    """The KL-regularised autoencoder: it encodes to a normal distribution q(z | x)."""

    def encode(self, pixels: Tensor, noise: Tensor | None = None, pieces: Pieces = at_once) -> Tensor:
        """Give the scaled latent of pixels in -1..1: a sample of q(z | x) with this noise, without noise its mode.

        Args:
            pixels: (b, 3, h, w); h and w are multiples of the factor f.
            noise: (b, e, h/f, w/f), standard normal.
            pieces: How the large maps are made.

        Raises:
            ValueError: a side is no multiple of f.
        """
        return self.spec.scale_factor * sample_gaussian(self.moments(pixels, pieces), noise)

    def decode(self, latent: Tensor, pieces: Pieces = at_once) -> Tensor:
        """Give pixels (b, 3, h, w), about -1..1, of a scaled latent (b, e, h/f, w/f)."""
        pixels: Tensor = self.decoder(self.post_quant_conv(latent / self.spec.scale_factor), pieces)
        return pixels


class AutoencoderVQ(Autoencoder):
    """The VQ-regularised autoencoder: diffusion sees what the encoder says; the codebook is in the decoder."""

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__(spec)
        self.quantize = Codebook(spec.codes, spec.embed_dim)

    def encode(self, pixels: Tensor, noise: Tensor | None = None, pieces: Pieces = at_once) -> Tensor:
        """Give the scaled latent (b, e, h/f, w/f) of pixels in -1..1, before quantisation; there is nothing to sample.

        Raises:
            ValueError: a side is no multiple of f.
        """
        return self.spec.scale_factor * self.moments(pixels, pieces)

    def decode(self, latent: Tensor, pieces: Pieces = at_once, *, quantize: bool = True) -> Tensor:
        """Give pixels (b, 3, h, w), about -1..1, of a scaled latent; `quantize=False` decodes it as it is."""
        z = latent / self.spec.scale_factor
        pixels: Tensor = self.decoder(self.post_quant_conv(self.quantize(z) if quantize else z), pieces)
        return pixels

    def snapped(self, latent: Tensor) -> Tensor:
        """The scaled latent with every cell moved to its nearest code."""
        codes: Tensor = self.quantize(latent / self.spec.scale_factor)
        return self.spec.scale_factor * codes


class Identity(nn.Module):
    """No first stage: latents are pixels, for diffusion in pixel space (LDM-1)."""

    device = torch.device("cpu")  # it has no weights to be anywhere
    dtype: torch.dtype | None = None  # nor of any precision

    def __init__(self, spec: FirstStageSpec) -> None:
        super().__init__()
        self.spec = spec

    def encode(self, pixels: Tensor, noise: Tensor | None = None, pieces: Pieces = at_once) -> Tensor:
        """Give the pixels, scaled."""
        return self.spec.scale_factor * pixels

    def decode(self, latent: Tensor, pieces: Pieces = at_once) -> Tensor:
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
