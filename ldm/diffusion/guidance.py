"""Classifier-free guidance (Ho & Salimans 2021; LDM, section 4.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ldm.diffusion.denoiser import Denoiser, Model, ModelDenoiser


@dataclass(frozen=True, slots=True)
class GuidedDenoiser:
    """uncond + scale * (cond - uncond), from one call of the model on both halves, [uncond; cond]."""

    model: Model
    positive: Tensor
    negative: Tensor
    scale: float

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level, away from the negative and towards the positive context."""
        size = x.shape[0]
        contexts = torch.cat([self.negative.expand(size, -1, -1), self.positive.expand(size, -1, -1)])
        both = ModelDenoiser(self.model, contexts)
        without, with_context = both(torch.cat([x, x]), sigma.expand(size).repeat(2)).chunk(2)
        return without + self.scale * (with_context - without)


def guided(model: Model, positive: Tensor, negative: Tensor, scale: float) -> Denoiser:
    """Give D(x, sigma) under guidance; at scale 1 the negative context has no effect and is not computed.

    Args:
        model: The network with its schedule.
        positive: (1 or b, m, d).
        negative: like positive.
        scale: 1 turns guidance off; the paper uses 1.5 to 10.
    """
    if scale == 1.0:
        return ModelDenoiser(model, positive)
    return GuidedDenoiser(model, positive, negative, scale)
