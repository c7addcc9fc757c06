"""First stages in their other ways, through nodes."""

from typing import Any

import pytest
import torch

from engine.api import NULL_CONTEXT
from nodes.codebook import decode_codes, encode_sample, quantize_denoised, quantize_latent
from nodes.first_stage import decode_latent, encode_image
from nodes.latent import empty_latent
from nodes.port_types import FirstStage, Latent
from nodes.sampling import sample
from nodes.text import encode_text
from tests.nodes.tasks import SPECS, parts, picture

MODEL, CLIP, VQ = parts(SPECS["codebook"])
KL = parts(SPECS["text"])[2]
PIXELS = parts(SPECS["pixels"])[2]


def test_a_sample_of_the_encoder_is_of_its_seed_and_lies_around_its_mode() -> None:
    mode = encode_image(picture(), KL).samples
    one, again, other = (encode_sample(picture(), KL, seed).samples for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    many = torch.stack([encode_sample(picture(), KL, seed).samples for seed in range(60)])
    spread = many.std(dim=0).mean()
    assert float((many.mean(dim=0) - mode).abs().mean()) < 0.3 * float(spread)


@pytest.mark.parametrize("vae", [VQ, PIXELS])
def test_a_first_stage_without_a_distribution_has_nothing_to_sample(vae: FirstStage) -> None:
    assert torch.equal(encode_sample(picture(), vae, 1).samples, encode_image(picture(), vae).samples)


def test_the_codebook_is_the_decoders_first_layer_unless_it_is_left_out() -> None:
    latent = encode_image(picture(), VQ)
    whole = decode_latent(latent, VQ).pixels
    assert torch.equal(decode_codes(latent, VQ).pixels, whole)
    assert not torch.allclose(decode_codes(latent, VQ, quantize=False).pixels, whole)
    snapped = quantize_latent(latent, VQ)
    torch.testing.assert_close(decode_codes(snapped, VQ, quantize=False).pixels, whole)


def codes(latent: torch.Tensor) -> torch.Tensor:
    """How far each cell is from its nearest code."""
    stage: Any = VQ.autoencoder
    embedding = stage.quantize.embedding.weight * stage.spec.scale_factor
    cells = latent.movedim(1, -1).flatten(0, 2)
    distances: torch.Tensor = torch.cdist(cells, embedding).amin(dim=1)
    return distances


def test_on_the_codebook_a_model_samples_codes_only() -> None:
    told, silence = encode_text("a red circle", CLIP), encode_text("", CLIP)

    def painted(on_codes: bool) -> torch.Tensor:
        model = quantize_denoised(MODEL, VQ) if on_codes else MODEL
        canvas = empty_latent(24, 16)
        done = sample(
            model=model,
            steps=3,
            cfg=2.0,
            positive=told,
            negative=silence,
            latent_image=canvas,
            ctx=NULL_CONTEXT,
        )
        return done.samples

    assert float(codes(painted(True)).max()) < 1e-5
    assert float(codes(painted(False)).min()) > 1e-3


def test_a_first_stage_without_a_codebook_is_refused() -> None:
    for vae in (KL, PIXELS):
        with pytest.raises(ValueError, match="has no codebook"):
            quantize_denoised(MODEL, vae)
        with pytest.raises(ValueError, match="has no codebook"):
            quantize_latent(Latent(torch.zeros(1, 4, 2, 2)), vae)
