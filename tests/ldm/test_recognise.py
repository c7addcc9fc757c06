from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ldm.checkpoint import CheckpointError, build, load_model
from ldm.recognise import SD1, recognise


def test_stable_diffusion_1_is_known_by_its_keys_and_shapes() -> None:
    with torch.device("meta"):
        model = build(SD1)
    tensors = {
        **{f"model.diffusion_model.{key}": value for key, value in model.unet.state_dict().items()},
        **{f"cond_stage_model.{key}": value for key, value in model.text.state_dict().items()},
    }

    assert recognise(tensors) is SD1
    tensors["model.diffusion_model.input_blocks.0.0.weight"] = torch.empty(320, 9, 3, 3, device="meta")
    assert recognise(tensors) is None


def test_a_file_of_an_unknown_model_is_refused_with_what_would_do(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"some.weight": torch.zeros(2)}, file)

    with pytest.raises(CheckpointError, match="no model that is known here"):
        load_model(file)
