"""Painting a part of a picture only: latents with a mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch
from torch.nn import functional as F

from engine.api import Range, node
from nodes.composite import stretched
from nodes.facts import latents
from nodes.first_stage import cropped, encode_image
from nodes.port_types import FirstStage, Image, Latent, Mask
from nodes.resize import repeated

GREY = 0.5


@node("SetLatentNoiseMask", title="Set latent noise mask", category="latent/inpaint", facts=latents.same)
def set_noise_mask(samples: Latent, mask: Mask) -> Latent:
    """Let sampling change a latent only where a mask is open.

    Args:
        mask: Stretched over the latent.
    """
    return replace(samples, noise_mask=mask.values.reshape(-1, 1, *mask.values.shape[-2:]))


@node(
    "VAEEncodeForInpaint",
    title="Encode image (for inpainting)",
    category="latent/inpaint",
    device=True,
    facts=latents.encoded,
)
def encode_for_inpaint(
    pixels: Image, vae: FirstStage, mask: Mask, grow_mask_by: Annotated[int, Range(0, 64)] = 6
) -> Latent:
    """Encode a picture to have a part of it painted anew; that part is grey for the encoder.

    Args:
        pixels: The picture.
        vae: The first stage, from the checkpoint.
        mask: Which part.
        grow_mask_by: So many pixels around it are painted as well, to hide the seam.
    """
    _, height, width, _ = pixels.pixels.shape
    opened = cropped(stretched(mask.values, height, width).movedim(1, -1), vae)
    opened = repeated(opened, len(pixels.pixels)).round()
    seen = torch.lerp(cropped(pixels.pixels, vae), torch.tensor(GREY), opened)
    return replace(encode_image(Image(seen), vae), noise_mask=_grown(opened.movedim(-1, 1), grow_mask_by))


def _grown(mask: torch.Tensor, by: int) -> torch.Tensor:
    if by == 0:
        return mask
    height, width = mask.shape[-2:]
    return F.max_pool2d(F.pad(mask, (by // 2,) * 4), by, stride=1)[..., :height, :width]
