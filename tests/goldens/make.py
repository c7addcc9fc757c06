"""Make `diffusers.json`: what diffusers computes in float64 with our random tiny weights, an independent reference.

Run by hand, with diffusers installed beside the project (it is not one of its requirements):
    PYTHONPATH=. python tests/goldens/make.py
"""

import json
import re
from pathlib import Path

import diffusers
import torch
from torch import Tensor, nn

from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.unet.unet import UNet
from tests.goldens.cases import FIRST_STAGE, UNET, first_stage_inputs, summary, unet_inputs
from tests.ldm.tiny import randomise

RES = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def unet_names() -> dict[str, str]:
    """CompVis' prefixes and diffusers', for one res block a level and attention on both of two levels."""
    names = {"time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2"}
    names |= {"input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out"}
    blocks = {"middle_block.0": "mid_block.resnets.0", "middle_block.2": "mid_block.resnets.1"}
    names["middle_block.1"] = "mid_block.attentions.0"
    for index, place in ((1, "down_blocks.0"), (3, "down_blocks.1")):
        blocks[f"input_blocks.{index}.0"] = f"{place}.resnets.0"
        names[f"input_blocks.{index}.1"] = f"{place}.attentions.0"
    names["input_blocks.2.0.op"] = "down_blocks.0.downsamplers.0.conv"
    for index in range(4):
        blocks[f"output_blocks.{index}.0"] = f"up_blocks.{index // 2}.resnets.{index % 2}"
        names[f"output_blocks.{index}.1"] = f"up_blocks.{index // 2}.attentions.{index % 2}"
    names["output_blocks.1.2.conv"] = "up_blocks.0.upsamplers.0.conv"
    names |= {f"{ours}.{a}": f"{theirs}.{b}" for ours, theirs in blocks.items() for a, b in RES.items()}
    return names


def renamed(state: dict[str, Tensor], names: dict[str, str]) -> dict[str, Tensor]:
    """A state dict under other prefixes, the longest that fits."""
    out = {}
    for key, value in state.items():
        prefix = max((name for name in names if key.startswith(name + ".")), key=len)
        out[names[prefix] + key[len(prefix) :]] = value
    return out


def first_stage_key(key: str) -> str:
    """CompVis' name of an autoencoder's tensor as diffusers has it."""
    last = len(FIRST_STAGE.channel_mult) - 1
    key = re.sub(r"down\.(\d)\.block\.(\d)", r"down_blocks.\1.resnets.\2", key)
    key = re.sub(r"down\.(\d)\.downsample\.conv", r"down_blocks.\1.downsamplers.0.conv", key)
    key = re.sub(r"up\.(\d)\.block\.(\d)", lambda m: f"up_blocks.{last - int(m[1])}.resnets.{m[2]}", key)
    key = re.sub(
        r"up\.(\d)\.upsample\.conv", lambda m: f"up_blocks.{last - int(m[1])}.upsamplers.0.conv", key
    )
    for ours, theirs in {
        "mid.block_1": "mid_block.resnets.0",
        "mid.block_2": "mid_block.resnets.1",
        "nin_shortcut": "conv_shortcut",
        "norm_out": "conv_norm_out",
        "mid.attn_1.norm": "mid_block.attentions.0.group_norm",
        "mid.attn_1.q.": "mid_block.attentions.0.to_q.",
        "mid.attn_1.k.": "mid_block.attentions.0.to_k.",
        "mid.attn_1.v.": "mid_block.attentions.0.to_v.",
        "mid.attn_1.proj_out": "mid_block.attentions.0.to_out.0",
    }.items():
        key = key.replace(ours, theirs)
    return key


def random_weights(module: nn.Module) -> dict[str, Tensor]:
    """The random weights that the tests use."""
    randomise(module.double())
    return module.state_dict()


@torch.no_grad()
def main() -> None:
    """Write the file."""
    unet = diffusers.UNet2DConditionModel(
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2,
        block_out_channels=(32, 64),
        layers_per_block=1,
        attention_head_dim=4,  # how diffusers spells "4 heads"
        cross_attention_dim=24,
        norm_num_groups=32,
    ).double()
    unet.load_state_dict(renamed(random_weights(UNet(UNET)), unet_names()))
    x, times, context = unet_inputs()
    guessed = unet(x, times, encoder_hidden_states=context).sample

    vae = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=(32, 64, 64),
        layers_per_block=2,
        latent_channels=4,
        norm_num_groups=32,
    ).double()
    state = {first_stage_key(k): v for k, v in random_weights(AutoencoderKL(FIRST_STAGE)).items()}
    linear = {k: v[:, :, 0, 0] if ".attentions." in k and v.ndim == 4 else v for k, v in state.items()}
    vae.load_state_dict(linear)
    moments = vae.encode(first_stage_inputs()).latent_dist
    golden = {
        "diffusers": diffusers.__version__,
        "unet": summary(guessed),
        "mean": summary(moments.mean),
        "logvar": summary(moments.logvar),
        "decoded": summary(vae.decode(moments.mean).sample),
    }
    Path(__file__).with_name("diffusers.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
