"""Noise on purpose over what a model is shown or told, so that it need not be believed in every detail.

Models that upscale (Ho et al. 2022, section 4.2), and those that paint after a picture's vector, are trained with it.
"""

from __future__ import annotations

from torch import Tensor

from ldm.diffusion.condition import Condition
from ldm.diffusion.noise import noise_from_seed
from ldm.diffusion.schedule import Schedule
from ldm.spec import RoughSpec

ROUGHNESS = "noise_augmentation"
"""Where a condition keeps how rough the low-resolution image is made, 0 to 1, as ComfyUI calls it."""

APART = 10  # from the run's own seed, as in ComfyUI, so that this noise is not that of the latent


def level_of(condition: Condition, spec: RoughSpec) -> int:
    """The level of noise that a condition asks for."""
    share = condition.facts.get(ROUGHNESS, 0.0)
    return round(spec.most * float(share)) if isinstance(share, int | float) else 0


def roughened(values: Tensor, spec: RoughSpec, level: int, seed: int) -> Tensor:
    """q(x_level | x): the values under noise of this level, drawn for a run with this seed."""
    abar = Schedule(spec.schedule).alphas_cumprod[level].to(values)
    noise = noise_from_seed(values.shape, seed - APART).to(values)
    return abar.sqrt() * values + (1 - abar).sqrt() * noise
