"""The tiny configurations and inputs behind the golden numbers, and what is kept of an output."""

from dataclasses import replace

import torch
from torch import Tensor

from ldm.spec import FirstStageSpec, UNetSpec
from ldm.unet.vector import size_vector

POOLED, SIZES = 10, (64.0, 96.0, 0.0, 8.0, 128.0, 192.0)
_TINY = UNetSpec(
    model_channels=32, channel_mult=(1, 2), res_blocks=1, attention_factors=(1, 2), heads=4, context_dim=24
)
_ADM = replace(_TINY, context_dim=None, heads=None, head_channels=16)

UNETS = {
    "sd1": _TINY,
    "sd1 inpaint, two blocks a level": replace(_TINY, in_channels=9, res_blocks=2),
    "sd2": replace(_TINY, heads=None, head_channels=16, linear_projection=True),
    "sdxl": replace(
        _TINY,
        channel_mult=(1, 2, 2),
        attention_factors=(2, 4),
        heads=None,
        head_channels=16,
        depth=(0, 1, 2),
        linear_projection=True,
        vector_dim=POOLED + 6 * 256,
    ),
    "classes": replace(_TINY, classes=7),
    "sd2 upscaler": replace(_TINY, in_channels=7, linear_projection=True, crossed=(0,), classes=7),
    "adm": _ADM,
    "adm, attention at the bottom, learned variance": replace(_ADM, attention_factors=(2,), out_channels=8),
    "churches": replace(_ADM, resize_in_blocks=True, scale_shift_norm=True),
    "inpainting_big": replace(_ADM, in_channels=7, out_channels=3, resize_in_blocks=True),
}

FIRST_STAGES = {
    "kl": FirstStageSpec(channels=32, channel_mult=(1, 2, 2), res_blocks=2, z_channels=4, embed_dim=4),
    "kl, attention at a level": FirstStageSpec(
        channels=32, channel_mult=(1, 2), res_blocks=1, attention_resolutions=(128,)
    ),
    "vq": FirstStageSpec(kind="vq", codes=50, channels=32, channel_mult=(1, 2), res_blocks=1),
    "vq without attention": FirstStageSpec(
        kind="vq", codes=50, channels=32, channel_mult=(1, 2), res_blocks=1, attention="none"
    ),
}


def unet_inputs(spec: UNetSpec) -> tuple[Tensor, Tensor, Tensor | None, Tensor | None]:
    """Noisy latents, timesteps, context, and the vector or the classes."""
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(2, spec.in_channels, 8, 8, generator=generator, dtype=torch.float64)
    context = torch.randn(2, 7, 24, generator=generator, dtype=torch.float64)
    vector = None
    if spec.vector_dim is not None:
        vector = size_vector(pooled_input(), SIZES)
    if spec.classes is not None:
        vector = torch.tensor([3, 6])
    return x, torch.tensor([17, 801]), context if spec.context_dim else None, vector


def pooled_input() -> Tensor:
    """The pooled text of SDXL."""
    return torch.randn(2, POOLED, generator=torch.Generator().manual_seed(13), dtype=torch.float64)


def first_stage_inputs() -> Tensor:
    """Pictures."""
    return torch.randn(1, 3, 24, 32, generator=torch.Generator().manual_seed(12), dtype=torch.float64)


def summary(values: Tensor) -> list[float]:
    """Size, root mean square, and 40 values spread over the whole."""
    flat = values.flatten()
    spread = flat[torch.linspace(0, len(flat) - 1, 40).long()]
    return [float(len(flat)), float(flat.square().mean().sqrt()), *spread.tolist()]
