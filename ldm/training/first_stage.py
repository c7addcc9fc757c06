"""Train the KL autoencoder: L1 + perceptual distance + patch discriminator + KL (LDM, section 3.1 and appendix G)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ldm.first_stage.autoencoder import AutoencoderKL
from ldm.first_stage.blocks import sample_gaussian
from ldm.first_stage.features import FeatureNet, perceptual_distance
from ldm.training.discriminator import PatchDiscriminator, fooling, judge
from ldm.training.ema import MovingAverage
from ldm.training.loop import train, warm_up
from ldm.training.objectives import kl_divergence, reconstruction_nll
from ldm.training.resume import Training


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStageRecipe:
    """The settings of one first-stage training. The discriminator joins after `adversarial_from` of the steps."""

    steps: int
    batch: int
    rate: float = 5e-4
    kl_weight: float = 1e-6
    perceptual_weight: float = 0.1
    adversarial_weight: float = 0.5
    adversarial_from: float = 0.6
    decay: float = 0.999
    seed: int = 0


class _Losses(nn.Module):
    """The parameters that belong to the loss, not to the model: the discriminator and the output variance."""

    def __init__(self) -> None:
        super().__init__()
        self.discriminator = PatchDiscriminator()
        self.logvar = nn.Parameter(torch.zeros(()))


def train_first_stage(
    model: AutoencoderKL,
    features: FeatureNet,
    batch: Callable[[torch.Generator], Tensor],
    recipe: FirstStageRecipe,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Train `model` in place, yielding steps done; at the end it holds the averaged weights.

    Args:
        features: the net behind the perceptual distance; it is not trained.
        batch: draws pixels (b, 3, h, w) in -1..1 with a generator.
        losses: is filled with (step, mean absolute error).
    """
    extra = _Losses()
    average = MovingAverage(model, recipe.decay)
    generator_optimizer = torch.optim.Adam(
        [*model.parameters(), extra.logvar], lr=recipe.rate, betas=(0.9, 0.99)
    )
    critic_optimizer = torch.optim.Adam(extra.discriminator.parameters(), lr=recipe.rate, betas=(0.5, 0.9))
    adversarial_from = int(recipe.adversarial_from * recipe.steps)
    features.requires_grad_(requires_grad=False)

    def one_step(step: int, generator: torch.Generator) -> float:
        pixels = batch(generator)
        warm_up(generator_optimizer, step, recipe.rate, over=100, steps=recipe.steps)
        moments = model.moments(pixels)
        noise = torch.randn(moments.shape, generator=generator).chunk(2, dim=1)[0]
        rebuilt = model.decoder(model.post_quant_conv(sample_gaussian(moments, noise)))
        l1 = (pixels - rebuilt).abs()
        perceptual = perceptual_distance(features, pixels, rebuilt)[:, None, None, None]
        nll = reconstruction_nll(l1 + recipe.perceptual_weight * perceptual, extra.logvar)
        loss = nll + recipe.kl_weight * kl_divergence(moments)
        adversarial = step >= adversarial_from
        if adversarial:
            last_layer = model.decoder.conv_out.weight
            loss = loss + recipe.adversarial_weight * fooling(extra.discriminator, rebuilt, nll, last_layer)
        generator_optimizer.zero_grad()
        loss.backward()
        generator_optimizer.step()
        average.update(model)
        if adversarial:
            judge(extra.discriminator, critic_optimizer, pixels, rebuilt)
        return float(l1.mean().item())

    training = Training(
        f"first stage {model.spec} {recipe}",
        {"model": model, "loss": extra},
        {"generator": generator_optimizer, "critic": critic_optimizer},
        {"model": average},
        losses=losses,
    )
    yield from train(training, one_step, steps=recipe.steps, seed=recipe.seed, state_file=state_file)
    average.copy_to(model)
