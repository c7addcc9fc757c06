"""LoRA files of every layout, and what is left of the model that they change."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ldm.adapters.lora import check_all_known, layers_of_text, layers_of_unet, with_lora
from ldm.adapters.lora_file import Lora, read_lora
from ldm.adapters.weight_change import Difference, LayerChange, LowRank, changed
from ldm.spec import ClipSpec
from ldm.tensor_file import CheckpointError
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.unet.unet import UNet
from tests.ldm.tiny import randomise, tiny_model

KEY = "input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight"
THEIRS = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
UP, DOWN = (torch.randn(shape, generator=torch.Generator().manual_seed(2)) for shape in ((32, 2), (2, 32)))
PRODUCT = UP @ DOWN


def written(folder: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Lora:
    """The LoRA in a file with these tensors."""
    path = folder / "lora.safetensors"
    save_file({name: value.clone() for name, value in tensors.items()}, path, metadata)
    return read_lora(path)


def put_in(lora: Lora, unet: UNet | None = None, strength: float = 1.0) -> UNet:
    """A tiny UNet under a LoRA that says nothing else."""
    unet = unet or tiny_model().unet
    layers = layers_of_unet(unet)
    check_all_known(lora, layers, text_too=True)
    return with_lora(unet, lora, layers, strength)


def moved(unet: UNet) -> Tensor:
    """By how much one weight is another than the tiny model's."""
    new, old = (made.get_parameter(KEY) for made in (unet, tiny_model().unet))
    return new - old


