"""Painting a part of a picture only: latents with a mask, and models that are shown the mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor
from torch.nn import functional as F

from engine.api import Range, node
from ldm.diffusion.beside import GREY, HOLE
from ldm.spec import Beside
from nodes.composite import stretched
from nodes.facts import latents
from nodes.facts import shown as facts
from nodes.first_stage import cropped, encode_image
from nodes.port_types import Conditioning, DiffusionModel, FirstStage, Image, Latent, Mask
from nodes.resize import repeated
from nodes.showing import ToldTwice, shown


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
    opened = _opened(pixels, mask, vae).round()
    seen = _filled(pixels, opened, vae, GREY)
    return replace(encode_image(Image(seen), vae), noise_mask=_grown(opened.movedim(-1, 1), grow_mask_by))


@node(
    "InpaintModelConditioning",
    title="Inpaint (for inpainting models)",
    category="conditioning/inpaint",
    device=True,
    facts=facts.inpainted,
)
def inpaint_conditioning(
    positive: Conditioning,
    negative: Conditioning,
    vae: FirstStage,
    pixels: Image,
    mask: Mask,
    noise_mask: bool = True,
    model: DiffusionModel | None = None,
) -> ToldTwice:
    """Show an inpainting model the picture without the part that it shall paint, and where that is.

    Args:
        positive: What to paint there.
        negative: What not to.
        vae: The first stage, from the checkpoint.
        pixels: The picture.
        mask: Which part is painted anew.
        noise_mask: Change nothing but that part. Off lets the model smooth the seam.
        model: Where it is given, the hole is filled as it knows it: LDM's own models black, all others grey.
    """
    concat = None if model is None else model.spec.concat
    hole = GREY if concat is None else concat.hole
    opened = _opened(pixels, mask, vae)
    seen = encode_image(Image(_filled(pixels, opened.round(), vae, hole)), vae).samples
    whole, latent = opened.movedim(-1, 1), encode_image(pixels, vae)
    beside: dict[Beside, Tensor] = {"mask": whole, "masked_image": seen}
    return ToldTwice(
        shown(positive, beside, {HOLE: hole}),
        shown(negative, beside, {HOLE: hole}),
        replace(latent, noise_mask=whole) if noise_mask else latent,
    )


def _opened(pixels: Image, mask: Mask, vae: FirstStage) -> Tensor:
    """The mask (b, h, w, 1) over the picture, cropped like it."""
    opened = cropped(stretched(mask.values, *pixels.pixels.shape[1:3]).movedim(1, -1), vae)
    return repeated(opened, len(pixels.pixels))


def _filled(pixels: Image, opened: Tensor, vae: FirstStage, hole: float) -> Tensor:
    """The picture with its hole filled, -1 being black and 1 white."""
    return torch.lerp(cropped(pixels.pixels, vae), torch.tensor((hole + 1) / 2), opened)


def _grown(mask: Tensor, by: int) -> Tensor:
    if by == 0:
        return mask
    height, width = mask.shape[-2:]
    return F.max_pool2d(F.pad(mask, (by // 2,) * 4), by, stride=1)[..., :height, :width]
