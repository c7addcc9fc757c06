"""Painting a part only: outside of a mask every guess is the known latent, and so is what the model is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.diffusion.denoiser import Denoiser, apart, with_variance
from ldm.diffusion.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Opening:
    """A mask's grey as the time when a place begins to change: white at once, black at the very end.

    (Differential Diffusion, Levin & Fried 2023.) `share` 0 leaves the mask as it is.
    """

    schedule: Schedule
    first: float
    last: float
    share: float = 1.0

    def at(self, mask: Tensor, sigma: Tensor) -> Tensor:
        """What of the mask is open at a noise level between the first and the last."""
        ends = torch.tensor([float(sigma.max()), self.first, max(self.last, self.schedule.sigma_min)])
        now, first, last = (float(time) for time in self.schedule.timestep(ends))
        left = (now - last) / (first - last) if first != last else 0.0
        return torch.lerp(mask, (mask >= left).to(mask), self.share)


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
    opening: Opening | None = None

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level where the mask is open."""
        return torch.lerp(self.latent, self.denoise(self._shown(x, sigma), sigma), self._open(sigma))

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and without guidance."""
        guess, unguided = apart(self.denoise, self._shown(x, sigma), sigma)
        mask = self._open(sigma)
        return torch.lerp(self.latent, guess, mask), torch.lerp(self.latent, unguided, mask)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance."""
        guess, place = with_variance(self.denoise, self._shown(x, sigma), sigma)
        return torch.lerp(self.latent, guess, self._open(sigma)), place

    def _shown(self, x: Tensor, sigma: Tensor) -> Tensor:
        level = sigma.to(x).reshape(-1, 1, 1, 1)
        known = self.latent + self.noise * level
        return torch.lerp(known, x, self._open(sigma))

    def _open(self, sigma: Tensor) -> Tensor:
        """The mask at a noise level."""
        return self.mask if self.opening is None else self.opening.at(self.mask, sigma)


def mask_in_cells(mask: Tensor, shape: Sequence[int]) -> Tensor:
    """A mask (..., h, w) as one of the latents' shape (b, c, h, w); masks for too few latents are repeated."""
    batch, channels, height, width = shape
    mask = F.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]).float(), size=(height, width), mode="bilinear")
    return mask.repeat(-(-batch // mask.shape[0]), 1, 1, 1)[:batch].expand(-1, channels, -1, -1)
