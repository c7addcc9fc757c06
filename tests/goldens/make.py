"""Make `diffusers.json`: what diffusers computes in float64 with our random tiny weights, an independent reference.

Run by hand, with diffusers installed beside the project (it is not one of its requirements):
    PYTHONPATH=. python tests/goldens/make.py
That diffusers takes all of our weights under the names of `ldm.diffusers_names` is a check of these as well.
"""

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
from torch import Tensor, nn

from ldm.diffusers_names import apart, first_stage_name, unet_name
from ldm.first_stage.autoencoder import first_stage
from ldm.spec import FirstStageSpec, UNetSpec
from ldm.unet.unet import UNet
from tests.goldens.cases import (
    FIRST_STAGES,
    SIZES,
    UNETS,
    first_stage_inputs,
    pooled_input,
    summary,
    unet_inputs,
)
from tests.ldm.tiny import randomise

TIME_IDS = 256


def random_weights(module: nn.Module) -> dict[str, Tensor]:
    """The random weights that the tests use."""
    randomise(module.double())
    return module.state_dict()


def unet(spec: UNetSpec) -> nn.Module:
    """Diffusers' UNet of a spec, with our weights."""
    plain: dict[str, Any] = {
        "in_channels": spec.in_channels,
        "out_channels": spec.out_channels,
        "block_out_channels": [spec.model_channels * mult for mult in spec.channel_mult],
        "layers_per_block": spec.res_blocks,
        "norm_num_groups": 32,
        "num_class_embeds": spec.classes,
        "resnet_time_scale_shift": "scale_shift" if spec.scale_shift_norm else "default",
    }
    attends = [2**level in spec.attention_factors for level in range(len(spec.channel_mult))]
    made = empty_adm(spec, plain, attends) if spec.context_dim is None else empty_ldm(spec, plain, attends)
    theirs: dict[str, Tensor] = {}
    for key, value in random_weights(UNet(spec)).items():
        theirs |= apart(unet_name(key, spec), value, spec.heads_for)
    made.double().load_state_dict(theirs)
    return made


def empty_adm(spec: UNetSpec, plain: dict[str, Any], attends: list[bool]) -> nn.Module:
    """Diffusers' UNet without a context."""
    resize = "resnet" if spec.resize_in_blocks else "conv"
    made: nn.Module = diffusers.UNet2DModel(
        **plain,
        down_block_types=[f"{'Attn' * here}DownBlock2D" for here in attends],
        up_block_types=[f"{'Attn' * here}UpBlock2D" for here in reversed(attends)],
        downsample_type=resize,
        upsample_type=resize,
        attention_head_dim=spec.head_channels,
        attn_norm_num_groups=32,
        norm_eps=1e-5,
    )
    return made


def empty_ldm(spec: UNetSpec, plain: dict[str, Any], attends: list[bool]) -> nn.Module:
    """Diffusers' UNet with a context."""
    told: dict[str, Any] = {}
    if spec.vector_dim is not None:
        told = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": TIME_IDS,
            "projection_class_embeddings_input_dim": spec.vector_dim,
        }
    widths = plain["block_out_channels"]
    made: nn.Module = diffusers.UNet2DConditionModel(
        **plain,
        **told,
        down_block_types=[f"{'CrossAttn' * here}DownBlock2D" for here in attends],
        up_block_types=[f"{'CrossAttn' * here}UpBlock2D" for here in reversed(attends)],
        attention_head_dim=[spec.heads_for(width) for width in widths],  # these are heads, for all their name
        transformer_layers_per_block=[max(spec.depth_at(level), 1) for level in range(len(widths))],
        cross_attention_dim=spec.context_dim,
        use_linear_projection=spec.linear_projection,
        only_cross_attention=[level in spec.crossed for level in range(len(widths))],
    )
    return made


def guessed(spec: UNetSpec) -> Tensor:
    """What diffusers' UNet makes of the inputs."""
    x, times, context, vector = unet_inputs(spec)
    told: dict[str, Any] = {}
    if context is not None:
        told["encoder_hidden_states"] = context
    if spec.vector_dim is not None:
        time_ids = torch.tensor(SIZES).expand(2, -1)
        told["added_cond_kwargs"] = {"text_embeds": pooled_input(), "time_ids": time_ids}
    if spec.classes is not None:
        told["class_labels"] = vector
    sample: Tensor = unet(spec)(x, times, **told).sample
    return sample


def autoencoder(spec: FirstStageSpec) -> Any:
    """Diffusers' first stage of a spec, with our weights."""
    levels = len(spec.channel_mult)
    attends = [spec.resolution // 2**level in spec.attention_resolutions for level in range(levels)]
    plain: dict[str, Any] = {
        "down_block_types": [f"{'Attn' * here}DownEncoderBlock2D" for here in attends],
        "up_block_types": [f"{'Attn' * here}UpDecoderBlock2D" for here in reversed(attends)],
        "block_out_channels": [spec.channels * mult for mult in spec.channel_mult],
        "layers_per_block": spec.res_blocks,
        "latent_channels": spec.z_channels,
        "norm_num_groups": 32,
        "mid_block_add_attention": spec.attention != "none",
    }
    if spec.kind == "kl":
        made = diffusers.AutoencoderKL(**plain)
    else:
        made = diffusers.VQModel(**plain, num_vq_embeddings=spec.codes, vq_embed_dim=spec.embed_dim)
    state = {first_stage_name(k, spec): v for k, v in random_weights(first_stage(spec)).items()}
    linear = {k: v[:, :, 0, 0] if ".attentions." in k and v.ndim == 4 else v for k, v in state.items()}
    made.double().load_state_dict(linear)
    return made


def seen(spec: FirstStageSpec) -> dict[str, list[float]]:
    """What diffusers' first stage makes of a picture, and of the latent."""
    model = autoencoder(spec)
    if spec.kind == "vq":
        latent = model.encode(first_stage_inputs()).latents
        return {"moments": summary(latent), "decoded": summary(model.decode(latent).sample)}
    told = model.encode(first_stage_inputs()).latent_dist
    moments = torch.cat([told.mean, told.logvar], dim=1)
    return {"moments": summary(moments), "decoded": summary(model.decode(told.mean).sample)}


@torch.no_grad()
def main() -> None:
    """Write the file."""
    golden = {
        "diffusers": diffusers.__version__,
        "unets": {name: summary(guessed(spec)) for name, spec in UNETS.items()},
        "first_stages": {name: seen(spec) for name, spec in FIRST_STAGES.items()},
    }
    Path(__file__).with_name("diffusers.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
