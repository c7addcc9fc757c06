"""Models as diffusers' folders: written, read back, and as they come from elsewhere."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ldm.checkpoint import LatentDiffusion
from ldm.diffusers_folder import folder_spec, load_folder
from ldm.diffusers_saving import save_folder
from ldm.diffusers_written import NotInDiffusers
from ldm.spec import ClipSpec, ConcatSpec, ModelSpec, ScheduleSpec
from ldm.tensor_file import CheckpointError
from tests.ldm.test_published_layouts import CLIP, OPEN_CLIP, model, same
from tests.ldm.test_published_layouts import STAGE as ANY_STAGE
from tests.ldm.test_published_layouts import UNET as ANY_UNET
from tests.ldm.tiny import SPEC

STAGE = replace(ANY_STAGE, resolution=256)
VQ = replace(STAGE, kind="vq", codes=9, attention_resolutions=(128,))
UNET = replace(ANY_UNET, in_channels=3, out_channels=3, attention_factors=(2, 1))
HF_CLIP = replace(OPEN_CLIP, layout="clip")
SD1 = ModelSpec(name="folder", first_stage=STAGE, unet=UNET, clip=CLIP)
INPAINT = replace(SD1, unet=replace(UNET, in_channels=7), concat=ConcatSpec(order=("mask", "masked_image")))
SD2 = replace(
    SD1,
    unet=replace(UNET, context_dim=24, linear_projection=True),
    clip=replace(HF_CLIP, projection=None),
    parameterization="v",
    schedule=ScheduleSpec(first=0.001, last=0.01, zero_terminal=True),
)
SDXL = replace(
    SD1,
    unet=replace(UNET, context_dim=40, linear_projection=True, vector_dim=12 + 6 * 256),
    clip=replace(CLIP, skipped=1, normed=False),
    second_clip=replace(HF_CLIP, normed=False),
)
FACES = replace(SD1, first_stage=VQ, unet=replace(UNET, context_dim=None), clip=None)
CHURCHES = replace(
    FACES,
    first_stage=STAGE,
    unet=replace(UNET, context_dim=None, resize_in_blocks=True, scale_shift_norm=True),
)
MODELS = {"sd1": SD1, "sdxl": SDXL, "faces": FACES, "churches": CHURCHES}


def heard(spec: ModelSpec, text: str = "a horse") -> Callable[[LatentDiffusion], Tensor]:
    """What a model's tau says of a text."""
    return lambda made: made.text.encode(made.text.tokenize([text]))


def edited(folder: Path, file: str, **entries: Any) -> None:
    """Change entries of a config; None takes one out."""
    path = folder / file
    said = {**json.loads(path.read_text()), **entries}
    path.write_text(json.dumps({name: value for name, value in said.items() if value is not None}))


@pytest.mark.parametrize("name", MODELS)
def test_a_folder_that_was_written_is_read_back(name: str, tmp_path: Path) -> None:
    made = model(MODELS[name])
    save_folder(made, tmp_path / "folder")

    loaded = load_folder(tmp_path / "folder")

    assert loaded.spec == folder_spec(tmp_path / "folder")
    assert replace(loaded.spec.unet, heads=None, head_channels=32) == made.spec.unet
    assert replace(loaded.spec, unet=made.spec.unet) == made.spec
    for part in ("unet", "first_stage", "text"):
        assert same(getattr(loaded, part), getattr(made, part)), part
    assert not any(parameter.requires_grad for parameter in loaded.unet.parameters())


def test_a_tower_is_written_as_a_pipeline_listens_to_it(tmp_path: Path) -> None:
    made = model(SD2)
    save_folder(made, tmp_path)

    loaded = load_folder(tmp_path)

    assert json.loads((tmp_path / "text_encoder" / "config.json").read_text())["num_hidden_layers"] == 1
    assert isinstance(SD2.clip, ClipSpec)
    assert loaded.spec.clip == replace(SD2.clip, layers=1, skipped=0)
    assert torch.equal(heard(SD2)(loaded), heard(SD2)(made))
    assert (loaded.spec.parameterization, loaded.spec.schedule) == ("v", SD2.schedule)


