"""Make `adapters.json`: what diffusers and PEFT compute in float64 with our random adapters, an independent reference.

Run by hand, with both installed beside the project (they are none of its requirements):
    PYTHONPATH=. python tests/goldens/make_adapters.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import peft  # type: ignore[import-not-found]
import torch
from diffusers.loaders import StableDiffusionLoraLoaderMixin
from diffusers.models.attention_processor import PAGIdentitySelfAttnProcessor2_0
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from diffusers.utils.torch_utils import fourier_filter
from torch import Tensor, nn

from ldm.adapters.control_file import control_name
from ldm.adapters.t2i_file import adapter_name
from ldm.spec import UNetSpec
from ldm.unet.control import ControlNet
from ldm.unet.t2i_adapter import PictureAdapter
from ldm.unet.union_control import UnionControlNet
from tests.goldens import adapters
from tests.goldens.cases import SIZES, pooled_input, summary, unet_inputs
from tests.goldens.make import random_weights, unet


def under_lora(state: dict[str, Tensor], alphas: dict[str, float] | None = None) -> list[float]:
    """What diffusers' UNet makes of the inputs under a LoRA in its own layout."""
    made: Any = unet(adapters.SPEC)
    made.load_lora_adapter(state, prefix="unet", network_alphas=alphas)
    made.double()
    x, times, context, _ = unet_inputs(adapters.SPEC)
    return summary(made(x, times, encoder_hidden_states=context).sample)


def converted() -> tuple[dict[str, Tensor], dict[str, float]]:
    """Kohya's LoRA in diffusers' layout, by diffusers."""
    state, alphas = StableDiffusionLoraLoaderMixin.lora_state_dict(adapters.kohya())
    return state, alphas


def product(name: str) -> list[float]:
    """What PEFT adds to a weight for one of LyCORIS' changes."""
    convolution = "convolution" in name
    base = nn.Conv2d(6, 8, 3) if convolution else nn.Linear(6, 8)
    parts, rank = adapters.product(name), 2 if name.startswith("loha") else 1
    kind = peft.LoHaConfig if name.startswith("loha") else peft.LoKrConfig
    config = kind(r=rank, alpha=3, target_modules=["0"])
    layer: Any = peft.inject_adapter_in_model(config, nn.Sequential(base).double())[0]
    held = {part: getattr(layer, part) for part in layer.adapter_layer_names}
    for part, tensors in held.items():
        if "default" in tensors:
            del tensors["default"]
        if part in parts:
            tensors["default"] = nn.Parameter(parts[part])
    return summary(layer.get_delta_weight("default"))


def controlled(spec: UNetSpec) -> list[list[float]]:
    """What diffusers' ControlNet of a spec adds to each skip and to the middle, and the UNet's guess with it."""
    base: Any = unet(spec)
    net: Any = diffusers.ControlNetModel.from_unet(base)
    weights = {control_name(key, spec): value for key, value in random_weights(ControlNet(spec)).items()}
    net.double().load_state_dict(weights)
    x, times, context, _ = unet_inputs(spec)
    told: dict[str, Any] = {"encoder_hidden_states": context}
    if spec.vector_dim is not None:
        ids = torch.tensor(SIZES).expand(2, -1)
        told["added_cond_kwargs"] = {"text_embeds": pooled_input(), "time_ids": ids}
    found = net(x, times, controlnet_cond=adapters.hint(), conditioning_scale=0.7, **told)
    guess = base(
        x,
        times,
        **told,
        down_block_additional_residuals=found.down_block_res_samples,
        mid_block_additional_residual=found.mid_block_res_sample,
    ).sample
    residuals = [*found.down_block_res_samples, found.mid_block_res_sample]
    return [summary(one) for one in (*residuals, guess)]


