"""Files as others write them: published layouts on tiny models, with weights that say which tensor went where."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ldm.checkpoint import (
    LatentDiffusion,
    build,
    load_first_stage,
    load_model,
    load_unet,
    save_model,
)
from ldm.diffusers_names import apart, first_stage_name, unet_name
from ldm.spec import ClassSpec, ClipSpec, ConcatSpec, FirstStageSpec, ModelSpec, RescalerSpec, TextSpec
from ldm.tensor_file import CheckpointError
from ldm.text.clip import ClipPair, ClipTextEncoder
from ldm.text.files import load_text
from tests.ldm.tiny import SPEC, randomise

CLIP = ClipSpec(width=16, layers=2, heads=2)
OPEN_CLIP = ClipSpec(
    width=24, layers=2, heads=2, activation="gelu", pad=0, skipped=1, projection=12, layout="open_clip"
)
STAGE = FirstStageSpec(channels=32, channel_mult=(1, 2), res_blocks=1, resolution=64)
VQ = replace(STAGE, kind="vq", codes=9, attention_resolutions=(32,))
UNET = replace(SPEC.unet, res_blocks=1)
SD1 = ModelSpec(name="sd1", first_stage=STAGE, unet=UNET, clip=CLIP)
SD2 = ModelSpec(
    name="sd2",
    first_stage=STAGE,
    unet=replace(UNET, context_dim=24, linear_projection=True),
    clip=replace(OPEN_CLIP, projection=None),
)
SDXL = ModelSpec(
    name="sdxl",
    first_stage=STAGE,
    unet=replace(UNET, context_dim=40, linear_projection=True, vector_dim=12 + 6 * 256),
    clip=replace(CLIP, skipped=1, normed=False),
    second_clip=replace(OPEN_CLIP, normed=False),
)
REFINER = replace(
    SDXL,
    name="refiner",
    unet=replace(UNET, context_dim=24, linear_projection=True, vector_dim=12 + 5 * 256),
    clip=replace(OPEN_CLIP, normed=False),
    second_clip=None,
)
MODELS = (
    SD1,
    SD2,
    SDXL,
    REFINER,
    replace(SD1, name="inpainting", unet=replace(UNET, in_channels=9),
            concat=ConcatSpec(order=("mask", "masked_image"))),
    replace(SD2, name="depth", unet=replace(SD2.unet, in_channels=5), concat=ConcatSpec(order=("depth",))),
    replace(SD1, name="bert", unet=replace(UNET, context_dim=8), clip=None,
            text=TextSpec(tokens="wordpiece", entries=9, width=8, layers=1, heads=2, head_width=4)),
    replace(SD1, name="classes", first_stage=VQ, unet=replace(UNET, context_dim=12), clip=None,
            classes=ClassSpec(classes=5, width=12)),
    replace(SD1, name="faces", first_stage=VQ, unet=replace(UNET, context_dim=None), clip=None),
    replace(SD1, name="semantic", first_stage=VQ, unet=replace(UNET, context_dim=None, in_channels=6), clip=None,
            rescaler=RescalerSpec(channels=4)),
    replace(SD1, name="churches", clip=None,
            unet=replace(UNET, context_dim=None, resize_in_blocks=True, scale_shift_norm=True)),
)  # fmt: skip


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these were the published models."""
    monkeypatch.setattr("ldm.recognise.MODELS", MODELS)
    monkeypatch.setattr("ldm.recognise.FIRST_STAGES", {"kl": STAGE, "vq": VQ})


def model(spec: ModelSpec) -> LatentDiffusion:
    """A model of random weights that half precision keeps."""
    made = build(spec)
    for number, part in enumerate((made.unet, made.first_stage, made.text)):
        randomise(part, number)
        part.half().float().requires_grad_(requires_grad=False)
    return made


def foreign(
    made: LatentDiffusion, path: Path, more: dict[str, Tensor] | None = None, drop: str = "-"
) -> Path:
    """The model as others write it, without a spec, with what their files have besides."""
    save_model(made, path)
    tensors = {key: value for key, value in load_file(path).items() if not key.startswith(drop)}
    save_file({**tensors, "global_step": torch.zeros(1), **(more or {})}, path)
    return path


def same(ours: torch.nn.Module, theirs: torch.nn.Module) -> bool:
    """Whether two modules have the same weights."""
    state = theirs.state_dict()
    return set(state) == set(ours.state_dict()) and all(
        torch.equal(value, state[key]) for key, value in ours.state_dict().items()
    )


