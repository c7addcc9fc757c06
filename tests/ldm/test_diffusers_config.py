"""Diffusers' configs as specs, and back."""

from dataclasses import replace
from typing import Any

import pytest

from ldm.diffusers_config import clip_spec, first_stage_spec, schedule_spec, unet_spec
from ldm.diffusers_written import (
    NotInDiffusers,
    clip_config,
    first_stage_config,
    schedule_config,
    unet_config,
)
from ldm.published import (
    CLIP_L,
    FIRST_STAGES,
    KL_F8,
    MODELS,
    OPEN_CLIP_BIGG,
    PIXELS,
    SD1_UNET,
    SD2_UNET,
    SD_SCHEDULE,
    SDXL_UNET,
    VQ_F4,
)
from ldm.spec import ScheduleSpec, UNetSpec
from ldm.tensor_file import CheckpointError

# What the published folders say of the networks (their files have more that does not change them).
SD1 = {
    "_class_name": "UNet2DConditionModel",
    "act_fn": "silu",
    "attention_head_dim": 8,
    "block_out_channels": [320, 640, 1280, 1280],
    "center_input_sample": False,
    "cross_attention_dim": 768,
    "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    "downsample_padding": 1,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "layers_per_block": 2,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "norm_num_groups": 32,
    "out_channels": 4,
    "sample_size": 64,
}
SD2 = {
    **SD1,
    "attention_head_dim": [5, 10, 20, 20],
    "cross_attention_dim": 1024,
    "use_linear_projection": True,
}
SDXL = {
    **SD2,
    "attention_head_dim": [5, 10, 20],
    "block_out_channels": [320, 640, 1280],
    "cross_attention_dim": 2048,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "transformer_layers_per_block": [1, 2, 10],
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "projection_class_embeddings_input_dim": 2816,
}
KL = {
    "_class_name": "AutoencoderKL",
    "act_fn": "silu",
    "block_out_channels": [128, 256, 512, 512],
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": 4,
    "layers_per_block": 2,
    "norm_num_groups": 32,
    "out_channels": 3,
    "sample_size": 512,
}
SD_SCHEDULER = {"beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085}


@pytest.mark.parametrize(
    ("said", "spec"), [(SD1, SD1_UNET), (SD2, SD2_UNET), (SDXL, SDXL_UNET)], ids=["sd1", "sd2", "sdxl"]
)
def test_the_unet_of_a_published_folder_is_known(said: dict[str, Any], spec: UNetSpec) -> None:
    assert unet_spec(said, "unet") == spec


def test_the_other_parts_of_a_published_folder_are_known() -> None:
    assert first_stage_spec(KL, "vae") == KL_F8
    assert schedule_spec(SD_SCHEDULER, "scheduler") == (SD_SCHEDULE, "eps")
    guesses_v = {**SD_SCHEDULER, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    assert schedule_spec(guesses_v, "scheduler") == (replace(SD_SCHEDULE, zero_terminal=True), "v")
    text = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "projection_dim": 768}
    assert clip_spec(text, "text_encoder", projects=False, pad=49407) == CLIP_L


def met(spec: UNetSpec) -> UNetSpec:
    """The spec with those factors only that a level has, in order."""
    factors = {2**level for level in range(len(spec.channel_mult))} & set(spec.attention_factors)
    return replace(spec, attention_factors=tuple(sorted(factors)))


NAMED = [model for model in MODELS if model.image_vector is None]  # theirs is told through another layer


@pytest.mark.parametrize("model", NAMED, ids=[model.name for model in NAMED])
def test_what_is_written_of_a_unet_is_read_back(model: Any) -> None:
    if model.name in {"LDM churches", "LDM inpainting_big"}:
        with pytest.raises(NotInDiffusers, match="8 heads at each of several levels"):
            unet_config(model.unet)
        return
    read = unet_spec(unet_config(model.unet), "unet")

    # Heads may be told by their number or by their width.
    width = model.unet.model_channels * model.unet.channel_mult[-1]
    assert read.heads_for(width) == model.unet.heads_for(width)
    same = replace(read, heads=model.unet.heads, head_channels=model.unet.head_channels)
    assert met(same) == met(model.unet)


@pytest.mark.parametrize("name", FIRST_STAGES)
def test_what_is_written_of_a_first_stage_is_read_back(name: str) -> None:
    spec = FIRST_STAGES[name]
    assert first_stage_spec(first_stage_config(spec), "vae") == spec


def test_what_is_written_of_towers_and_schedules_is_read_back() -> None:
    for spec, projects in ((CLIP_L, False), (replace(OPEN_CLIP_BIGG, layout="clip"), True)):
        read = clip_spec(clip_config(spec), "text", projects=projects, pad=spec.pad)
        assert replace(read, skipped=spec.skipped, normed=spec.normed) == spec
    for schedule in (SD_SCHEDULE, ScheduleSpec(kind="given", steps=2, betas=(0.1, 0.2))):
        read_back, guesses = schedule_spec(schedule_config(schedule, "v"), "scheduler")
        assert (read_back.kind, read_back.betas, read_back.steps, guesses) == (
            schedule.kind,
            schedule.betas,
            schedule.steps,
            "v",
        )


def test_a_vq_model_that_does_not_say_its_scale_has_none() -> None:
    config = first_stage_config(VQ_F4)
    del config["scaling_factor"]
    assert first_stage_spec(config, "vqvae").scale_factor == 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"only_cross_attention": True}, "only_cross_attention is true, but in the middle it must be false"),
        ({"act_fn": "mish"}, r"unet: act_fn is 'mish', but only 'silu' or 'swish' is known"),
        ({"class_embed_type": "projection"}, "class_embed_type is 'projection'"),
        ({"block_out_channels": [320, 480, 640, 640]}, "all must be multiples of the first"),
        ({"layers_per_block": [2, 2, 2, 1]}, "must be the same at all levels"),
        ({"attention_head_dim": [5, 10, 20, 10]}, "either all levels must have as many heads"),
        ({"down_block_types": ["KDownBlock2D"] * 4}, "down_block_types has 'KDownBlock2D'"),
        ({"in_channels": "four"}, r"unet cannot be read: .*in_channels"),
        ({"_class_name": "UNet3DConditionModel"}, "_class_name is 'UNet3DConditionModel'"),
    ],
)
def test_an_entry_that_makes_another_network_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(CheckpointError, match=words):
        unet_spec({**SD1, **change}, "unet")


def test_other_first_stages_towers_and_schedules_are_refused() -> None:
    with pytest.raises(CheckpointError, match=r"shift_factor is 0\.1"):
        first_stage_spec({**KL, "shift_factor": 0.1}, "vae")
    with pytest.raises(CheckpointError, match="intermediate_size is 5120, but only four times hidden_size"):
        clip_spec({"hidden_size": 768, "intermediate_size": 5120}, "text", projects=False, pad=0)
    with pytest.raises(CheckpointError, match="beta_schedule is 'sigmoid'"):
        schedule_spec({**SD_SCHEDULER, "beta_schedule": "sigmoid"}, "scheduler")


def test_what_diffusers_has_no_network_for_is_not_written() -> None:
    with pytest.raises(NotInDiffusers, match="UNet that resizes within blocks"):
        unet_config(replace(SD1_UNET, resize_in_blocks=True))
    with pytest.raises(NotInDiffusers, match="first stage that is none"):
        first_stage_config(PIXELS)
    with pytest.raises(NotInDiffusers, match="schedule 'log_sigma'"):
        schedule_config(ScheduleSpec(kind="log_sigma"), "eps")
