"""A whole model small enough for tests, with every weight random: fresh models output exactly zero."""

import torch
from torch import nn

from ldm.checkpoint import LatentDiffusion, build
from ldm.spec import FirstStageSpec, ModelSpec, TextSpec, UNetSpec

TAU = TextSpec(words=("red", "circle", "a"), length=16, width=16, layers=1, heads=2, head_width=8)

SPEC = ModelSpec(
    name="tiny",
    first_stage=FirstStageSpec(
        channels=32, channel_mult=(1, 1, 1), res_blocks=1, z_channels=4, embed_dim=4, scale_factor=0.5
    ),
    unet=UNetSpec(
        model_channels=32,
        channel_mult=(1, 2),
        res_blocks=1,
        attention_factors=(1, 2),
        heads=None,
        head_channels=32,
        context_dim=16,
    ),
    text=TAU,
)


def randomise(module: nn.Module, seed: int = 0) -> None:
    """Give every parameter a random value: N(0, 0.05), plus 1 on the scales of norms."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            parameter.copy_(0.05 * torch.randn(parameter.shape, generator=generator))
            if parameter.ndim == 1 and name.endswith("weight"):
                parameter.add_(1.0)


def tiny_model(seed: int = 0) -> LatentDiffusion:
    """The same tiny model for the same seed."""
    model = build(SPEC)
    for number, part in enumerate((model.unet, model.first_stage, model.text)):
        randomise(part, seed + number)
        part.requires_grad_(requires_grad=False).eval()
    return model
