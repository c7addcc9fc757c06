"""Painting a part only: outside of a mask every guess is the known latent, and so is what the model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.diffusion.denoiser import Denoiser, apart, with_variance


@dataclass(frozen=True, slots=True)
class Inpainting:
    """D(x, sigma) that changes the latent only where the mask is 1.

    The model is shown the known part at the level that x is at (as in RePaint, Lugmayr et al. 2022, without its
    jumps back), so that what is new fits to it.
    """

    denoise: Denoiser
    latent: Tensor
    noise: Tensor
    mask: Tensor

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level where the mask is open."""
        return torch.lerp(self.latent, self.denoise(self._shown(x, sigma), sigma), self.mask)

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and without guidance."""
        guess, unguided = apart(self.denoise, self._shown(x, sigma), sigma)
        return torch.lerp(self.latent, guess, self.mask), torch.lerp(self.latent, unguided, self.mask)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance."""
        guess, place = with_variance(self.denoise, self._shown(x, sigma), sigma)
        return torch.lerp(self.latent, guess, self.mask), place

    def _shown(self, x: Tensor, sigma: Tensor) -> Tensor:
        level = sigma.to(x).reshape(-1, 1, 1, 1)
        known = self.latent + self.noise * level
        return torch.lerp(known, x, self.mask)


def mask_in_cells(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """A mask (..., h, w) as one of the latents' shape (b, c, h, w); masks for too few latents are repeated."""
    batch, channels, height, width = shape
    mask = F.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]).float(), size=(height, width), mode="bilinear")
    return mask.repeat(-(-batch // mask.shape[0]), 1, 1, 1)[:batch].expand(-1, channels, -1, -1)
