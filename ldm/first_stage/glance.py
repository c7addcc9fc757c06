"""A first look at latents without the decoder: the colours that their channels stand for, in a linear fit."""

from __future__ import annotations

import torch
from torch import Tensor

from ldm.first_stage.autoencoder import FirstStageModel

SAMPLES, CELLS = 16, 3
QUICK = 2_000_000  # parameters: so small an autoencoder decodes a latent in a few hundredths of a second


def colours_of(autoencoder: FirstStageModel) -> Tensor:
    """How a latent's channels make up its colours, (channels + 1, 3); the last row is the colour of a latent of zeros.

    Fitted to what the decoder makes of small latents of one value each.
    """
    channels = autoencoder.spec.embed_dim
    flat = torch.randn(SAMPLES, channels, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        latents = flat[:, :, None, None].expand(-1, -1, CELLS, CELLS).to(next(autoencoder.parameters(), flat))
        pixels = (autoencoder.decode(latents) + 1) / 2
    shown = pixels.mean(dim=(2, 3)).float().cpu()
    colours: Tensor = torch.linalg.lstsq(_with_one(flat), shown).solution
    return colours


def glance(latent: Tensor, colours: Tensor) -> Tensor:
    """A latent (b, c, h, w) as pictures of a pixel for each cell, (b, h, w, 3) in 0..1."""
    return (_with_one(latent.movedim(1, -1)) @ colours.to(latent)).clamp(0, 1)


def is_quick(autoencoder: FirstStageModel) -> bool:
    """Whether a first stage is so small that unfinished latents can be decoded with it, where a glance shows little."""
    return sum(weights.numel() for weights in autoencoder.parameters()) < QUICK


def _with_one(values: Tensor) -> Tensor:
    return torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
