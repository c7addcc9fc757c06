"""ControlNets: what they add, when, and where; their numbers are in adapters/test_goldens.py."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ldm.adapters.control_file import control_name, load_control
from ldm.adapters.t2i_file import adapter_name
from ldm.diffusion.condition import Area, Condition
from ldm.diffusion.control import Control
from ldm.diffusion.denoiser import Given, Model
from ldm.diffusion.guidance import ClassifierFree, Guidance, Plain, guided
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.told import network_of
from ldm.published import SD1_UNET, SD2_UNET, SDXL_UNET
from ldm.spec import ScheduleSpec, UNetSpec
from ldm.tensor_file import CheckpointError
from ldm.unet.control import ControlNet
from ldm.unet.hints import Hint, added_by
from ldm.unet.t2i_adapter import AdapterSpec, PictureAdapter
from ldm.unet.unet import UNet
from ldm.unet.union_control import UnionControlNet
from tests.ldm.tiny import SPEC, randomise, tiny_model

SCHEDULE = Schedule(ScheduleSpec())
X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
PICTURE = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(1))
TOLD = Condition(torch.randn(1, 5, 16, generator=torch.Generator().manual_seed(2)))
NOTHING = Condition(torch.zeros(1, 5, 16))


def net(spec: UNetSpec = SPEC.unet) -> ControlNet:
    """A random net for the tiny UNet."""
    made = ControlNet(spec)
    randomise(made, 3)
    return made.requires_grad_(requires_grad=False).eval()


NET = net()


def controlled(
    condition: Condition, strength: float = 1.0, start: float = 0.0, end: float = 1.0
) -> Condition:
    """A condition under the net."""
    return replace(condition, control=(*condition.control, Control(Hint(NET, PICTURE, strength), start, end)))


def guess(guidance: Guidance, sigma: float = 2.0, x: Tensor = X, seen: list[Given] | None = None) -> Tensor:
    """What the tiny model guesses; each call's `Given` is put into `seen`."""
    network = network_of(tiny_model().unet)

    def watched(z: Tensor, time: Tensor, given: Given) -> Tensor:
        if seen is not None:
            seen.append(given)
        return network(z, time, given)

    height, width = x.shape[-2:]
    with torch.no_grad():
        return guided(Model(watched, SCHEDULE), guidance, (height, width), 4)(x, torch.tensor(sigma))


def plain(condition: Condition, sigma: float = 2.0) -> Tensor:
    """The guess under one condition."""
    return guess(Plain((condition,)), sigma)


def test_a_fresh_net_adds_nothing() -> None:
    fresh = ControlNet(SPEC.unet)
    hint, blocks = Hint(fresh, PICTURE[..., :32, :32]), len(fresh.input_blocks)
    added = added_by([hint], X[:1, :, :4, :4], torch.tensor([3]), TOLD.context, None, blocks).skips
    assert len(added) == len(fresh.input_blocks) + 1
    assert not any(bool(one.any()) for one in added)


def test_a_picture_is_followed() -> None:
    assert float((plain(controlled(TOLD)) - plain(TOLD)).abs().max()) > 1e-3


def test_another_picture_is_followed_otherwise() -> None:
    other = replace(TOLD, control=(Control(Hint(NET, 1 - PICTURE)),))
    assert not torch.allclose(plain(controlled(TOLD)), plain(other), atol=1e-5)


def test_without_strength_the_net_is_not_even_asked() -> None:
    seen: list[Given] = []
    assert torch.equal(guess(Plain((controlled(TOLD, 0.0),)), seen=seen), plain(TOLD))
    assert seen[0].control == ()


def test_the_strength_scales_what_is_added() -> None:
    hint, context = Hint(NET, torch.rand(1, 3, 64, 64)), TOLD.context.expand(2, -1, -1)

    def added(*hints: Hint) -> tuple[Tensor, ...]:
        return added_by(hints, X, torch.tensor([100, 100]), context, None, len(NET.input_blocks)).skips

    once, twice, both = added(hint), added(replace(hint, strength=2.0)), added(hint, hint)
    for one, other, sum_of_both in zip(once, twice, both, strict=True):
        assert torch.allclose(2 * one, other, atol=1e-6)
        assert torch.allclose(other, sum_of_both, atol=1e-6)


def test_a_picture_is_followed_on_its_part_of_the_way_only() -> None:
    late, middle = controlled(TOLD, start=0.5), SCHEDULE.sigma_at(0.5)
    assert torch.equal(plain(late, middle * 1.01), plain(TOLD, middle * 1.01))
    assert torch.allclose(plain(late, middle * 0.99), plain(controlled(TOLD), middle * 0.99), atol=1e-6)
    early = controlled(TOLD, end=0.5)
    assert torch.equal(plain(early, middle * 0.99), plain(TOLD, middle * 0.99))


def test_several_nets_add_up() -> None:
    twice = plain(controlled(controlled(TOLD, 0.5), 0.5))
    assert torch.allclose(twice, plain(controlled(TOLD)), atol=1e-5)