@pytest.mark.parametrize("spec", MODELS, ids=[spec.name for spec in MODELS])
def test_a_published_model_is_read_from_compvis_layout(spec: ModelSpec, tmp_path: Path) -> None:
    made = model(spec)
    loaded = load_model(foreign(made, tmp_path / "published.safetensors"))

    assert loaded.spec == spec
    for part in ("unet", "first_stage", "text"):
        assert same(getattr(loaded, part), getattr(made, part)), part


def test_sd2_and_sdxl_are_written_under_open_clips_names(tmp_path: Path) -> None:
    save_model(model(SD2), tmp_path / "sd2.safetensors")
    save_model(model(SDXL), tmp_path / "sdxl.safetensors")

    sd2, sdxl = (load_file(tmp_path / f"{name}.safetensors") for name in ("sd2", "sdxl"))
    assert sd2["cond_stage_model.model.transformer.resblocks.1.attn.in_proj_weight"].shape == (72, 24)
    assert "conditioner.embedders.0.transformer.text_model.encoder.layers.0.mlp.fc1.weight" in sdxl
    save_model(model(REFINER), tmp_path / "refiner.safetensors")
    assert "conditioner.embedders.0.model.ln_final.weight" in load_file(tmp_path / "refiner.safetensors")
    assert sdxl["conditioner.embedders.1.model.text_projection"].shape == (24, 12)
    assert sdxl["model.diffusion_model.label_emb.0.0.weight"].shape == (128, 12 + 6 * 256)


def test_a_model_with_a_tower_from_a_file_of_its_own_is_saved_and_read_back(tmp_path: Path) -> None:
    made = model(SD2)
    assert SD2.clip is not None
    other = ClipTextEncoder(replace(SD2.clip, layout="clip", pad=7))
    randomise(other)
    other.half().float()

    save_model(replace(made, text=other), tmp_path / "mixed.safetensors")

    loaded = load_model(tmp_path / "mixed.safetensors")
    assert loaded.spec.clip == other.spec
    assert same(loaded.text, other)


def test_averaged_weights_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    made = model(SD1)
    averaged = {
        f"model_ema.diffusion_model{key.replace('.', '')}": value + 1
        for key, value in made.unet.state_dict().items()
    }
    path = foreign(made, tmp_path / "ema.safetensors", averaged)

    assert same(load_model(path).unet, made.unet)
    loaded = load_model(path, averaged=True)
    assert torch.equal(loaded.unet.out[2].bias, made.unet.out[2].bias + 1)  # type: ignore[arg-type,operator]
    assert same(loaded.first_stage, made.first_stage)
    with pytest.raises(CheckpointError, match=r"lacks model_ema\.diffusion_modeltime_embed0weight"):
        load_model(foreign(made, tmp_path / "none.safetensors"), averaged=True)


def test_a_files_own_schedule_and_scale_outweigh_the_table(tmp_path: Path) -> None:
    betas = torch.linspace(0.002**0.5, 0.03**0.5, 1000, dtype=torch.float64) ** 2
    more = {"betas": betas.float(), "scale_factor": torch.tensor(0.7)}
    spec = load_model(foreign(model(SD1), tmp_path / "own.safetensors", more)).spec

    assert (spec.schedule.first, spec.schedule.last) == pytest.approx((0.002, 0.03))
    assert spec.first_stage.scale_factor == pytest.approx(0.7)
    halved = {"betas": (torch.linspace(0.0015**0.5, 0.0195**0.5, 1000) ** 2).half()}
    kept = load_model(foreign(model(SD1), tmp_path / "half.safetensors", halved)).spec
    assert kept.schedule == SD1.schedule


def test_a_file_that_says_it_guesses_v_is_believed(tmp_path: Path) -> None:
    path = foreign(model(SDXL), tmp_path / "v.safetensors", {"v_pred": torch.zeros(1)})

    assert load_model(path).spec.parameterization == "v"


def test_a_file_that_says_it_begins_with_nothing_but_noise_is_believed(tmp_path: Path) -> None:
    said = {"v_pred": torch.zeros(1), "ztsnr": torch.zeros(1)}
    spec = load_model(foreign(model(SDXL), tmp_path / "v.safetensors", said)).spec

    assert (spec.parameterization, spec.schedule.zero_terminal) == ("v", True)


@pytest.mark.parametrize("spread", [0.05, 0.2])
def test_which_of_sd2s_unets_it_is_shows_in_the_spread_of_one_bias(spread: float, tmp_path: Path) -> None:
    key = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias"
    bias = torch.tensor([-spread, spread])

    spec = load_model(foreign(model(SD2), tmp_path / "sd2.safetensors", {key: bias})).spec

    assert spec.parameterization == ("v" if spread > 0.09 else "eps")


def test_a_tower_without_the_name_before_its_tensors_is_read(tmp_path: Path) -> None:
    made = model(SD1)
    path = foreign(made, tmp_path / "short.safetensors")
    renamed = {
        key.replace("transformer.text_model.", "transformer."): value
        for key, value in load_file(path).items()
    }
    save_file(renamed, path)

    assert same(load_model(path).text, made.text)


