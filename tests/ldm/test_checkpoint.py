"""Checkpoints: what is written is what is read, and what cannot be read says why."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ldm.checkpoint import (
    load_first_stage,
    load_model,
    save_first_stage,
    save_model,
    spec_in,
)
from ldm.layouts import SPEC_KEY
from ldm.tensor_file import CheckpointError
from tests.ldm.tiny import SPEC, tiny_model


def saved(folder: Path) -> Path:
    """A good checkpoint."""
    path = folder / "tiny.safetensors"
    save_model(tiny_model(), path, {"seed": "0"})
    return path


def rewritten(path: Path, *, drop: str = "", grow: str = "", metadata: dict[str, str] | None = None) -> Path:
    """The checkpoint with one tensor gone or of another shape, or with other metadata."""
    with safe_open(path, "pt") as file:
        header = file.metadata()
    tensors = load_file(path)
    tensors.pop(drop, None)
    if grow:
        tensors[grow] = torch.zeros(3, 3)
    save_file(tensors, path, metadata=header if metadata is None else metadata)
    return path


def test_a_saved_model_is_read_back_with_its_spec_and_its_weights_in_half_precision(tmp_path: Path) -> None:
    model, loaded = tiny_model(), load_model(saved(tmp_path))
    assert loaded.spec == SPEC
    for key, value in model.unet.state_dict().items():
        assert torch.equal(loaded.unet.state_dict()[key], value.half().float()), key
    assert not any(parameter.requires_grad for parameter in loaded.unet.parameters())


def test_a_first_stage_is_read_from_its_own_file_and_out_of_a_whole_checkpoint(tmp_path: Path) -> None:
    alone = tmp_path / "vae.safetensors"
    save_first_stage(tiny_model().first_stage, alone)
    from_own, from_whole = load_first_stage(alone), load_first_stage(saved(tmp_path))
    assert from_own.spec == from_whole.spec == SPEC.first_stage
    whole = from_whole.state_dict()
    assert all(torch.equal(value, whole[key]) for key, value in from_own.state_dict().items())
    assert len(whole) > 50


UNET_KEY = "model.diffusion_model.input_blocks.0.0.weight"


def test_a_missing_tensor_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=rf"lacks {UNET_KEY}, shape \(32, 4, 3, 3\)"):
        load_model(rewritten(saved(tmp_path), drop=UNET_KEY))


def test_a_tensor_of_the_wrong_shape_is_named_with_both_shapes(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=rf"{UNET_KEY} has shape \(3, 3\).*\(32, 4, 3, 3\)"):
        load_model(rewritten(saved(tmp_path), grow=UNET_KEY))


def test_a_foreign_safetensors_file_is_refused_since_it_has_no_spec(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not say what model it holds"):
        load_model(rewritten(saved(tmp_path), metadata={"format": "pt"}))


def test_a_spec_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="spec that cannot be read"):
        load_model(rewritten(saved(tmp_path), metadata={SPEC_KEY: '{"name": 3}'}))


@pytest.mark.parametrize("kept", [0, 4, 100, 5000])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CheckpointError, match="damaged or cut short"):
        load_model(path)


def test_a_pickle_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    torch.save({"state_dict": {}}, path)
    with pytest.raises(CheckpointError, match="no readable safetensors"):
        load_model(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no file"):
        load_model(tmp_path / "absent.safetensors")


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "taken.safetensors"
    target.mkdir()
    with pytest.raises(OSError, match="taken"):
        save_model(tiny_model(), target)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.safetensors"]


def test_what_a_file_holds_is_told_without_reading_its_weights(tmp_path: Path) -> None:
    path = saved(tmp_path)
    alone = tmp_path / "vae.safetensors"
    save_first_stage(tiny_model().first_stage, alone)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))

    assert spec_in(path) == SPEC
    assert spec_in(alone) == SPEC.first_stage


def test_a_saved_file_may_be_read_by_whoever_may_read_other_files(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()

    assert saved(tmp_path).stat().st_mode == other.stat().st_mode
