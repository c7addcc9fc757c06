"""Every guess moved to the codebook of a VQ-regularised first stage while sampling (CompVis' `quantize_denoised`)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser, apart, with_variance
from ldm.first_stage.autoencoder import AutoencoderVQ


@dataclass(frozen=True, slots=True)
class Snapping:
    """D(x, sigma) whose guess is what the first stage can say: each of its cells is a code."""

    denoise: Denoiser
    first_stage: AutoencoderVQ

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""
        return self._snapped(self.denoise(x, sigma))

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and without guidance."""
        guess, unguided = apart(self.denoise, x, sigma)
        return self._snapped(guess), self._snapped(unguided)

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance."""
        guess, place = with_variance(self.denoise, x, sigma)
        return self._snapped(guess), place

    def _snapped(self, guess: Tensor) -> Tensor:
        first_stage = self.first_stage
        with torch.no_grad():
            return first_stage.snapped(guess.to(first_stage.device, first_stage.dtype)).to(guess)
