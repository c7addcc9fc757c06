"""Adapters in float64 against diffusers' and PEFT's own numbers (tests/goldens/make_adapters.py)."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ldm.adapters.lora import check_all_known, layers_of_unet, with_lora
from ldm.adapters.lora_file import read_lora
from ldm.adapters.weight_change import changed
from ldm.diffusion.guidance import rescaled
from ldm.unet.changes import MiddleAlone
from ldm.unet.control import ControlNet
from ldm.unet.hints import Hint, added_by
from ldm.unet.skips import low_scaled
from ldm.unet.t2i_adapter import PictureAdapter
from ldm.unet.unet import UNet
from ldm.unet.union_control import UnionControlNet
from tests.goldens import adapters
from tests.goldens.cases import summary, unet_inputs
from tests.ldm.tiny import randomise

GOLDEN = json.loads((Path(__file__).parents[2] / "goldens/adapters.json").read_text())
TOLERANCE = 1e-10


def unet() -> UNet:
    """The UNet that the golden numbers are of."""
    made = UNet(adapters.SPEC).double()
    randomise(made)
    return made.requires_grad_(requires_grad=False)


@pytest.mark.parametrize(
    ("name", "tensors"),
    [("kohya", adapters.kohya()), ("lora", adapters.diffusers()), ("dora", adapters.dora())],
    ids=lambda one: one if isinstance(one, str) else "",
)
@torch.no_grad()
def test_a_unet_under_a_lora_agrees_with_diffusers(
    name: str, tensors: dict[str, Tensor], tmp_path: Path
) -> None:
    save_file(tensors, tmp_path / "lora.safetensors")
    base = unet()
    layers = layers_of_unet(base)
    lora = read_lora(tmp_path / "lora.safetensors")

    check_all_known(lora, layers, text_too=True)
    guess = with_lora(base, lora, layers, 1.0)(*unet_inputs(adapters.SPEC))

    assert summary(guess) == pytest.approx(GOLDEN[name], abs=TOLERANCE)
    plain = base(*unet_inputs(adapters.SPEC))
    assert (guess - plain).abs().max() > 0.01  # the LoRA says something


@pytest.mark.parametrize("name", adapters.PRODUCTS)
def test_a_change_of_lycoris_agrees_with_peft(name: str, tmp_path: Path) -> None:
    alpha = torch.tensor(3.0, dtype=torch.float64)
    save_file(
        {f"a.{part}": value for part, value in {**adapters.product(name), "alpha": alpha}.items()},
        tmp_path / "lycoris.safetensors",
    )
    layer = read_lora(tmp_path / "lycoris.safetensors").layers["a"]
    shape = (8, 6, 3, 3) if "convolution" in name else (8, 6)

    found = changed(torch.zeros(shape, dtype=torch.float64), layer, 1.0)

    assert summary(found) == pytest.approx(GOLDEN["products"][name], abs=TOLERANCE)
    assert float(found.abs().max()) > 1e-3


@pytest.mark.parametrize("name", adapters.CONTROLLED)
@torch.no_grad()
def test_a_controlnet_agrees_with_diffusers(name: str) -> None:
    spec = adapters.CONTROLLED[name]
    net = ControlNet(spec).double()
    randomise(net)
    x, times, context, vector = unet_inputs(spec)
    assert context is not None

    base = UNet(spec).double()
    randomise(base)
    hints = [Hint(net, adapters.hint(), 0.7)]
    found = added_by(hints, x, times, context, vector, len(base.input_blocks))
    guess = base(x, times, context, vector, control=found)

    golden = GOLDEN["controlled"][name]
    assert len(golden) == len(found.skips) + 1
    for ours, theirs in zip((*found.skips, guess), golden, strict=True):
        assert summary(ours) == pytest.approx(theirs, abs=TOLERANCE)
    assert (guess - base(x, times, context, vector)).abs().max() > 0.01


@torch.no_grad()
def test_a_controlnet_that_is_told_its_task_agrees_with_diffusers() -> None:
    spec = adapters.CONTROLLED["sdxl"]
    net = UnionControlNet(spec, hint_widths=adapters.TOLD_WIDTHS, tasks=6).double()
    base = UNet(spec).double()
    randomise(net)
    randomise(base)
    x, times, context, vector = (None if one is None else one[:1] for one in unet_inputs(spec))
    assert x is not None
    assert times is not None
    assert context is not None

    hints = [Hint(net, adapters.hint()[:1], 0.7, adapters.TASK)]
    found = added_by(hints, x, times, context, vector, len(base.input_blocks))
    guess = base(x, times, context, vector, control=found)

    for ours, theirs in zip((*found.skips, guess), GOLDEN["told"], strict=True):
        assert summary(ours) == pytest.approx(theirs, abs=TOLERANCE)


@pytest.mark.parametrize("name", adapters.ADAPTERS)
@torch.no_grad()
def test_a_t2i_adapter_agrees_with_diffusers(name: str) -> None:
    spec, net = adapters.CONTROLLED[name], PictureAdapter(adapters.ADAPTERS[name]).double()
    randomise(net)
    x, times, context, vector = unet_inputs(spec)
    assert context is not None

    base = UNet(spec).double()
    randomise(base)
    hints = [Hint(net, adapters.hint(), 0.7)]
    found = added_by(hints, x, times, context, vector, len(base.input_blocks))
    guess = base(x, times, context, vector, control=found)

    golden = GOLDEN["adapted"][name]
    assert len(golden) == len(found.inputs) + 1
    for ours, theirs in zip((*found.inputs.values(), guess), golden, strict=True):
        assert summary(ours) == pytest.approx(theirs, abs=TOLERANCE)
    assert (guess - base(x, times, context, vector)).abs().max() > 0.01


@torch.no_grad()
def test_a_middle_that_looks_at_nothing_agrees_with_diffusers() -> None:
    base = unet()
    guess = base(*unet_inputs(adapters.SPEC), changes=(MiddleAlone(),))
    assert summary(guess) == pytest.approx(GOLDEN["perturbed"], abs=TOLERANCE)
    assert (guess - base(*unet_inputs(adapters.SPEC))).abs().max() > 1e-3


def test_low_frequencies_are_scaled_as_diffusers_does() -> None:
    found = low_scaled(adapters.random(8, 1, 3, 10, 7).float(), 0.3)
    assert summary(found) == pytest.approx(GOLDEN["low_scaled"], abs=1e-6)


def test_guidance_is_rescaled_as_diffusers_does() -> None:
    """There it is done on v; the clean latent of a v is x / (1 + sigma^2) - v sigma / sqrt(1 + sigma^2)."""
    guided, positive = adapters.random(9, 2, 4, 6, 6), adapters.random(10, 2, 4, 6, 6)
    x, sigma = adapters.random(11, 2, 4, 6, 6), torch.tensor(1.7, dtype=torch.float64)
    width = (1 + sigma**2).sqrt()

    def clean(v: Tensor) -> Tensor:
        return x / width**2 - v * sigma / width

    found = rescaled(clean(guided), clean(positive), x, sigma, 0.7)

    v = (x / width**2 - found) * width / sigma
    assert summary(v) == pytest.approx(GOLDEN["rescaled"], abs=TOLERANCE)
