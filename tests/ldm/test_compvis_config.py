"""CompVis' config files as specs."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from ldm.checkpoint import load_model
from ldm.compvis_config import compvis_spec
from ldm.published import (
    INPAINT_UNET,
    MODELS,
    SD1,
    VQ_F4_NOATTN,
)
from ldm.spec import FirstStageSpec, ModelSpec, UNetSpec
from ldm.tensor_file import CheckpointError
from tests.ldm.test_published_layouts import STAGE, UNET, foreign, model, same

STAGES = "ldm.models.autoencoder"
HEARS = "ldm.modules.encoders.modules"


def published(name: str) -> ModelSpec:
    """A model of the tables."""
    return next(spec for spec in MODELS if spec.name == name)


def unet_config(spec: UNetSpec, **more: Any) -> dict[str, Any]:
    """A UNet as configs have it."""
    heads = {"num_heads": spec.heads} if spec.heads else {"num_head_channels": spec.head_channels}
    listens = {
        "use_spatial_transformer": True,
        "context_dim": spec.context_dim,
        "transformer_depth": spec.depth,
    }
    params = {
        "image_size": 64,
        "in_channels": spec.in_channels,
        "out_channels": spec.out_channels,
        "model_channels": spec.model_channels,
        "attention_resolutions": list(spec.attention_factors),
        "num_res_blocks": spec.res_blocks,
        "channel_mult": list(spec.channel_mult),
        "resblock_updown": spec.resize_in_blocks,
        **heads,
        **(listens if spec.context_dim else {}),
        **more,
    }
    return {"target": "ldm.modules.diffusionmodules.openaimodel.UNetModel", "params": params}


def stage(spec: FirstStageSpec) -> dict[str, Any]:
    """A first stage as configs have it."""
    dd: dict[str, Any] = {
        "double_z": spec.kind == "kl",
        "z_channels": spec.z_channels,
        "resolution": spec.resolution,
        "ch": spec.channels,
        "ch_mult": list(spec.channel_mult),
        "num_res_blocks": spec.res_blocks,
        "attn_resolutions": list(spec.attention_resolutions),
    }
    if spec.attention != "vanilla":
        dd["attn_type"] = spec.attention
    codes = {"n_embed": spec.codes} if spec.codes else {}
    kind = "VQModelInterface" if spec.kind == "vq" else "AutoencoderKL"
    return {"target": f"{STAGES}.{kind}", "params": {"embed_dim": spec.embed_dim, **codes, "ddconfig": dd}}


def config(path: Path, spec: ModelSpec, told: Any, kind: str = "LatentDiffusion", **more: Any) -> Path:
    """A whole config file."""
    params = {
        "linear_start": spec.schedule.first,
        "linear_end": spec.schedule.last,
        "timesteps": 1000,
        "scale_factor": spec.first_stage.scale_factor,
        "unet_config": unet_config(spec.unet),
        "first_stage_config": stage(spec.first_stage),
        "cond_stage_config": told,
        **more,
    }
    path.write_text(yaml.safe_dump({"model": {"target": f"ldm.models.ddpm.{kind}", "params": params}}))
    return path


def same_but_name(one: ModelSpec, other: ModelSpec) -> bool:
    """Whether two specs differ in their name alone."""
    return replace(one, name="") == replace(other, name="")


@pytest.mark.parametrize(
    ("name", "told", "more"),
    [
        ("Stable Diffusion 1", {"target": f"{HEARS}.FrozenCLIPEmbedder"}, {}),
        (
            "LDM text2img-large",
            {"target": f"{HEARS}.BERTEmbedder", "params": {"n_embed": 1280, "n_layer": 32}},
            {},
        ),
        (
            "LDM cin256-v2",
            {"target": f"{HEARS}.ClassEmbedder", "params": {"n_classes": 1001, "embed_dim": 512}},
            {"cond_stage_key": "class_label"},
        ),
        ("LDM inpainting_big", "__is_first_stage__", {"cond_stage_key": "masked_image"}),
        ("LDM bsr_sr", {"target": "torch.nn.Identity"}, {"cond_stage_key": "LR_image"}),
        (
            "LDM semantic_synthesis",
            {
                "target": f"{HEARS}.SpatialRescaler",
                "params": {"n_stages": 2, "in_channels": 182, "out_channels": 3},
            },
            {"cond_stage_key": "segmentation"},
        ),
        (
            "LDM layout2img",
            {
                "target": f"{HEARS}.TransformerEmbedder",
                "params": {"n_embed": 512, "n_layer": 16, "vocab_size": 8192, "max_seq_len": 92},
            },
            {"cond_stage_key": "coordinates_bbox"},
        ),
    ],
)
def test_the_config_of_a_published_model_gives_its_spec(
    name: str, told: Any, more: dict[str, Any], tmp_path: Path
) -> None:
    spec = published(name)

    assert same_but_name(compvis_spec(config(tmp_path / "it.yaml", spec, told, **more)), spec)


def test_a_model_that_is_not_recognised_is_loaded_by_its_config(tmp_path: Path) -> None:
    unet = replace(UNET, in_channels=3, out_channels=3)
    made = model(ModelSpec(name="mine", first_stage=STAGE, unet=unet))
    path = foreign(made, tmp_path / "mine.safetensors")
    with pytest.raises(CheckpointError, match="does not say what model it holds"):
        load_model(path)

    told = compvis_spec(config(tmp_path / "mine.yaml", made.spec, "__is_unconditional__"))
    loaded = load_model(path, spec=told)

    assert loaded.spec.name == "mine"
    assert same(loaded.unet, made.unet)
    assert same(loaded.first_stage, made.first_stage)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unet_config": 3}, r"no model\.params\.unet_config"),
        ({"unet_config": {"params": {"in_channels": "four"}}}, r"unet_config\.params\.in_channels is 'four'"),
        ({"parameterization": "y"}, "parameterization is 'y', but only eps, x0, v"),
        ({"beta_schedule": "sigmoid"}, "beta_schedule is 'sigmoid'"),
        ({"first_stage_config": {"target": "a.B"}}, r"first_stage_config\.target is 'B'"),
        ({"cond_stage_config": {"target": "a.T5"}}, r"cond_stage_config\.target is 'T5', which is not known"),
    ],
)
def test_what_a_config_lacks_or_nobody_knows_is_named(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=words):
        compvis_spec(config(tmp_path / "it.yaml", SD1, "__is_unconditional__", **change))


def test_a_file_that_is_no_config_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "it.yaml"
    with pytest.raises(CheckpointError, match="There is no file"):
        compvis_spec(path)
    for text, words in (("- 1", "no config of CompVis"), ("{", "cannot be read"), ("a: 1", "has no model")):
        path.write_text(text)
        with pytest.raises(CheckpointError, match=words):
            compvis_spec(path)


def test_what_is_shown_must_be_known(tmp_path: Path) -> None:
    spec = replace(SD1, unet=INPAINT_UNET, first_stage=VQ_F4_NOATTN)
    with pytest.raises(CheckpointError, match="7 input channels and the latent 3"):
        compvis_spec(config(tmp_path / "it.yaml", spec, "__is_first_stage__", cond_stage_key="image"))
