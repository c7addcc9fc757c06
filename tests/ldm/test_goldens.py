"""UNets and first stages in float64 against diffusers' own numbers (tests/goldens/make.py)."""

import json
from pathlib import Path

import pytest
import torch

from ldm.first_stage.autoencoder import Autoencoder, first_stage
from ldm.unet.unet import UNet
from tests.goldens.cases import FIRST_STAGES, UNETS, first_stage_inputs, summary, unet_inputs
from tests.ldm.tiny import randomise

GOLDEN = json.loads((Path(__file__).parent.parent / "goldens/diffusers.json").read_text())
TOLERANCE = 1e-10


@pytest.mark.parametrize("name", UNETS)
@torch.no_grad()
def test_a_unet_agrees_with_diffusers(name: str) -> None:
    spec, golden = UNETS[name], GOLDEN["unets"][name]
    unet = UNet(spec).double()
    randomise(unet)
    assert summary(unet(*unet_inputs(spec))) == pytest.approx(golden, abs=TOLERANCE)
    assert golden[1] > 0.1  # no zero-weight pass


@pytest.mark.parametrize("name", FIRST_STAGES)
@torch.no_grad()
def test_a_first_stage_agrees_with_diffusers(name: str) -> None:
    spec, golden = FIRST_STAGES[name], GOLDEN["first_stages"][name]
    model = first_stage(spec).double()
    randomise(model)
    assert isinstance(model, Autoencoder)
    moments = model.moments(first_stage_inputs())
    assert summary(moments) == pytest.approx(golden["moments"], abs=TOLERANCE)
    latent = moments.chunk(2, dim=1)[0] if spec.kind == "kl" else moments
    assert summary(model.decode(latent)) == pytest.approx(golden["decoded"], abs=TOLERANCE)
    assert golden["decoded"][1] > 0.1
