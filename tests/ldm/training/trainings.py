"""Tiny trainings of both stages, and how they are interrupted and compared."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import torch

from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import Identity, first_stage
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.spec import FirstStageSpec, ScheduleSpec
from ldm.text.transformer import TextEncoder
from ldm.training.diffusion import DiffusionRecipe, train_diffusion
from ldm.training.first_stage import FirstStageRecipe, train_first_stage
from ldm.training.latents import CaptionedLatents
from tests.ldm.tiny import randomise, tiny_model

STEPS = 6


def diffusion(
    state_file: Path, *, rate: float = 1e-3, **more: Any
) -> tuple[torch.nn.Module, Generator[int, None, None], list[tuple[int, float]]]:
    """A tiny training of the second stage."""
    model = tiny_model()
    for part in (model.unet, model.text):
        part.requires_grad_(requires_grad=True)
    assert isinstance(model.text, TextEncoder)
    latents = torch.randn(10, 4, 4, 4, generator=torch.Generator().manual_seed(5)).half()
    data = CaptionedLatents(latents, lambda index, generator: "a red circle")
    losses: list[tuple[int, float]] = []
    recipe = DiffusionRecipe(steps=STEPS, batch=2, rate=rate, **more)
    schedule = Schedule(ScheduleSpec())
    return (
        model.unet,
        train_diffusion(model.unet, model.text, schedule, data, 1.0, recipe, state_file, losses),
        losses,
    )


def interrupted(training: Generator[int, None, None], after: int) -> None:
    """Take some steps, then leave, as a cancel does."""
    for done in training:
        if done == after:
            break
    training.close()


def equal(ours: torch.nn.Module, theirs: torch.nn.Module) -> None:
    for (name, value), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        assert torch.equal(value, other), name


VQ = FirstStageSpec(
    kind="vq", channels=32, channel_mult=(1, 1, 1), res_blocks=1, z_channels=4, embed_dim=4, codes=16
)


def autoencoder(
    state_file: Path, spec: FirstStageSpec, **more: Any
) -> tuple[torch.nn.Module, Generator[int, None, None], list[tuple[int, float]]]:
    """A tiny training of the first stage, from the same weights each time."""
    torch.manual_seed(0)
    model = first_stage(spec)
    assert not isinstance(model, Identity)
    randomise(model)
    features, data = FeatureNet(), Shapeland(10)
    recipe = FirstStageRecipe(**{"steps": 4, "batch": 1, "adversarial_from": 0.5, **more})
    losses: list[tuple[int, float]] = []
    return (
        model,
        train_first_stage(
            model, features, lambda g: data.pixels(recipe.batch, g), recipe, state_file, losses
        ),
        losses,
    )
