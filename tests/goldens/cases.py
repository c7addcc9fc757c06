"""The tiny configurations and inputs behind the golden numbers, and what is kept of an output."""

import torch
from torch import Tensor

from ldm.spec import FirstStageSpec, UNetSpec

UNET = UNetSpec(
    model_channels=32, channel_mult=(1, 2), res_blocks=1, attention_factors=(1, 2), heads=4, context_dim=24
)
FIRST_STAGE = FirstStageSpec(channels=32, channel_mult=(1, 2, 2), res_blocks=2, z_channels=4, embed_dim=4)


def unet_inputs() -> tuple[Tensor, Tensor, Tensor]:
    """Noisy latents, timesteps and context."""
    generator = torch.Generator().manual_seed(11)
    x = torch.randn(2, 4, 8, 8, generator=generator, dtype=torch.float64)
    context = torch.randn(2, 7, 24, generator=generator, dtype=torch.float64)
    return x, torch.tensor([17, 801]), context


def first_stage_inputs() -> Tensor:
    """Pictures."""
    return torch.randn(1, 3, 24, 32, generator=torch.Generator().manual_seed(12), dtype=torch.float64)


def summary(values: Tensor) -> list[float]:
    """Size, root mean square, and 40 values spread over the whole."""
    flat = values.flatten()
    spread = flat[torch.linspace(0, len(flat) - 1, 40).long()]
    return [float(len(flat)), float(flat.square().mean().sqrt()), *spread.tolist()]