def test_an_open_clip_tower_may_lack_the_last_layer_that_nothing_is_read_from(tmp_path: Path) -> None:
    made = model(SD2)
    path = foreign(made, tmp_path / "h.safetensors", drop="cond_stage_model.model.transformer.resblocks.1.")

    loaded = load_model(path)

    tokens = made.text.tokenize(["a horse"])
    assert torch.equal(loaded.text.encode(tokens), made.text.encode(tokens))


def test_a_part_that_is_missing_or_foreign_is_named(tmp_path: Path) -> None:
    made = model(SD2)
    with pytest.raises(
        CheckpointError, match=r"lacks cond_stage_model\.model\.ln_final\.weight, shape \(24,\)"
    ):
        load_model(foreign(made, tmp_path / "a.safetensors", drop="cond_stage_model.model.ln_final"))
    with pytest.raises(CheckpointError, match=r"lacks first_stage_model\.encoder\.conv_in\.weight"):
        load_model(foreign(made, tmp_path / "b.safetensors", drop="first_stage_model."))


@pytest.mark.parametrize("spec", MODELS, ids=[spec.name for spec in MODELS])
def test_a_unet_alone_is_read_under_compvis_names_and_diffusers(spec: ModelSpec, tmp_path: Path) -> None:
    made = model(spec).unet
    theirs: dict[str, Tensor] = {}
    for key, value in made.state_dict().items():
        theirs |= apart(unet_name(key, spec.unet), value, spec.unet.heads_for)
    save_file(made.state_dict(), tmp_path / "compvis.safetensors")
    save_file({key: value.contiguous() for key, value in theirs.items()}, tmp_path / "diffusers.safetensors")

    for name in ("compvis", "diffusers"):
        found, unet = load_unet(tmp_path / f"{name}.safetensors")
        assert found == spec
        assert same(unet, made), name


@pytest.mark.parametrize("spec", [STAGE, VQ], ids=["kl", "vq"])
def test_a_first_stage_alone_is_read_under_compvis_names_and_diffusers(
    spec: FirstStageSpec, tmp_path: Path
) -> None:
    made = model(replace(SD1, first_stage=spec)).first_stage
    state = made.state_dict()
    theirs = {
        first_stage_name(key, spec): value[:, :, 0, 0].contiguous()
        if ".attn" in key and value.ndim == 4
        else value
        for key, value in state.items()
    }
    save_file({**state, "loss.logvar": torch.zeros(1)}, tmp_path / "compvis.safetensors")
    save_file(
        {f"first_stage_model.{key}": value for key, value in state.items()}, tmp_path / "part.safetensors"
    )
    save_file(theirs, tmp_path / "diffusers.safetensors")

    for name in ("compvis", "part", "diffusers"):
        loaded = load_first_stage(tmp_path / f"{name}.safetensors", scale_factor=0.13025)
        assert loaded.spec == replace(spec, scale_factor=0.13025)
        assert same(loaded, made), name


def test_text_encoders_are_read_from_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = replace(CLIP, skipped=1, normed=False), replace(OPEN_CLIP, normed=False)
    monkeypatch.setattr("ldm.text.files.CLIP_L", CLIP)
    monkeypatch.setattr("ldm.text.files.SDXL_CLIP_L", first)
    monkeypatch.setattr("ldm.text.files.OPEN_CLIP_BIGG", second)
    small, large = ClipTextEncoder(first), ClipTextEncoder(second)
    for number, tower in enumerate((small, large)):
        randomise(tower, number)
    plain = {key.removeprefix("transformer."): value for key, value in small.state_dict().items()}
    other = {key.removeprefix("transformer."): value for key, value in large.state_dict().items()}
    save_file(plain, tmp_path / "clip_l.safetensors")
    save_file(other, tmp_path / "clip_g.safetensors")
    small_file, large_file = tmp_path / "clip_l.safetensors", tmp_path / "clip_g.safetensors"

    alone, pair = load_text([small_file]), load_text([large_file, small_file])

    assert isinstance(alone, ClipTextEncoder)
    assert alone.spec == CLIP
    assert same(alone, small)
    assert isinstance(pair, ClipPair)
    tokens = pair.tokenize(["a horse"])
    assert torch.equal(pair.encode(tokens), ClipPair(small, large).encode(tokens))
    with pytest.raises(CheckpointError, match=r"16 and 24 wide, but these are \[16, 16\]"):
        load_text([small_file, small_file])
    save_file({"some.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="no text encoder that is known here"):
        load_text([tmp_path / "other.safetensors"])