def test_what_is_shown_beside_the_latent_is_told_by_the_published_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_folder(model(INPAINT), tmp_path)
    with pytest.raises(CheckpointError, match="in_channels is 7, 4 more than the latent has"):
        load_folder(tmp_path)

    monkeypatch.setattr("ldm.published.MODELS", (SD1, replace(INPAINT, name="known")))

    assert folder_spec(tmp_path).concat == INPAINT.concat
    assert folder_spec(tmp_path).name == "known"


def test_weights_may_lie_in_half_precision_alone_or_in_several_files(tmp_path: Path) -> None:
    made = model(SD1)
    save_folder(made, tmp_path)
    unet = tmp_path / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(unet)
    unet.unlink()
    weight_map = {}
    for number, key in enumerate(tensors):
        weight_map[key] = f"diffusion_pytorch_model.fp16-0000{1 + number % 2}-of-00002.safetensors"
    for name in set(weight_map.values()):
        save_file(
            {key: value for key, value in tensors.items() if weight_map[key] == name},
            tmp_path / "unet" / name,
        )
    index = {"metadata": {"total_size": 1}, "weight_map": weight_map}
    (tmp_path / "unet" / "diffusion_pytorch_model.safetensors.index.fp16.json").write_text(json.dumps(index))
    text = tmp_path / "text_encoder" / "model.safetensors"
    text.rename(text.with_name("model.fp16.safetensors"))

    loaded = load_folder(tmp_path)

    assert same(loaded.unet, made.unet)
    assert same(loaded.text, made.text)


def test_names_that_diffusers_gave_before_are_read(tmp_path: Path) -> None:
    made = model(FACES)
    save_folder(made, tmp_path)
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    for part in ("unet", "vqvae"):
        path = tmp_path / part / "diffusion_pytorch_model.safetensors"
        tensors = load_file(path)
        renamed = {}
        for key, value in tensors.items():
            name = next((key.replace(f".{new}.", f".{old[new]}.") for new in old if f".{new}." in key), key)
            renamed[name] = value
        assert set(renamed) != set(tensors)
        save_file(renamed, path)

    loaded = load_folder(tmp_path)

    assert same(loaded.unet, made.unet)
    assert same(loaded.first_stage, made.first_stage)


def test_weights_are_kept_as_they_are_asked_for(tmp_path: Path) -> None:
    save_folder(model(SD1), tmp_path)

    loaded = load_folder(tmp_path, torch.float16)

    kinds = [next(part.parameters()).dtype for part in (loaded.unet, loaded.first_stage, loaded.text)]
    assert kinds == [torch.float16, torch.float32, torch.float32]


def test_what_is_missing_in_a_folder_is_named(tmp_path: Path) -> None:
    save_folder(model(SD1), tmp_path)
    weights = tmp_path / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(
        CheckpointError, match=r"pickle only.*convert-checkpoint .*diffusion_pytorch_model\.bin"
    ):
        load_folder(tmp_path)
    weights.with_suffix(".bin").unlink()
    with pytest.raises(CheckpointError, match=r"no diffusion_pytorch_model\.safetensors in .*unet"):
        load_folder(tmp_path)
    (tmp_path / "vae" / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"no file .*vae/config\.json"):
        load_folder(tmp_path)
    with pytest.raises(CheckpointError, match=r"no file .*model_index\.json"):
        load_folder(tmp_path / "nowhere")


def test_a_pipeline_of_another_kind_is_refused_by_its_parts(tmp_path: Path) -> None:
    save_folder(model(SD1), tmp_path)
    edited(tmp_path, "model_index.json", text_encoder=["transformers", "T5EncoderModel"])
    with pytest.raises(CheckpointError, match="text_encoder is a T5EncoderModel, but only CLIPTextModel"):
        folder_spec(tmp_path)
    edited(tmp_path, "model_index.json", unet=None, transformer=["diffusers", "SD3Transformer2DModel"])
    with pytest.raises(CheckpointError, match="a unet and a vae are asked for"):
        folder_spec(tmp_path)
    (tmp_path / "model_index.json").write_text("[]")
    with pytest.raises(CheckpointError, match="no JSON object"):
        folder_spec(tmp_path)


def test_a_model_that_no_pipeline_runs_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(NotInDiffusers, match="pipeline that listens to a layout of boxes"):
        save_folder(model(SPEC), tmp_path / "folder")
    assert not (tmp_path / "folder").exists()
