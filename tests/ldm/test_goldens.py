"""UNet and first stage in float64 against diffusers' own numbers (tests/goldens/make.py)."""

import json
from pathlib import Path

import pytest
import torch

from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.unet.unet import UNet
from tests.goldens.cases import FIRST_STAGE, UNET, first_stage_inputs, summary, unet_inputs
from tests.ldm.tiny import randomise

GOLDEN = json.loads((Path(__file__).parent.parent / "goldens/diffusers.json").read_text())
TOLERANCE = 1e-10


@torch.no_grad()
def test_the_unet_agrees_with_diffusers() -> None:
    unet = UNet(UNET).double()
    randomise(unet)
    assert summary(unet(*unet_inputs())) == pytest.approx(GOLDEN["unet"], abs=TOLERANCE)
    assert GOLDEN["unet"][1] > 0.1  # no zero-weight pass


@torch.no_grad()
def test_the_first_stage_agrees_with_diffusers() -> None:
    model = AutoencoderKL(FIRST_STAGE).double()
    randomise(model)
    mean, log_variance = model.moments(first_stage_inputs()).chunk(2, dim=1)
    assert summary(mean) == pytest.approx(GOLDEN["mean"], abs=TOLERANCE)
    assert summary(log_variance) == pytest.approx(GOLDEN["logvar"], abs=TOLERANCE)
    assert summary(model.decode(mean)) == pytest.approx(GOLDEN["decoded"], abs=TOLERANCE)
    assert GOLDEN["decoded"][1] > 0.1
