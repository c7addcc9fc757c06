"""Tune a decoder alone, its encoder kept as it is: latents, and models trained on them, stay valid meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ldm.first_stage.autoencoder import AutoencoderKL, AutoencoderVQ
from ldm.metrics.nets import Net, looks_apart
from ldm.training.discriminator import PatchDiscriminator, critic_loss, fooling
from ldm.training.ema import MovingAverage
from ldm.training.loop import train, warm_up
from ldm.training.resume import Training, said
from ldm.training.stepping import Stepper


@dataclass(frozen=True, slots=True, kw_only=True)
class DecoderRecipe:
    """The settings of one tuning of a decoder. The discriminator joins after `adversarial_from` of the steps."""

    steps: int
    batch: int
    rate: float = 5e-4
    critic_rate: float = 2e-4
    perceptual_weight: float = 0.1
    adversarial_weight: float = 0.1
    adversarial_from: float = 0.6
    decay: float = 0.99
    seed: int = 0


def tune_decoder(
    model: AutoencoderKL | AutoencoderVQ,
    features: Net,
    batch: Callable[[torch.Generator], Tensor],
    recipe: DecoderRecipe,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Train the decoder of `model` in place, yielding steps done; at the end it holds the averaged weights.

    The objective is the first stage's (LDM, appendix G) without the KL or codebook term, in which it has no part.

    Args:
        features: the net behind the perceptual distance; it is not trained.
        batch: draws pixels (b, 3, h, w) in -1..1 with a generator.
        losses: is filled with (step, mean absolute error).
    """
    device = model.device
    decoder = torch.nn.ModuleDict({"decoder": model.decoder, "post_quant_conv": model.post_quant_conv})
    critic = PatchDiscriminator().to(device)
    decoder.requires_grad_(requires_grad=True)
    features.requires_grad_(requires_grad=False)
    average = MovingAverage(decoder, recipe.decay)
    adam = torch.optim.Adam(decoder.parameters(), lr=recipe.rate, betas=(0.9, 0.99), foreach=True)
    critic_adam = torch.optim.Adam(critic.parameters(), lr=recipe.critic_rate, betas=(0.5, 0.9))
    stepper, critic_stepper = Stepper(adam, "fp32", device), Stepper(critic_adam, "fp32", device)

    def one_step(step: int, generator: torch.Generator) -> float:
        pixels = batch(generator).to(device)
        warm_up(adam, step, recipe.rate, over=100, steps=recipe.steps)
        with torch.no_grad():
            latents = model.encode(pixels)
        rebuilt = model.decode(latents)
        l1 = (pixels - rebuilt).abs().mean()
        loss = l1 + recipe.perceptual_weight * looks_apart(features, pixels, rebuilt).mean()
        adversarial = step >= recipe.adversarial_from * recipe.steps
        if adversarial:
            last_layer = model.decoder.conv_out.weight
            loss = loss + recipe.adversarial_weight * fooling(critic, rebuilt, loss, last_layer)
        stepper.over(1, lambda _: loss)
        stepper.step()
        average.update(decoder)
        if adversarial:
            critic_stepper.over(1, lambda _: critic_loss(critic, pixels, rebuilt.detach(), "fp32"))
            critic_stepper.step()
        return l1.item()

    training = Training(
        f"decoder {said(model.spec)} {said(recipe)}",
        {"decoder": decoder, "critic": critic},
        {"decoder": stepper, "critic": critic_stepper},
        {"decoder": average},
        losses=losses,
    )
    yield from train(training, one_step, steps=recipe.steps, seed=recipe.seed, state_file=state_file)
    average.copy_to(decoder)
    decoder.requires_grad_(requires_grad=False)