def test_positive_and_negative_go_through_the_model_and_the_net_together() -> None:
    seen: list[Given] = []
    both = ClassifierFree((controlled(TOLD),), (controlled(NOTHING),), 3.0)
    found = guess(both, seen=seen)
    assert len(seen) == 1
    positive, negative = plain(controlled(TOLD)), plain(controlled(NOTHING))
    assert torch.allclose(found, negative + 3 * (positive - negative), atol=1e-4)


def test_one_side_alone_may_be_controlled() -> None:
    found = guess(ClassifierFree((controlled(TOLD),), (NOTHING,), 3.0))
    positive, negative = plain(controlled(TOLD)), plain(NOTHING)
    assert torch.allclose(found, negative + 3 * (positive - negative), atol=1e-4)


def test_what_the_negative_shares_it_follows_as_well_unless_it_follows_something() -> None:
    shared = replace(TOLD, control=(Control(Hint(NET, PICTURE), under_negative=True),))
    found = guess(ClassifierFree((shared,), (NOTHING,), 3.0))
    assert torch.allclose(found, guess(ClassifierFree((shared,), (controlled(NOTHING),), 3.0)), atol=1e-6)
    own = controlled(NOTHING, 0.3)
    positive, negative = plain(shared), plain(own)
    found = guess(ClassifierFree((shared,), (own,), 3.0))
    assert torch.allclose(found, negative + 3 * (positive - negative), atol=1e-4)


ADAPTER = AdapterSpec(widths=(32, 64), blocks=1)


def adapter(spec: AdapterSpec = ADAPTER) -> PictureAdapter:
    """A random T2I adapter for the tiny UNet."""
    made = PictureAdapter(spec)
    randomise(made, 4)
    return made.requires_grad_(requires_grad=False).eval()


def test_a_t2i_adapter_is_followed_beside_a_controlnet() -> None:
    features = replace(TOLD, control=(Control(Hint(adapter(), PICTURE)),))
    both = replace(controlled(TOLD), control=(*controlled(TOLD).control, *features.control))
    found = [plain(one) for one in (TOLD, controlled(TOLD), features, both)]
    for number, one in enumerate(found):
        assert all(not torch.allclose(one, other, atol=1e-4) for other in found[:number])
    twice = replace(TOLD, control=(Control(Hint(adapter(), PICTURE, 0.5)),) * 2)
    assert torch.allclose(plain(twice), plain(features), atol=1e-5)


def test_a_t2i_adapter_for_another_model_says_so() -> None:
    for widths in ((32, 32), (32, 64, 64, 64, 64)):
        other = Hint(adapter(replace(ADAPTER, widths=widths)), PICTURE)
        with pytest.raises(ValueError, match="made for another model"):
            plain(replace(TOLD, control=(Control(other),)))


def test_a_net_for_many_tasks_follows_a_picture_as_it_is_told() -> None:
    made = UnionControlNet(SPEC.unet, tasks=6)
    randomise(made, 3)
    made.requires_grad_(requires_grad=False)
    hints = [Hint(made, PICTURE, 1.0, task) for task in (None, 0, 5)]
    found = [plain(replace(TOLD, control=(Control(hint),))) for hint in hints]
    for number, one in enumerate(found):
        assert all(not torch.allclose(one, other, atol=1e-6) for other in found[:number])
    together = (replace(TOLD, control=(Control(hints[1]),)), replace(NOTHING, control=(Control(hints[2]),)))
    one, other = (plain(condition) for condition in together)
    assert torch.allclose(guess(Plain(together)), (one + other) / 2, atol=1e-5)


def test_in_an_area_that_part_of_the_picture_is_followed() -> None:
    x = torch.randn(1, 4, 8, 16, generator=torch.Generator().manual_seed(5))
    wide = torch.rand(1, 3, 64, 128, generator=torch.Generator().manual_seed(6))
    area = Area(32, 32, 0, 32)  # of 32 x 64 pixels, 4 a cell: its right half
    condition = replace(TOLD, control=(Control(Hint(NET, wide)),))
    found = guess(Plain((replace(condition, area=area),)), x=x)
    right = replace(TOLD, control=(Control(Hint(NET, wide[..., 64:])),))
    assert torch.allclose(found[..., 8:], guess(Plain((right,)), x=x[..., 8:]), atol=1e-5)


def test_what_juts_out_over_the_latent_is_cut_off_evenly() -> None:
    wide = torch.cat([torch.zeros(1, 3, 64, 32), torch.ones(1, 3, 64, 64), torch.zeros(1, 3, 64, 32)], dim=-1)
    assert torch.equal(Hint(NET, wide).over(8, 8).pixels, torch.ones(1, 3, 64, 64))


def test_a_net_for_another_model_says_so() -> None:
    other = net(replace(SPEC.unet, context_dim=24))
    with pytest.raises(
        ValueError, match="made for another model: it sees latents of 4 channels and attends to a context"
    ):
        plain(replace(TOLD, control=(Control(Hint(other, PICTURE)),)))


