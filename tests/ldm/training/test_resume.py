"""A training that is interrupted and resumed ends with the bits of one that was not."""

from collections.abc import Generator
from pathlib import Path

import pytest
import torch

from ldm.diffusion.schedule import Schedule
from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.spec import ScheduleSpec
from ldm.text.transformer import TextEncoder
from ldm.training.diffusion import DiffusionRecipe, train_diffusion
from ldm.training.first_stage import FirstStageRecipe, train_first_stage
from ldm.training.latents import CaptionedLatents
from ldm.training.objectives import diffusion_loss
from ldm.training.resume import ResumeError
from tests.ldm.tiny import tiny_model

STEPS = 6


def diffusion(
    state_file: Path, *, rate: float = 1e-3
) -> tuple[torch.nn.Module, Generator[int, None, None], list[tuple[int, float]]]:
    """A tiny training of the second stage."""
    model = tiny_model()
    for part in (model.unet, model.text):
        part.requires_grad_(requires_grad=True)
    assert isinstance(model.text, TextEncoder)
    latents = torch.randn(10, 4, 4, 4, generator=torch.Generator().manual_seed(5)).half()
    data = CaptionedLatents(latents, lambda index, generator: "a red circle")
    losses: list[tuple[int, float]] = []
    recipe = DiffusionRecipe(steps=STEPS, batch=2, rate=rate)
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


@pytest.mark.parametrize("after", [1, 3, STEPS])
def test_an_interrupted_diffusion_training_ends_with_the_same_bits(tmp_path: Path, after: int) -> None:
    straight, training, losses = diffusion(tmp_path / "straight.safetensors")
    assert list(training) == list(range(1, STEPS + 1))
    _, training, _ = diffusion(tmp_path / "broken.safetensors")
    interrupted(training, after)
    resumed, training, resumed_losses = diffusion(tmp_path / "broken.safetensors")
    assert list(training) == list(range(after + 1, STEPS + 1))
    for (name, ours), theirs in zip(
        resumed.state_dict().items(), straight.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name
    assert resumed_losses == losses


def test_an_interrupted_first_stage_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    def begin(name: str) -> tuple[torch.nn.Module, Generator[int, None, None]]:
        torch.manual_seed(0)
        model, features = tiny_model().first_stage.requires_grad_(requires_grad=True), FeatureNet()
        assert isinstance(model, AutoencoderKL)
        recipe = FirstStageRecipe(steps=4, batch=1, adversarial_from=0.5)
        data = Shapeland(10)
        return model, train_first_stage(
            model, features, lambda g: data.pixels(1, g), recipe, tmp_path / name, []
        )

    straight, training = begin("straight.safetensors")
    list(training)
    _, training = begin("broken.safetensors")
    interrupted(training, 3)
    resumed, training = begin("broken.safetensors")
    assert list(training) == [4]
    for (name, ours), theirs in zip(
        resumed.state_dict().items(), straight.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs), name


def test_a_state_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    _, training, _ = diffusion(tmp_path / "state.safetensors")
    interrupted(training, 2)
    _, training, _ = diffusion(tmp_path / "state.safetensors", rate=0.5)
    with pytest.raises(ResumeError, match="belongs to another training"):
        next(training)


def test_a_damaged_state_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    _, training, _ = diffusion(path)
    interrupted(training, 2)
    path.write_bytes(path.read_bytes()[:-100])
    _, training, _ = diffusion(path)
    with pytest.raises(ResumeError, match="damaged"):
        next(training)
    assert path.exists()


def test_training_on_one_batch_learns_it(tmp_path: Path) -> None:
    """Overfit a single latent at one noise level: the objective and its gradients must fit together."""
    model = tiny_model()
    model.unet.requires_grad_(requires_grad=True)
    generator = torch.Generator().manual_seed(3)
    latent, noise = (torch.randn(1, 4, 4, 4, generator=generator) for _ in range(2))
    context, times = torch.zeros(1, 8, 16), torch.tensor([300])
    optimizer = torch.optim.Adam(model.unet.parameters(), lr=3e-3)
    losses = []
    for _ in range(60):
        loss = diffusion_loss(
            lambda z, t: model.unet(z, t, context), latent, noise, times, model.schedule.alphas_cumprod
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
