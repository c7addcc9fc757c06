"""Published models are told by the keys and shapes of their headers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ldm.checkpoint import load_model, spec_in
from ldm.diffusers_names import first_stage_name, unet_name
from ldm.first_stage.autoencoder import first_stage
from ldm.published import FIRST_STAGES, MODELS, SD1
from ldm.recognise import (
    UNET,
    Shapes,
    family_of,
    first_stage_marks,
    nearest,
    recognise,
    recognise_diffusers_first_stage,
    recognise_diffusers_unet,
    recognise_first_stage,
    unet_marks,
)
from ldm.shapeland.caption import WORDS
from ldm.spec import ModelSpec, TextSpec
from ldm.tensor_file import CheckpointError
from ldm.unet.unet import UNet
from tests.ldm.tiny import SPEC


def header(make: Callable[[], torch.nn.Module]) -> Shapes:
    """The keys and shapes of a module that is never filled."""
    with torch.device("meta"):
        return {key: tuple(value.shape) for key, value in make().state_dict().items()}


def named(models: tuple[ModelSpec, ...]) -> list[str]:
    """Their names."""
    return [spec.name for spec in models]


@pytest.mark.parametrize("spec", MODELS, ids=named(MODELS))
def test_a_published_model_is_known_by_its_unet_under_either_names(spec: ModelSpec) -> None:
    shapes = header(lambda: UNet(spec.unet))
    theirs = {unet_name(key, spec.unet): shape for key, shape in shapes.items()}

    assert recognise({UNET + key: shape for key, shape in shapes.items()}) is spec
    assert recognise(shapes, prefix="") is spec
    assert recognise_diffusers_unet(theirs) is spec
    assert set(unet_marks(spec.unet)) & set(shapes)


@pytest.mark.parametrize("name", FIRST_STAGES)
def test_a_published_first_stage_is_known_under_either_names(name: str) -> None:
    spec = FIRST_STAGES[name]
    shapes = header(lambda: first_stage(spec))
    theirs = {
        first_stage_name(key, spec): shape[:2] if ".attn" in key and "norm" not in key else shape
        for key, shape in shapes.items()
    }

    assert recognise_first_stage(shapes) is spec
    assert recognise_diffusers_first_stage(theirs) is spec
    assert set(first_stage_marks(spec)) & set(shapes)


def test_a_model_that_is_almost_known_is_refused_with_the_first_thing_that_differs() -> None:
    shapes = {UNET + key: shape for key, shape in header(lambda: UNet(SD1.unet)).items()}
    shapes[UNET + "input_blocks.0.0.weight"] = (320, 6, 3, 3)

    assert recognise(shapes) is None
    assert nearest(shapes) == (
        "it is most like Stable Diffusion 1, but model.diffusion_model.input_blocks.0.0.weight is "
        "(320, 6, 3, 3), not (320, 4, 3, 3)"
    )


def test_a_file_of_an_unknown_model_is_refused_with_what_would_do(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"some.weight": torch.zeros(2)}, file)

    with pytest.raises(
        CheckpointError, match=r"no model that is known here: it has no tensor below model\.diffusion"
    ):
        load_model(file)


def test_the_family_of_a_model_is_told_by_its_spec() -> None:
    shapeland = replace(SPEC, name="mine", text=TextSpec(words=WORDS[3:9]))

    assert family_of(SD1) == "sd15"
    assert family_of(replace(SD1, name="a fine-tuned one")) == "sd15"
    assert family_of(shapeland) == "shapeland"
    assert family_of(replace(shapeland, text=TextSpec(words=("wobbly",)))) == "mine"
    assert len({family_of(spec) for spec in MODELS}) == len(MODELS)


def test_a_published_file_is_known_by_its_header_alone(tmp_path: Path) -> None:
    file = tmp_path / "sd.safetensors"
    marks = {key: shape for key, shape in unet_marks(SD1.unet).items() if shape}
    save_file({UNET + key: torch.empty(shape, dtype=torch.int8) for key, shape in marks.items()}, file)

    assert spec_in(file) == SD1


def test_a_header_that_says_nothing_known_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"some.weight": torch.zeros(2)}, file)
    (tmp_path / "broken.safetensors").write_bytes(b"no model")

    for name in ("other", "broken", "missing"):
        with pytest.raises(CheckpointError):
            spec_in(tmp_path / f"{name}.safetensors")


def test_how_a_model_is_told_something_follows_from_its_spec() -> None:
    keys = {spec.name: spec.conditioning_key for spec in MODELS}

    assert keys["Stable Diffusion 1"] == keys["LDM cin256-v2"] == "crossattn"
    assert keys["Stable Diffusion 1 inpainting"] == keys["Stable Diffusion 2 depth"] == "hybrid"
    assert keys["LDM inpainting_big"] == keys["LDM bsr_sr"] == keys["LDM semantic_synthesis"] == "concat"
    assert keys["LDM faces or bedrooms"] == keys["LDM churches"] == "none"
