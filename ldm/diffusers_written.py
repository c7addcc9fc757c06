"""Specs as diffusers' `config.json` files. What diffusers has no network for is an error that says so."""

from __future__ import annotations

from itertools import compress

from ldm.diffusers_config import GUESSES, SCHEDULES
from ldm.spec import ClipSpec, FirstStageSpec, ScheduleSpec, UNetSpec
from ldm.unet.vector import SIZE_WIDTH

VERSION = "0.30.0"  # of diffusers, whose layout this is


class NotInDiffusers(ValueError):
    """A model that diffusers has no network for."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Diffusers has no {what}.")
        self.hint = "Save the model in CompVis' layout."


def unet_config(spec: UNetSpec) -> dict[str, object]:
    """The config of a UNet.

    Raises:
        NotInDiffusers: diffusers has no such UNet.
    """
    if spec.pooled or (spec.context_dim is not None and spec.resize_in_blocks):
        raise NotInDiffusers("UNet that resizes within blocks and attends to a context, or is told its mean")
    levels = range(len(spec.channel_mult))
    attends = [2**level in spec.attention_factors for level in levels]
    widths = [spec.model_channels * mult for mult in spec.channel_mult]
    plain: dict[str, object] = {
        "_diffusers_version": VERSION,
        "in_channels": spec.in_channels,
        "out_channels": spec.out_channels,
        "block_out_channels": widths,
        "layers_per_block": spec.res_blocks,
        "norm_num_groups": 32,
        "norm_eps": 1e-5,
        "num_class_embeds": spec.classes,
        "resnet_time_scale_shift": "scale_shift" if spec.scale_shift_norm else "default",
    }
    if spec.context_dim is None:
        resize = "resnet" if spec.resize_in_blocks else "conv"
        return plain | {
            "_class_name": "UNet2DModel",
            "down_block_types": ["Attn" * here + "DownBlock2D" for here in attends],
            "up_block_types": ["Attn" * here + "UpBlock2D" for here in reversed(attends)],
            "downsample_type": resize,
            "upsample_type": resize,
            "attention_head_dim": _head_width(spec, {widths[-1], *compress(widths, attends)}),
            "attn_norm_num_groups": 32,
        }
    return plain | {
        "_class_name": "UNet2DConditionModel",
        "down_block_types": ["CrossAttn" * here + "DownBlock2D" for here in attends],
        "up_block_types": ["CrossAttn" * here + "UpBlock2D" for here in reversed(attends)],
        "cross_attention_dim": spec.context_dim,
        "transformer_layers_per_block": [max(spec.depth_at(level), 1) for level in levels],
        "attention_head_dim": [spec.heads_for(width) for width in widths],
        "use_linear_projection": spec.linear_projection,
        "only_cross_attention": [level in spec.crossed for level in levels] if spec.crossed else False,
        "addition_embed_type": None if spec.vector_dim is None else "text_time",
        "addition_time_embed_dim": None if spec.vector_dim is None else SIZE_WIDTH,
        "projection_class_embeddings_input_dim": spec.vector_dim,
    }


def _head_width(spec: UNetSpec, widths: set[int]) -> int | None:
    """How wide the heads of a UNet without a context are; None for a single one at each level."""
    if spec.heads == 1:
        return None
    found = {width // spec.heads_for(width) for width in widths}
    if len(found) > 1:
        raise NotInDiffusers(f"UNet without a context that has {spec.heads} heads at each of several levels")
    return found.pop()


def first_stage_config(spec: FirstStageSpec) -> dict[str, object]:
    """The config of a first stage.

    Raises:
        NotInDiffusers: diffusers has no such first stage.
    """
    if spec.kind == "identity" or spec.attention == "linear":
        raise NotInDiffusers("first stage that is none, or that attends in linear time")
    attends = [
        spec.attention != "none" and spec.resolution >> level in spec.attention_resolutions
        for level in range(len(spec.channel_mult))
    ]
    config: dict[str, object] = {
        "_class_name": "VQModel" if spec.kind == "vq" else "AutoencoderKL",
        "_diffusers_version": VERSION,
        "block_out_channels": [spec.channels * mult for mult in spec.channel_mult],
        "down_block_types": ["Attn" * here + "DownEncoderBlock2D" for here in attends],
        "up_block_types": ["Attn" * here + "UpDecoderBlock2D" for here in reversed(attends)],
        "layers_per_block": spec.res_blocks,
        "latent_channels": spec.z_channels,
        "scaling_factor": spec.scale_factor,
        "mid_block_add_attention": spec.attention != "none",
    }
    if spec.kind == "vq":
        return config | {"num_vq_embeddings": spec.codes, "vq_embed_dim": spec.embed_dim}
    if spec.embed_dim != spec.z_channels:
        raise NotInDiffusers("KL first stage whose latent has other channels than its encoder gives")
    return config


def clip_config(spec: ClipSpec) -> dict[str, object]:
    """The config of a text tower."""
    return {
        "architectures": ["CLIPTextModel" if spec.projection is None else "CLIPTextModelWithProjection"],
        "model_type": "clip_text_model",
        "hidden_size": spec.width,
        "intermediate_size": 4 * spec.width,
        "projection_dim": spec.projection or spec.width,
        "num_hidden_layers": spec.layers,
        "num_attention_heads": spec.heads,
        "vocab_size": spec.vocabulary,
        "max_position_embeddings": spec.length,
        "hidden_act": spec.activation,
        "bos_token_id": spec.vocabulary - 2,
        "eos_token_id": spec.vocabulary - 1,
        "pad_token_id": spec.pad,
        "torch_dtype": "float32",  # transformers would compute in what the file has, and diffusers' UNets would not
    }


def schedule_config(spec: ScheduleSpec, guesses: str) -> dict[str, object]:
    """The config of a schedule, for diffusers' DDIM.

    Raises:
        NotInDiffusers: diffusers has no such schedule.
    """
    kinds: dict[str, str] = {ours: theirs for theirs, ours in SCHEDULES.items()}
    answers: dict[str, str] = {ours: theirs for theirs, ours in GUESSES.items()}
    if spec.kind not in (*kinds, "given") or guesses not in answers:
        raise NotInDiffusers(f"schedule {spec.kind!r} of a model that guesses {guesses!r}")
    return {
        "_class_name": "DDIMScheduler",
        "_diffusers_version": VERSION,
        "num_train_timesteps": spec.steps,
        "beta_start": spec.first,
        "beta_end": spec.last,
        "beta_schedule": kinds.get(spec.kind, "linear"),
        "trained_betas": list(spec.betas) or None,
        "rescale_betas_zero_snr": spec.zero_terminal,
        "prediction_type": answers[guesses],
        "clip_sample": False,
        "set_alpha_to_one": False,
        "steps_offset": 1,
    }
