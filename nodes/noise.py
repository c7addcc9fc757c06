"""Where noise comes from, and putting it on a latent."""

from __future__ import annotations

from dataclasses import replace

import torch

from engine.api import Seed, node
from nodes.facts import latents
from nodes.port_types import DiffusionModel, Latent, Noise, Sigmas
from nodes.sampling_run import drawn_for, sampled, sized

HOME = "sampling/custom_sampling/noise"


@node("RandomNoise", title="Noise", category=HOME)
def random_noise(noise_seed: Seed = 0) -> Noise:
    """Choose noise by a seed; it is drawn when the latent's size is known, the same on every device.

    Args:
        noise_seed: The same seed gives the same picture.
    """
    return Noise(noise_seed)


@node("DisableNoise", title="No noise", category=HOME)
def no_noise() -> Noise:
    """No noise at all, for latents that carry some already."""
    return Noise(None)


@node(
    "AddNoise",
    title="Add noise",
    category="_for_testing/custom_sampling/noise",
    version=2,
    facts=latents.started,
)
def add_noise(model: DiffusionModel, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Put as much noise on a latent as lies between the first and the last of some noise levels.

    Args:
        model: For which the latent is.
        noise: From which seed.
        sigmas: The noise levels; without any the latent stays as it is.
        latent_image: The clean latent, or an empty one.
    """
    clean = sized(latent_image, model)
    levels = sigmas.levels
    if not len(levels):
        return sampled(latent_image, clean, model)
    amount = levels[0] if len(levels) == 1 else (levels[0] - levels[-1]).abs()
    noisy = clean + drawn_for(noise, latent_image, clean) * amount
    return replace(sampled(latent_image, noisy, model), samples=torch.nan_to_num(noisy, 0.0, 0.0, 0.0))
