from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ldm.checkpoint import CheckpointError, build, load_model, spec_in
from ldm.recognise import KEYS, SD1, family_of, recognise
from ldm.shapeland.caption import WORDS
from ldm.spec import TextSpec
from tests.ldm.tiny import SPEC


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


def test_the_family_of_a_model_is_told_by_its_spec() -> None:
    shapeland = replace(SPEC, name="mine", text=TextSpec(words=WORDS[3:9]))

    assert family_of(SD1) == "sd15"
    assert family_of(replace(SD1, name="a fine-tuned one")) == "sd15"
    assert family_of(shapeland) == "shapeland"
    assert family_of(replace(shapeland, text=TextSpec(words=("wobbly",)))) == "mine"


def test_a_published_file_is_known_by_its_header_alone(tmp_path: Path) -> None:
    file = tmp_path / "sd.safetensors"
    with torch.device("meta"):
        model = build(SD1)
    whole = {
        **{f"model.diffusion_model.{key}": value for key, value in model.unet.state_dict().items()},
        **{f"cond_stage_model.{key}": value for key, value in model.text.state_dict().items()},
    }
    save_file({key: torch.empty(whole[key].shape, dtype=torch.int8) for key in KEYS}, file)

    assert spec_in(file) == SD1


def test_a_header_that_says_nothing_known_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"some.weight": torch.zeros(2)}, file)
    (tmp_path / "broken.safetensors").write_bytes(b"no model")

    for name in ("other", "broken", "missing"):
        with pytest.raises(CheckpointError):
            spec_in(tmp_path / f"{name}.safetensors")
