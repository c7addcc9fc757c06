"""A training that is interrupted and resumed ends with the bits of one that was not."""

from pathlib import Path
from typing import Any

import pytest
import torch

from ldm.first_stage.autoencoder import AutoencoderVQ
from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.spec import FirstStageSpec, ScheduleSpec
from ldm.training.decoder import DecoderRecipe, tune_decoder
from ldm.training.diffusion import DiffusionRecipe
from ldm.training.first_stage import FirstStageRecipe
from ldm.training.objectives import diffusion_loss
from ldm.training.resume import ResumeError, said
from tests.ldm.tiny import SPEC, randomise, tiny_model
from tests.ldm.training.trainings import STEPS, VQ, autoencoder, diffusion, equal, interrupted


@pytest.mark.parametrize("after", [1, 3, STEPS])
def test_an_interrupted_diffusion_training_ends_with_the_same_bits(tmp_path: Path, after: int) -> None:
    straight, training, losses = diffusion(tmp_path / "straight.safetensors")
    assert list(training) == list(range(1, STEPS + 1))
    _, training, _ = diffusion(tmp_path / "broken.safetensors")
    interrupted(training, after)
    resumed, training, resumed_losses = diffusion(tmp_path / "broken.safetensors")
    assert list(training) == list(range(after + 1, STEPS + 1))
    equal(resumed, straight)
    assert resumed_losses == losses


@pytest.mark.parametrize("more", [{"precision": "bf16"}, {"precision": "fp16"}, {"accumulation": 3}], ids=str)
def test_so_does_one_of_less_precision_or_of_steps_over_several_batches(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    straight, training, _ = diffusion(tmp_path / "straight.safetensors", **more)
    list(training)
    _, training, _ = diffusion(tmp_path / "broken.safetensors", **more)
    interrupted(training, 2)
    resumed, training, _ = diffusion(tmp_path / "broken.safetensors", **more)
    list(training)
    equal(resumed, straight)
    plain, training, _ = diffusion(tmp_path / "plain.safetensors")
    list(training)
    differences = zip(plain.state_dict().values(), straight.state_dict().values(), strict=True)
    assert any(not torch.equal(one, other) for one, other in differences)


@pytest.mark.parametrize(
    ("spec", "more"),
    [(SPEC.first_stage, {}), (VQ, {}), (VQ, {"precision": "bf16", "accumulation": 2})],
    ids=["kl", "vq", "vq in bf16, two batches a step"],
)
def test_an_interrupted_first_stage_training_ends_with_the_same_bits(
    tmp_path: Path, spec: FirstStageSpec, more: dict[str, Any]
) -> None:
    straight, training, _ = autoencoder(tmp_path / "straight.safetensors", spec, **more)
    list(training)
    _, training, _ = autoencoder(tmp_path / "broken.safetensors", spec, **more)
    interrupted(training, 3)
    resumed, training, _ = autoencoder(tmp_path / "broken.safetensors", spec, **more)
    assert list(training) == [4]
    equal(resumed, straight)


def test_a_codebook_learns_with_its_autoencoder(tmp_path: Path) -> None:
    model, training, _ = autoencoder(
        tmp_path / "state.safetensors", VQ, steps=30, rate=5e-3, adversarial_from=1.0, decay=0.5
    )
    assert isinstance(model, AutoencoderVQ)
    codes, pixels = model.quantize.embedding.weight.detach().clone(), Shapeland(1, seed=3).pictures(0, 1)

    def error() -> float:
        with torch.no_grad():
            return float((model.decode(model.encode(pixels)) - pixels).abs().mean())

    before = error()
    list(training)
    assert error() < 0.7 * before
    moved = (model.quantize.embedding.weight.detach() - codes).abs().amax(dim=1)
    assert int((moved > 1e-3).sum()) >= 2


def test_a_decoder_is_tuned_behind_its_codebook_which_stays(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = AutoencoderVQ(VQ)
    randomise(model)
    model.requires_grad_(requires_grad=False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    data, recipe = Shapeland(10), DecoderRecipe(steps=2, batch=1, adversarial_from=0.5)
    list(
        tune_decoder(
            model, FeatureNet(), lambda g: data.pixels(1, g), recipe, tmp_path / "state.safetensors", []
        )
    )
    changed = {
        name.split(".")[0]
        for name, value in model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert changed == {"decoder", "post_quant_conv"}


def test_states_that_lie_on_disks_stay_known() -> None:
    """What a recipe says of itself must not change where it is as it always was, or no old state is taken up."""
    assert said(FirstStageRecipe(steps=1, batch=2)) == (
        "FirstStageRecipe(steps=1, batch=2, rate=0.0005, kl_weight=1e-06, perceptual_weight=0.1, "
        "adversarial_weight=0.5, adversarial_from=0.6, decay=0.999, seed=0)"
    )
    assert said(DiffusionRecipe(steps=1, batch=2)) == (
        "DiffusionRecipe(steps=1, batch=2, rate=0.0005, text_share=0.1, parameterization='eps', dropout=0.1, "
        "decay=0.9995, seed=0)"
    )
    assert said(ScheduleSpec()) == "ScheduleSpec(kind='sqrt_linear', first=0.0015, last=0.0195, steps=1000)"
    assert said(DiffusionRecipe(steps=1, batch=2, accumulation=3)).endswith("seed=0, accumulation=3)")


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
