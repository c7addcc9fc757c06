"""Diffusers' `config.json` files as specs. Defaults are diffusers' own.

An entry that would make another network than ours is an error that names it; what does not change the network is not
looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from ldm.spec import ClipSpec, FirstStageSpec, Parameterization, ScheduleSpec, UNetSpec
from ldm.tensor_file import CheckpointError
from ldm.unet.vector import SIZE_WIDTH

Said: TypeAlias = Mapping[str, Any]
"""A config file."""

C = TypeVar("C", bound=msgspec.Struct)

_SILU = ("silu", "swish")
_UNET_MUST: Mapping[str, tuple[object, ...]] = {
    "mid_block_type": ("UNetMidBlock2DCrossAttn", "UNetMidBlock2D"),
    "center_input_sample": (False,),
    "flip_sin_to_cos": (True,),
    "freq_shift": (0,),
    "mid_block_only_cross_attention": (None, False),
    "downsample_padding": (1,),
    "mid_block_scale_factor": (1,),
    "act_fn": _SILU,
    "norm_num_groups": (32,),
    "attn_norm_num_groups": (None, 32),
    "norm_eps": (1e-5,),
    "add_attention": (True,),
    "encoder_hid_dim_type": (None,),
    "dual_cross_attention": (False,),
    "class_embed_type": (None,),
    "addition_embed_type": (None, "text_time"),
    "addition_time_embed_dim": (None, SIZE_WIDTH),
    "resnet_skip_time_act": (False,),
    "resnet_out_scale_factor": (1.0,),
    "time_embedding_type": ("positional",),
    "time_embedding_dim": (None,),
    "time_embedding_act_fn": (None,),
    "timestep_post_act": (None,),
    "time_cond_proj_dim": (None,),
    "conv_in_kernel": (3,),
    "conv_out_kernel": (3,),
    "attention_type": ("default",),
    "class_embeddings_concat": (False,),
    "cross_attention_norm": (None,),
    "reverse_transformer_layers_per_block": (None,),
}
_STAGE_MUST: Mapping[str, tuple[object, ...]] = {
    "_class_name": ("AutoencoderKL", "VQModel"),
    "in_channels": (3,),
    "out_channels": (3,),
    "act_fn": _SILU,
    "norm_num_groups": (32,),
    "norm_type": ("group",),
    "shift_factor": (None, 0.0),
    "latents_mean": (None,),
    "latents_std": (None,),
    "use_quant_conv": (True,),
    "use_post_quant_conv": (True,),
    "lookup_from_codebook": (False,),
}
_LEVELS = {
    "DownBlock2D": False,
    "ResnetDownsampleBlock2D": False,
    "AttnDownBlock2D": True,
    "CrossAttnDownBlock2D": True,
}
_STAGE_LEVELS = {"DownEncoderBlock2D": False, "AttnDownEncoderBlock2D": True}
SCHEDULES: Mapping[str, Literal["sqrt_linear", "linear", "cosine"]] = {
    "scaled_linear": "sqrt_linear",
    "linear": "linear",
    "squaredcos_cap_v2": "cosine",
}
GUESSES: Mapping[str, Parameterization] = {"epsilon": "eps", "v_prediction": "v", "sample": "x0"}

# ---- UNets


class _UNet(msgspec.Struct):
    kind: str = msgspec.field(name="_class_name", default="UNet2DConditionModel")
    in_channels: int = 4
    out_channels: int = 4
    block_out_channels: tuple[int, ...] = (320, 640, 1280, 1280)
    down_block_types: tuple[str, ...] = (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D")
    layers_per_block: int | tuple[int, ...] = 2
    cross_attention_dim: int | tuple[int, ...] | None = 1280
    transformer_layers_per_block: int | tuple[int, ...] = 1
    attention_head_dim: int | tuple[int, ...] | None = 8
    num_attention_heads: int | tuple[int, ...] | None = None
    use_linear_projection: bool = False
    only_cross_attention: bool | tuple[bool, ...] = False
    num_class_embeds: int | None = None
    projection_class_embeddings_input_dim: int | None = None
    resnet_time_scale_shift: str = "default"
    downsample_type: str = "conv"


def unet_spec(said: Said, where: str) -> UNetSpec:
    """The UNet of a config; `where` is told with what does not fit.

    Raises:
        CheckpointError: it is of another kind of network.
    """
    _check(said, _UNET_MUST, where)
    _check(said, {"_class_name": ("UNet2DConditionModel", "UNet2DModel")}, where)
    config = _read(said, _UNet, where)
    listens = config.kind == "UNet2DConditionModel"
    widths = config.block_out_channels
    attends = _by_level(config.down_block_types, _LEVELS, where)
    depths = _each(config.transformer_layers_per_block, len(widths))
    heads, head_channels = _heads(config, widths, where) if listens else _heads_alone(config)
    return UNetSpec(
        in_channels=config.in_channels,
        out_channels=config.out_channels,
        model_channels=widths[0],
        channel_mult=_multiples(widths, where),
        res_blocks=_only(_each(config.layers_per_block, len(widths)), "layers_per_block", where),
        attention_factors=tuple(2**level for level, here in reversed(list(enumerate(attends))) if here),
        heads=heads,
        head_channels=head_channels,
        context_dim=_context(config.cross_attention_dim, where) if listens else None,
        depth=depths[0]
        if len(set(depths)) == 1
        else tuple(depth if here else 0 for depth, here in zip(depths, attends, strict=True)),
        linear_projection=listens and config.use_linear_projection,
        crossed=_crossed(config.only_cross_attention, attends, where),
        resize_in_blocks=config.downsample_type == "resnet",
        scale_shift_norm=config.resnet_time_scale_shift == "scale_shift",
        classes=config.num_class_embeds,
        vector_dim=config.projection_class_embeddings_input_dim,
    )


def _crossed(only: bool | tuple[bool, ...], attends: list[bool], where: str) -> tuple[int, ...]:
    """The levels at which nothing attends to itself."""
    if only is True:
        raise CheckpointError(f"{where}: only_cross_attention is true, but in the middle it must be false.")
    levels = zip(only or (), attends, strict=False)
    return tuple(level for level, (crossed, here) in enumerate(levels) if crossed and here)


def _heads(config: _UNet, widths: tuple[int, ...], where: str) -> tuple[int | None, int | None]:
    """What diffusers calls the width of a head is, in such a UNet, how many there are."""
    given = config.num_attention_heads or config.attention_head_dim or 8
    heads = _each(given, len(widths))
    if len(set(heads)) == 1:
        return heads[0], None
    channels = {width // count for width, count in zip(widths, heads, strict=True)}
    if len(channels) > 1:
        raise CheckpointError(
            f"{where}: attention_head_dim is {given}, but either all levels must have as many heads, "
            "or all heads be as wide."
        )
    return None, channels.pop()


def _heads_alone(config: _UNet) -> tuple[int | None, int | None]:
    width = config.attention_head_dim
    return (None, width) if isinstance(width, int) else (1, None)


def _context(width: int | tuple[int, ...] | None, where: str) -> int | None:
    return width if width is None or isinstance(width, int) else _only(width, "cross_attention_dim", where)


# ---- first stages


class _FirstStage(msgspec.Struct):
    kind: str = msgspec.field(name="_class_name", default="AutoencoderKL")
    block_out_channels: tuple[int, ...] = (64,)
    down_block_types: tuple[str, ...] = ("DownEncoderBlock2D",)
    layers_per_block: int = 1
    latent_channels: int | None = None
    scaling_factor: float | None = None
    mid_block_add_attention: bool = True
    num_vq_embeddings: int = 256
    vq_embed_dim: int | None = None


def first_stage_spec(said: Said, where: str) -> FirstStageSpec:
    """The first stage of a config.

    A VQ model that does not say its scale has none: diffusers' default is that of Stable Diffusion, which no published
    one has.

    Raises:
        CheckpointError: it is of another kind of network.
    """
    _check(said, _STAGE_MUST, where)
    config = _read(said, _FirstStage, where)
    quantised = config.kind == "VQModel"
    channels = config.latent_channels or (3 if quantised else 4)
    attends = _by_level(config.down_block_types, _STAGE_LEVELS, where)
    spec = FirstStageSpec(
        kind="vq" if quantised else "kl",
        channels=config.block_out_channels[0],
        channel_mult=_multiples(config.block_out_channels, where),
        res_blocks=config.layers_per_block,
        z_channels=channels,
        embed_dim=config.vq_embed_dim or channels,
        attention="vanilla" if config.mid_block_add_attention else "none",
        codes=config.num_vq_embeddings if quantised else 0,
        scale_factor=config.scaling_factor or (1.0 if quantised else 0.18215),
    )
    within = tuple(spec.resolution >> level for level, here in enumerate(attends) if here)
    return replace(spec, attention_resolutions=within)


# ---- text encoders


class _Clip(msgspec.Struct):
    hidden_size: int = 512
    intermediate_size: int = 2048
    projection_dim: int = 512
    num_hidden_layers: int = 12
    num_attention_heads: int = 8
    vocab_size: int = 49408
    max_position_embeddings: int = 77
    hidden_act: Literal["quick_gelu", "gelu"] = "quick_gelu"


def clip_spec(said: Said, where: str, *, projects: bool, pad: int) -> ClipSpec:
    """The text tower of a config of transformers'.

    Args:
        said: The config.
        where: Is told with what does not fit.
        projects: Whether the pooled meaning is told as well.
        pad: What its tokenizer fills rows with.

    Raises:
        CheckpointError: it is of another kind of network.
    """
    config = _read(said, _Clip, where)
    if config.intermediate_size != 4 * config.hidden_size:
        raise CheckpointError(
            f"{where}: intermediate_size is {config.intermediate_size}, but only four times hidden_size, "
            f"{4 * config.hidden_size}, is known here."
        )
    return ClipSpec(
        width=config.hidden_size,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        vocabulary=config.vocab_size,
        length=config.max_position_embeddings,
        activation=config.hidden_act,
        pad=pad,
        projection=config.projection_dim if projects else None,
    )


# ---- schedulers


class _Scheduler(msgspec.Struct):
    num_train_timesteps: int = 1000
    beta_start: float = 0.0001
    beta_end: float = 0.02
    beta_schedule: str = "linear"
    trained_betas: tuple[float, ...] | None = None
    rescale_betas_zero_snr: bool = False
    prediction_type: str = "epsilon"


def schedule_spec(said: Said, where: str) -> tuple[ScheduleSpec, Parameterization]:
    """The schedule of a config, and what its model guesses.

    Raises:
        CheckpointError: it is not known here.
    """
    config = _read(said, _Scheduler, where)
    _check(said, {"prediction_type": tuple(GUESSES), "beta_schedule": (*SCHEDULES, "trained_betas")}, where)
    spec = ScheduleSpec(
        kind="given" if config.trained_betas else SCHEDULES[config.beta_schedule],
        first=config.beta_start,
        last=config.beta_end,
        steps=len(config.trained_betas or ()) or config.num_train_timesteps,
        betas=config.trained_betas or (),
        zero_terminal=config.rescale_betas_zero_snr,
    )
    return spec, GUESSES[config.prediction_type]


# ---- reading


def _read(said: Said, kind: type[C], where: str) -> C:
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise CheckpointError(f"{where} cannot be read: {error}.") from error


def _check(said: Said, must: Mapping[str, tuple[object, ...]], where: str) -> None:
    for name, known in must.items():
        if name in said and said[name] not in known:
            only = " or ".join(map(repr, known))
            raise CheckpointError(f"{where}: {name} is {said[name]!r}, but only {only} is known here.")


def _each(value: int | Sequence[int], levels: int) -> tuple[int, ...]:
    return (value,) * levels if isinstance(value, int) else tuple(value)


def _only(values: Sequence[int], name: str, where: str) -> int:
    if len(set(values)) != 1:
        raise CheckpointError(f"{where}: {name} is {list(values)}, but it must be the same at all levels.")
    return values[0]


def _multiples(widths: tuple[int, ...], where: str) -> tuple[int, ...]:
    if any(width % widths[0] for width in widths):
        raise CheckpointError(
            f"{where}: block_out_channels is {list(widths)}, but all must be multiples of the first."
        )
    return tuple(width // widths[0] for width in widths)


def _by_level(kinds: tuple[str, ...], known: Mapping[str, bool], where: str) -> list[bool]:
    for kind in kinds:
        if kind not in known:
            raise CheckpointError(
                f"{where}: down_block_types has {kind!r}, but only {', '.join(known)} are known here."
            )
    return [known[kind] for kind in kinds]