@pytest.mark.parametrize(
    ("made", "parameters"),
    [
        (lambda: ControlNet(SD1_UNET), 361_279_120),
        (lambda: ControlNet(SD2_UNET), 364_228_240),
        (lambda: ControlNet(SDXL_UNET), 1_251_014_160),
        (lambda: UnionControlNet(SDXL_UNET, 3, (48, 96, 192, 384), tasks=6), 1_257_287_280),
        (lambda: PictureAdapter(AdapterSpec()), 77_369_280),
        (lambda: PictureAdapter(AdapterSpec(pixels=16)), 79_028_160),
    ],
)
def test_published_nets_have_as_many_parameters_as_diffusers(
    made: Callable[[], nn.Module], parameters: int
) -> None:
    with torch.device("meta"):
        assert sum(one.numel() for one in made().parameters()) == parameters


# ---- files


def saved(folder: Path, tensors: dict[str, Tensor]) -> Path:
    """A file with these tensors."""
    path = folder / "control.safetensors"
    save_file({key: value.clone().contiguous() for key, value in tensors.items()}, path)
    return path


@pytest.mark.parametrize("layout", ["CompVis", "CompVis, alone", "diffusers"])
def test_a_net_is_read_from_every_layout(layout: str, tmp_path: Path) -> None:
    state = NET.state_dict()

    def name(key: str) -> str:
        return control_name(key, SPEC.unet) if layout == "diffusers" else prefix + key

    prefix = "control_model." if layout == "CompVis" else ""
    path = saved(tmp_path, {name(key): value for key, value in state.items()})
    found = load_control(path, tiny_model().unet).state_dict()
    assert all(torch.equal(found[key], value) for key, value in state.items())


@pytest.mark.parametrize("layout", ["CompVis, alone", "diffusers"])
def test_a_net_for_many_tasks_is_read_from_every_layout(layout: str, tmp_path: Path) -> None:
    made = UnionControlNet(SPEC.unet, 1, (48, 96, 192, 384), tasks=6)
    randomise(made, 3)
    state = made.state_dict()
    names = {key: control_name(key, SPEC.unet) if layout == "diffusers" else key for key in state}
    found = load_control(
        saved(tmp_path, {names[key]: value for key, value in state.items()}), tiny_model().unet
    )
    assert isinstance(found, UnionControlNet)
    assert all(torch.equal(found.state_dict()[key], value) for key, value in state.items())


def test_a_net_for_a_model_with_more_inputs_sees_the_latent_alone(tmp_path: Path) -> None:
    path = saved(tmp_path, NET.state_dict())
    inpainting = UNet(replace(SPEC.unet, in_channels=9))
    found = load_control(path, inpainting)
    assert isinstance(found, ControlNet)
    assert found.spec.in_channels == 4


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("layout", ["its authors'", "diffusers'"])
def test_a_t2i_adapter_is_read_from_every_layout(layout: str, large: bool, tmp_path: Path) -> None:
    spec = AdapterSpec(widths=(32, 64, 64, 64), blocks=2, pixels=16 if large else 8, hint_channels=1)
    state = adapter(spec).state_dict()
    names = {key: adapter_name(key, spec.blocks) if layout == "diffusers'" else key for key in state}
    found = load_control(saved(tmp_path, {names[key]: value for key, value in state.items()}))
    assert found.spec == spec
    assert all(torch.equal(found.state_dict()[key], value) for key, value in state.items())


def test_a_t2i_adapter_that_lacks_a_part_says_which(tmp_path: Path) -> None:
    state = adapter(AdapterSpec(widths=(32, 64, 64, 64))).state_dict()
    del state["body.3.block2.bias"]
    with pytest.raises(CheckpointError, match=r"lacks body\.3\.block2\.bias"):
        load_control(saved(tmp_path, state))


def test_differences_are_added_to_the_models_own_weights(tmp_path: Path) -> None:
    base, mark = tiny_model().unet, {"difference": torch.tensor(())}
    path = saved(tmp_path, {**NET.state_dict(), **mark})
    found, key = load_control(path, base).state_dict(), "input_blocks.1.0.in_layers.2.weight"
    assert torch.allclose(found[key], NET.state_dict()[key] + base.state_dict()[key])
    assert torch.equal(found["zero_convs.1.0.weight"], NET.state_dict()["zero_convs.1.0.weight"])


def test_differences_without_a_model_say_which_node_takes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ldm.adapters.control_file.MODELS", (SPEC,))
    path = saved(tmp_path, {**NET.state_dict(), "difference": torch.tensor(())})
    with pytest.raises(CheckpointError, match="Load it with DiffControlNetLoader"):
        load_control(path)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("body.0.in_conv.weight", "a light T2I adapter"),
        ("lora_controlnet", "a control LoRA"),
        ("model.weight", "is no ControlNet: it has neither"),
    ],
)
def test_other_files_are_named_for_what_they_are(key: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=said):
        load_control(saved(tmp_path, {key: torch.zeros(1)}))


def test_a_net_for_no_known_model_says_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"for no model that is known here: input_blocks.0.0.weight is \(32"
    ):
        load_control(saved(tmp_path, NET.state_dict()))
