"""Between pixels and latents: the first stage's E and D."""

from __future__ import annotations

import torch

from engine.api import node
from nodes.port_types import FirstStage, Image, Latent


@node("VAEEncode", title="Encode image", category="latent", device=True)
def encode_image(pixels: Image, vae: FirstStage) -> Latent:
    """Encode pictures to latents (the mode of q(z | x)).

    Sides that are no multiple of the first stage's factor are cropped evenly.

    Args:
        pixels: The pictures.
        vae: The first stage, from the checkpoint.
    """
    autoencoder, factor = vae.autoencoder, vae.autoencoder.spec.factor
    height, width = (side - side % factor for side in pixels.pixels.shape[1:3])
    top, left = (
        (whole - kept) // 2 for whole, kept in zip(pixels.pixels.shape[1:3], (height, width), strict=True)
    )
    cropped = pixels.pixels[:, top : top + height, left : left + width]
    with torch.no_grad():
        samples = autoencoder.encode(cropped.movedim(-1, 1).to(_device(vae)) * 2 - 1)
    return Latent(samples.cpu())


@node("VAEDecode", title="Decode latent", category="latent", device=True)
def decode_latent(samples: Latent, vae: FirstStage) -> Image:
    """Decode latents to pictures with the first stage's decoder D(z).

    Args:
        samples: The latents.
        vae: The first stage, from the checkpoint.
    """
    with torch.no_grad():
        pixels = vae.autoencoder.decode(samples.samples.to(_device(vae)))
    return Image(((pixels + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous().cpu())


def _device(vae: FirstStage) -> torch.device:
    return vae.autoencoder.post_quant_conv.weight.device
