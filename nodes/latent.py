"""Latents to start from, and noise on them."""

from __future__ import annotations

from typing import Annotated

import torch

from engine.api import Range, Seed, node
from ldm.diffusion.noise import noise_from_seed, start
from nodes.port_types import DiffusionModel, Latent, Noise, Sigmas

Side = Annotated[int, Range(16, 16384, step=8)]
BatchSize = Annotated[int, Range(1, 4096)]


@node("EmptyLatentImage", title="Empty latent", category="latent")
def empty_latent(width: Side = 512, height: Side = 512, batch_size: BatchSize = 1) -> Latent:
    """An empty canvas to paint on. The model that samples it decides how many channels and cells that is.

    Args:
        width: In pixels.
        height: In pixels.
        batch_size: How many pictures.
    """
    return Latent(torch.zeros(batch_size, 4, height // 8, width // 8), canvas=(width, height))


@node("RandomNoise", title="Noise", category="sampling/stages")
def random_noise(noise_seed: Seed = 0) -> Noise:
    """Choose noise by a seed; it is drawn when the latent's size is known, the same on every device.

    Args:
        noise_seed: The same seed gives the same picture.
    """
    return Noise(noise_seed)


@node("DisableNoise", title="No noise", category="sampling/stages")
def no_noise() -> Noise:
    """No noise at all, for latents that carry some already."""
    return Noise(None)


@node("AddNoise", title="Add noise", category="sampling/stages")
def add_noise(model: DiffusionModel, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Bring a latent to the first of the noise levels: the z_t that sampling begins with.

    Args:
        model: Its schedule says where full noise lies.
        noise: From which seed.
        sigmas: The noise levels to come; only the first is used.
        latent_image: The clean latent, or an empty one.
    """
    clean = sized(latent_image, model)
    if not len(sigmas.levels):
        return Latent(clean)
    drawn = torch.zeros_like(clean) if noise.seed is None else noise_from_seed(clean.shape, noise.seed)
    return Latent(start(clean, drawn, sigmas.levels[0], model.schedule.sigma_max))


def sized(latent: Latent, model: DiffusionModel) -> torch.Tensor:
    """The latent's samples; an empty canvas becomes zeros of the model's channels and factor."""
    if latent.canvas is None:
        return latent.samples
    width, height = latent.canvas
    factor, multiple = model.spec.first_stage.factor, 2 ** (len(model.spec.unet.channel_mult) - 1)
    cells = [max(side // (factor * multiple), 1) * multiple for side in (height, width)]
    return torch.zeros(latent.samples.shape[0], model.spec.first_stage.embed_dim, *cells)
