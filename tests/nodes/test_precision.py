"""The embedded model in half precision paints what it paints in full."""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from engine.api import Context
from engine.run.folders import Folders
from nodes.first_stage import decode_latent
from nodes.latent import empty_latent
from nodes.loaders import load_checkpoint
from nodes.sampling import sample
from nodes.text import encode_text
from tests.architecture.sources import ROOT

LEAST = 40.0  # dB


def painted(dtype: str) -> Tensor:
    """A picture of a few steps."""
    ctx = replace(Context(inputs=Folders(ROOT / "models", ROOT / "input")), dtype=dtype)
    model, clip, vae = load_checkpoint("shapeland-nano.safetensors", ctx=ctx)
    told, silence = (encode_text(text, clip) for text in ("a large red circle on a white background", ""))
    latent = sample(
        model=model,
        positive=told,
        negative=silence,
        latent_image=empty_latent(64, 64),
        steps=6,
        seed=1,
        cfg=3.0,
        ctx=ctx,
    )
    assert latent.samples.dtype == torch.float32
    return decode_latent(latent, vae).pixels


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
def test_half_precision_is_seen_by_nobody(dtype: str) -> None:
    error = float((painted(dtype) - painted("fp32")).square().mean())

    assert error > 0
    assert -10 * math.log10(error) > LEAST
