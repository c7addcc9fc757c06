"""First stages in their other ways: a sample of what the encoder says, and the codebook left out or used earlier."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from engine.api import Output, Seed, node
from ldm.diffusion.noise import noise_from_seed
from ldm.first_stage.autoencoder import AutoencoderVQ
from nodes.facts import latents, models
from nodes.first_stage import cropped, decode_latent, encoded
from nodes.port_types import DiffusionModel, FirstStage, Image, Latent

HOME = "latent/first stage"


@node("VAEEncodeSample", title="Encode image (sampled)", category=HOME, device=True, facts=latents.encoded)
def encode_sample(pixels: Image, vae: FirstStage, seed: Seed = 0) -> Latent:
    """Encode pictures to a sample of q(z | x), where Encode image takes its mode.

    First stages without such a distribution give what they always do.

    Args:
        pixels: The pictures.
        vae: The first stage, from the checkpoint.
        seed: The same seed gives the same sample.
    """
    stage = vae.autoencoder
    shown = cropped(pixels.pixels, vae).movedim(-1, 1)
    size = (len(shown), stage.spec.embed_dim, *(side // stage.spec.factor for side in shown.shape[-2:]))
    noise = noise_from_seed(size, seed)
    with torch.no_grad():
        samples = stage.encode(_placed(vae, shown) * 2 - 1, _placed(vae, noise))
    return encoded(vae, samples.float().cpu())


@node("VAEDecodeCodes", title="Decode latent (codebook)", category=HOME, device=True, facts=latents.decoded)
def decode_codes(samples: Latent, vae: FirstStage, quantize: bool = True) -> Image:
    """Decode latents, with the codebook of the first stage or without it.

    Args:
        samples: The latents.
        vae: The first stage, from the checkpoint.
        quantize: Off decodes each cell as it is, and not the code that is nearest to it.
    """
    stage = vae.autoencoder
    if quantize or not isinstance(stage, AutoencoderVQ):
        return decode_latent(samples, vae)
    with torch.no_grad():
        pixels = stage.decode(_placed(vae, samples.samples), quantize=False).float().cpu()
    return Image(((pixels + 1) / 2).clamp(0, 1).movedim(1, -1).contiguous())


@node("QuantizeLatent", title="Snap latent to the codebook", category=HOME, device=True, facts=latents.same)
def quantize_latent(samples: Latent, vae: FirstStage) -> Latent:
    """Move each cell of a latent to the code that is nearest to it.

    Args:
        samples: The latents.
        vae: A first stage with a codebook.
    """
    with torch.no_grad():
        snapped = _codebook(vae).snapped(_placed(vae, samples.samples)).float().cpu()
    return replace(samples, samples=snapped)


@node("QuantizeDenoised", title="Sample on the codebook", category="sampling", facts=models.same)
def quantize_denoised(model: DiffusionModel, vae: FirstStage) -> Annotated[DiffusionModel, Output("model")]:
    """Let a model sample only what its first stage can say: each guess is moved to the codebook.

    Args:
        model: The diffusion model.
        vae: Its first stage, which must have a codebook.
    """
    return replace(model, codebook=_codebook(vae))


def _codebook(vae: FirstStage) -> AutoencoderVQ:
    stage = vae.autoencoder
    if isinstance(stage, AutoencoderVQ):
        return stage
    raise ValueError(
        f"This first stage is regularised by {stage.spec.kind}, and has no codebook. Take one that has (vq)."
    )


def _placed(vae: FirstStage, values: Tensor) -> Tensor:
    return values.to(vae.autoencoder.device, vae.autoencoder.dtype)