def told() -> list[list[float]]:
    """The residuals of diffusers' ControlNet for many tasks, and what its UNet guesses with them; of one latent.

    In a batch its attention mixes the latents, since it takes them for a row.
    """
    spec = adapters.CONTROLLED["sdxl"]
    base: Any = unet(spec)
    plain = dict(diffusers.ControlNetModel.from_unet(base).config)
    kept = {
        key: plain[key] for key in plain if key in diffusers.ControlNetUnionModel.__init__.__annotations__
    }
    width = spec.model_channels
    kept["conditioning_embedding_out_channels"] = adapters.TOLD_WIDTHS
    net = diffusers.ControlNetUnionModel(
        **kept, num_control_type=6, num_trans_channel=width, num_trans_head=4, num_proj_channel=width
    )
    ours = random_weights(UnionControlNet(spec, hint_widths=adapters.TOLD_WIDTHS, tasks=6))
    net.double().load_state_dict({control_name(key, spec): value for key, value in ours.items()})
    x, times, context, _ = unet_inputs(spec)
    assert context is not None
    given: dict[str, Any] = {
        "encoder_hidden_states": context[:1],
        "added_cond_kwargs": {"text_embeds": pooled_input()[:1], "time_ids": torch.tensor(SIZES)[None]},
    }
    task = torch.zeros(1, 6, dtype=torch.float64)
    task[0, adapters.TASK] = 1
    found = net(
        x[:1],
        times[:1],
        controlnet_cond=[adapters.hint()[:1]],
        control_type=task,
        control_type_idx=[adapters.TASK],
        conditioning_scale=0.7,
        **given,
    )
    residuals = [*found.down_block_res_samples, found.mid_block_res_sample]
    guess = base(
        x[:1],
        times[:1],
        **given,
        down_block_additional_residuals=residuals[:-1],
        mid_block_additional_residual=residuals[-1],
    ).sample
    return [summary(one) for one in (*residuals, guess)]


def adapted(name: str) -> list[list[float]]:
    """The features of diffusers' T2I adapter, and what its UNet guesses with them."""
    spec, told = adapters.CONTROLLED[name], adapters.ADAPTERS[name]
    net = diffusers.T2IAdapter(
        in_channels=told.hint_channels,
        channels=list(told.widths),
        num_res_blocks=told.blocks,
        downscale_factor=told.pixels,
        adapter_type="full_adapter_xl" if told.large else "full_adapter",
    )
    ours = random_weights(PictureAdapter(told))
    net.double().load_state_dict({adapter_name(key, told.blocks): value for key, value in ours.items()})
    x, times, context, _ = unet_inputs(spec)
    features = [0.7 * one for one in net(adapters.hint())]
    given: dict[str, Any] = {"encoder_hidden_states": context}
    if spec.vector_dim is not None:
        ids = torch.tensor(SIZES).expand(2, -1)
        given["added_cond_kwargs"] = {"text_embeds": pooled_input(), "time_ids": ids}
    more = [one.clone() for one in features]  # the UNet takes them off its list
    guess = unet(spec)(x, times, **given, down_intrablock_additional_residuals=more).sample
    return [summary(one) for one in (*features, guess)]


def perturbed() -> list[float]:
    """What diffusers' UNet guesses where the middle's tokens look at themselves alone."""
    made: Any = unet(adapters.SPEC)
    made.mid_block.attentions[0].transformer_blocks[0].attn1.set_processor(PAGIdentitySelfAttnProcessor2_0())
    x, times, context, _ = unet_inputs(adapters.SPEC)
    assert context is not None
    twice = made(torch.cat([x, x]), torch.cat([times, times]), torch.cat([context, context])).sample
    return summary(twice[len(x) :])


@torch.no_grad()
def main() -> None:
    """Write the file."""
    golden = {
        "diffusers": diffusers.__version__,
        "peft": peft.__version__,
        "kohya": under_lora(*converted()),
        "lora": under_lora(adapters.diffusers()),
        "dora": under_lora(adapters.dora()),
        "products": {name: product(name) for name in adapters.PRODUCTS},
        "controlled": {name: controlled(spec) for name, spec in adapters.CONTROLLED.items()},
        "told": told(),
        "adapted": {name: adapted(name) for name in adapters.ADAPTERS},
        "perturbed": perturbed(),
        "low_scaled": summary(
            fourier_filter(adapters.random(8, 1, 3, 10, 7).float(), threshold=1, scale=0.3)
        ),
        "rescaled": summary(
            rescale_noise_cfg(adapters.random(9, 2, 4, 6, 6), adapters.random(10, 2, 4, 6, 6), 0.7)
        ),
    }
    Path(__file__).with_name("adapters.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