OURS = KEY.removesuffix(".weight")
LAYOUTS = {
    "kohya, diffusers' names": (
        f"lora_unet_{THEIRS.replace('.', '_')}",
        ".lora_up.weight",
        ".lora_down.weight",
    ),
    "kohya, CompVis' names": (f"lora_unet_{OURS.replace('.', '_')}", ".lora_up.weight", ".lora_down.weight"),
    "CompVis": (f"diffusion_model.{OURS}", ".lora_up.weight", ".lora_down.weight"),
    "CompVis, PEFT's factors": (f"diffusion_model.{OURS}", ".lora_B.weight", ".lora_A.weight"),
    "diffusers": (f"unet.{THEIRS}", ".lora_B.weight", ".lora_A.weight"),
    "diffusers, earlier": (f"unet.{THEIRS}", ".lora.up.weight", ".lora.down.weight"),
    "diffusers, at first": (
        f"unet.{THEIRS.replace('.to_q', '.processor.to_q')}",
        "_lora.up.weight",
        "_lora.down.weight",
    ),
    "PEFT": (f"base_model.model.{THEIRS}", ".lora_B.weight", ".lora_A.weight"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_leads_to_the_same_weight(layout: str, tmp_path: Path) -> None:
    stem, up, down = LAYOUTS[layout]
    lora = written(tmp_path, {stem + up: UP, stem + down: DOWN})
    assert torch.allclose(moved(put_in(lora)), PRODUCT, atol=1e-6)


def test_an_output_layer_of_diffusers_first_layout_is_found(tmp_path: Path) -> None:
    stem = f"unet.{THEIRS.replace('.to_q', '.processor.to_out')}"
    lora = written(tmp_path, {f"{stem}_lora.up.weight": UP, f"{stem}_lora.down.weight": DOWN})
    assert set(lora.layers) == {"unet." + THEIRS.replace(".to_q", ".to_out.0")}
    put_in(lora)


def kohya(folder: Path, **more: Tensor) -> Lora:
    """A LoRA of one layer in kohya's layout, with further parts."""
    stem = f"lora_unet_{THEIRS.replace('.', '_')}"
    parts = {"lora_up.weight": UP, "lora_down.weight": DOWN, **more}
    return written(folder, {f"{stem}.{name}": value for name, value in parts.items()})


def test_the_alpha_is_divided_by_the_rank(tmp_path: Path) -> None:
    assert torch.allclose(moved(put_in(kohya(tmp_path, alpha=torch.tensor(3.0)))), PRODUCT * 1.5, atol=1e-5)


def test_an_alpha_may_stand_in_the_metadata(tmp_path: Path) -> None:
    told = {"lora_adapter_metadata": json.dumps({"unet.lora_alpha": 1, "unet.r": 2})}
    tensors = {f"unet.{THEIRS}.lora_B.weight": UP, f"unet.{THEIRS}.lora_A.weight": DOWN}
    assert torch.allclose(moved(put_in(written(tmp_path, tensors, told))), PRODUCT / 2, atol=1e-6)


@pytest.mark.parametrize("strength", [-1.0, 0.25, 2.0])
def test_the_strength_scales_the_change(strength: float, tmp_path: Path) -> None:
    found = moved(put_in(kohya(tmp_path), strength=strength))
    assert torch.allclose(found, PRODUCT * strength, atol=1e-5)


def test_two_loras_follow_each_other(tmp_path: Path) -> None:
    lora = kohya(tmp_path)
    assert torch.allclose(moved(put_in(lora, put_in(lora))), 2 * PRODUCT, atol=1e-5)


def test_the_old_model_stays_as_it_was_and_shares_what_is_not_changed(tmp_path: Path) -> None:
    unet = tiny_model().unet
    before = {key: value.clone() for key, value in unet.state_dict().items()}
    new = put_in(kohya(tmp_path), unet)
    after, theirs = unet.state_dict(), new.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    shared = {key for key in before if after[key].data_ptr() == theirs[key].data_ptr()}
    assert shared == set(before) - {KEY}
    new.double()  # as a move to another device would change it
    assert unet.out[2].weight.dtype == torch.float32


def test_half_precision_stays_half_precision(tmp_path: Path) -> None:
    unet = put_in(kohya(tmp_path), tiny_model().unet.to(torch.bfloat16))
    assert {weight.dtype for weight in unet.parameters()} == {torch.bfloat16}


def test_a_locon_changes_a_convolution_through_a_core(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(4)
    up, down = (torch.randn(shape, generator=generator) for shape in ((32, 2, 1, 1), (2, 32, 1, 1)))
    core = torch.randn(2, 2, 3, 3, generator=generator)
    stem = "lora_unet_down_blocks_0_resnets_0_conv1"
    parts = {"lora_up.weight": up, "lora_down.weight": down, "lora_mid.weight": core}
    lora = written(tmp_path, {f"{stem}.{name}": value for name, value in parts.items()})
    base, key = tiny_model().unet, "input_blocks.1.0.in_layers.2.weight"
    found = put_in(lora, base).state_dict()[key] - base.state_dict()[key]
    x = torch.randn(1, 32, 6, 6, generator=generator)
    conv = torch.nn.functional.conv2d
    one_by_one = conv(conv(conv(x, down), core, padding=1), up)
    assert torch.allclose(conv(x, found, padding=1), one_by_one, atol=1e-3)


def test_plain_differences_change_weight_and_bias(tmp_path: Path) -> None:
    stem, key = "diffusion_model.out.0", "out.0."
    lora = written(tmp_path, {f"{stem}.diff": torch.ones(32), f"{stem}.diff_b": torch.full((32,), 2.0)})
    base = tiny_model().unet
    new, old = put_in(lora, base, 0.5).state_dict(), base.state_dict()
    assert torch.allclose(new[key + "weight"], old[key + "weight"] + 0.5)
    assert torch.allclose(new[key + "bias"], old[key + "bias"] + 1.0)


def test_a_dora_sets_how_long_rows_or_columns_are() -> None:
    weight, up, down = torch.randn(6, 4), torch.randn(6, 2), torch.randn(2, 4)
    rows, columns = torch.rand(6, 1) + 1, torch.rand(1, 4) + 1
    change = LowRank(up, down)
    by_rows = changed(weight, LayerChange(change, magnitude=rows), 1.0)
    assert torch.allclose(by_rows.norm(dim=1, keepdim=True), rows, atol=1e-5)
    by_columns = changed(weight, LayerChange(change, magnitude=columns), 1.0)
    assert torch.allclose(by_columns.norm(dim=0, keepdim=True), columns, atol=1e-5)
    half = changed(weight, LayerChange(change, magnitude=rows), 0.5)
    assert torch.allclose(half, (weight + by_rows) / 2, atol=1e-5)


CLIP = ClipSpec(width=32, layers=2, heads=2)


def tower(**more: object) -> ClipTextEncoder:
    """A tiny tower of CLIP's."""
    made = ClipTextEncoder(CLIP)
    randomise(made)
    return made.requires_grad_(requires_grad=False).eval()


@pytest.mark.parametrize(
    "stem",
    [
        "lora_te_text_model_encoder_layers_1_self_attn_q_proj",
        "lora_te1_text_model_encoder_layers_1_self_attn_q_proj",
        "text_encoder.text_model.encoder.layers.1.self_attn.q_proj",
        "text_encoder.encoder.layers.1.self_attn.q_proj",
    ],
)
def test_a_text_encoder_is_changed_by_every_name(stem: str, tmp_path: Path) -> None:
    text = tower()
    lora = written(tmp_path, {f"{stem}.lora_up.weight": UP, f"{stem}.lora_down.weight": DOWN})
    key = "transformer.text_model.encoder.layers.1.self_attn.q_proj.weight"
    new = with_lora(text, lora, layers_of_text(text), 1.0)
    assert torch.allclose(new.state_dict()[key] - text.state_dict()[key], PRODUCT, atol=1e-6)


@pytest.mark.parametrize(("stem", "number"), [("lora_te1_", 0), ("lora_te2_", 1)])
def test_each_of_two_text_encoders_has_names_of_its_own(stem: str, number: int, tmp_path: Path) -> None:
    pair = ClipPair(tower(), tower())
    name = f"{stem}text_model_encoder_layers_0_mlp_fc1"
    up = torch.randn(128, 2, generator=torch.Generator().manual_seed(0))
    lora = written(tmp_path, {f"{name}.lora_up.weight": up, f"{name}.lora_down.weight": DOWN})
    new, old = with_lora(pair, lora, layers_of_text(pair), 1.0).state_dict(), pair.state_dict()
    differing = [key for key in old if not torch.equal(new[key], old[key])]
    assert differing == [f"embedders.{number}.transformer.text_model.encoder.layers.0.mlp.fc1.weight"]


def test_a_lora_of_another_model_names_what_the_model_does_not_have(tmp_path: Path) -> None:
    stem = "lora_unet_down_blocks_7_attentions_0_proj_in"
    lora = written(tmp_path, {f"{stem}.lora_up.weight": UP, f"{stem}.lora_down.weight": DOWN})
    with pytest.raises(CheckpointError, match=f"it changes {stem}, which this diffusion model does not have"):
        put_in(lora)


def test_what_changes_a_text_encoder_may_be_left_out_but_not_silently(tmp_path: Path) -> None:
    stem = "lora_te_text_model_encoder_layers_0_mlp_fc1"
    lora = written(tmp_path, {f"{stem}.lora_up.weight": UP, f"{stem}.lora_down.weight": DOWN})
    layers = layers_of_unet(tiny_model().unet)
    check_all_known(lora, layers, text_too=False)
    with pytest.raises(CheckpointError, match="this text encoder does not have"):
        check_all_known(lora, layers, text_too=True)


def test_a_layer_of_another_size_says_so(tmp_path: Path) -> None:
    stem = f"unet.{THEIRS}"
    lora = written(tmp_path, {f"{stem}.lora_B.weight": torch.zeros(64, 2), f"{stem}.lora_A.weight": DOWN})
    with pytest.raises(CheckpointError, match=r"a weight of shape \(64, 32\), but here it has \(32, 32\)"):
        put_in(lora)


def test_a_file_without_a_factor_says_which(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="without its part 'down'"):
        written(tmp_path, {f"unet.{THEIRS}.lora_B.weight": UP})


def test_a_whole_model_is_no_lora(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"lora.safetensors is no LoRA .*: model.diffusion_model.x.weight"
    ):
        written(tmp_path, {"model.diffusion_model.x.weight": UP})


def test_a_whole_weight_may_be_added() -> None:
    weight = torch.ones(2, 3)
    assert torch.equal(changed(weight, LayerChange(Difference(weight)), 3.0), 4 * weight)
