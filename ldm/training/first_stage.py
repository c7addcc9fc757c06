"""Train an autoencoder: L1, perceptual distance, patch discriminator, KL or codebook (LDM, section 3.1, appendix G)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor, nn

from ldm.first_stage.autoencoder import AutoencoderKL, AutoencoderVQ
from ldm.first_stage.blocks import sample_gaussian
from ldm.metrics.nets import Net, looks_apart
from ldm.training.codes import CodeUse
from ldm.training.discriminator import PatchDiscriminator, critic_loss, fooling
from ldm.training.ema import MovingAverage
from ldm.training.loop import FALLING, train, warm_up
from ldm.training.objectives import codebook_loss, kl_divergence, reconstruction_nll
from ldm.training.resume import Training, said
from ldm.training.stepping import Precision, Stepper, computing, scaled_rate

Trainable: TypeAlias = AutoencoderKL | AutoencoderVQ


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStageRecipe:
    """The settings of one first-stage training. The discriminator joins after `adversarial_from` of the steps.

    `kl_weight` is for KL; `codebook_weight`, `commitment` and `legacy_commitment` (see `codebook_loss`) are for VQ, and
    so is `restart_every`: after so many steps codes that nobody used are moved, until the rate falls; 0: never.
    A step sees `accumulation` batches. With `scale_rate` the rate is that of a single sample.
    """

    steps: int
    batch: int
    rate: float = 5e-4
    kl_weight: float = 1e-6
    perceptual_weight: float = 0.1
    adversarial_weight: float = 0.5
    adversarial_from: float = 0.6
    decay: float = 0.999
    seed: int = 0
    codebook_weight: float = 1.0
    commitment: float = 0.25
    legacy_commitment: bool = False
    restart_every: int = 0
    accumulation: int = 1
    precision: Precision = "fp32"
    scale_rate: bool = False

    @property
    def step_rate(self) -> float:
        """The learning rate of a step."""
        return scaled_rate(self.rate, self.batch, self.accumulation) if self.scale_rate else self.rate


class _Losses(nn.Module):
    """What belongs to the loss, not to the model: the discriminator, the output variance, which codes are used."""

    def __init__(self, model: Trainable) -> None:
        super().__init__()
        self.discriminator = PatchDiscriminator()
        self.logvar = nn.Parameter(torch.zeros(()))
        self.codes = CodeUse(model.spec.codes) if isinstance(model, AutoencoderVQ) else None


def train_first_stage(
    model: Trainable,
    features: Net,
    batch: Callable[[torch.Generator], Tensor],
    recipe: FirstStageRecipe,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Train `model` in place, on the device that it is on, yielding steps done; it ends with the averaged weights.

    Args:
        features: the net behind the perceptual distance; it is not trained.
        batch: draws pixels (b, 3, h, w) in -1..1 with a generator.
        losses: is filled with (step, mean absolute error).
    """
    device, precision = model.device, recipe.precision
    extra = _Losses(model).to(device)
    critic = extra.discriminator
    average = MovingAverage(model, recipe.decay)
    adam = torch.optim.Adam([*model.parameters(), extra.logvar], lr=recipe.step_rate, betas=(0.9, 0.99))
    critic_adam = torch.optim.Adam(critic.parameters(), lr=recipe.step_rate, betas=(0.5, 0.9))
    stepper, critic_stepper = Stepper(adam, precision, device), Stepper(critic_adam, precision, device)
    adversarial_from = int(recipe.adversarial_from * recipe.steps)
    features.requires_grad_(requires_grad=False)

    def one_step(step: int, generator: torch.Generator) -> float:
        seen: list[tuple[Tensor, Tensor]] = []
        adversarial = step >= adversarial_from

        def loss_of(_: int) -> Tensor:
            pixels = batch(generator).to(device)
            with computing(precision, device):
                rebuilt, penalty = _rebuilt(model, pixels, generator, recipe, extra.codes)
                nll = _error(model, features, pixels, rebuilt, recipe.perceptual_weight, extra.logvar)
                loss = nll + penalty
                if adversarial:
                    last_layer = model.decoder.conv_out.weight
                    loss = loss + recipe.adversarial_weight * fooling(critic, rebuilt, nll, last_layer)
            seen.append((pixels, rebuilt.detach()))
            return loss

        warm_up(adam, step, recipe.step_rate, over=100, steps=recipe.steps)
        stepper.over(recipe.accumulation, loss_of)
        stepper.step()
        average.update(model)
        _restart(model, extra.codes, step, generator, recipe)
        if adversarial:
            critic_stepper.over(
                recipe.accumulation, lambda index: critic_loss(critic, *seen[index], precision)
            )
            critic_stepper.step()
        return sum(float((pixels - rebuilt).abs().mean()) for pixels, rebuilt in seen) / len(seen)

    training = Training(
        f"first stage {said(model.spec)} {said(recipe)}",
        {"model": model, "loss": extra},
        {"generator": stepper, "critic": critic_stepper},
        {"model": average},
        losses=losses,
    )
    yield from train(training, one_step, steps=recipe.steps, seed=recipe.seed, state_file=state_file)
    average.copy_to(model)


def _rebuilt(
    model: Trainable,
    pixels: Tensor,
    generator: torch.Generator,
    recipe: FirstStageRecipe,
    use: CodeUse | None,
) -> tuple[Tensor, Tensor]:
    """The pixels encoded and decoded, and what the latent costs beside: its divergence, or its way to the codes."""
    told = model.moments(pixels).to(pixels)
    if isinstance(model, AutoencoderVQ):
        with computing("fp32", pixels.device):  # what is nearest must not hang on rounding
            numbers = model.quantize.nearest(told)
            codes = model.quantize.vectors(numbers)
        if use is not None:
            use.note(numbers, told)
        cost = codebook_loss(told, codes, recipe.commitment, legacy=recipe.legacy_commitment)
        snapped = told + (codes - told).detach()  # gradients pass straight through
        return model.decoder(model.post_quant_conv(snapped)), recipe.codebook_weight * cost
    noise = torch.randn(told.shape, generator=generator).chunk(2, dim=1)[0].to(told.device)
    z = sample_gaussian(told, noise)
    return model.decoder(model.post_quant_conv(z)), recipe.kl_weight * kl_divergence(told)


def _restart(
    model: Trainable, use: CodeUse | None, step: int, generator: torch.Generator, recipe: FirstStageRecipe
) -> None:
    every = recipe.restart_every
    settling = step >= (1 - FALLING) * recipe.steps
    if (
        isinstance(model, AutoencoderVQ)
        and use is not None
        and every
        and (step + 1) % every == 0
        and not settling
    ):
        use.restart(model.quantize, generator)


def _error(
    model: Trainable, features: Net, pixels: Tensor, rebuilt: Tensor, weight: float, logvar: Tensor
) -> Tensor:
    """L1 with the perceptual distance: as a likelihood with KL, plain with VQ, as the published ones were trained."""
    # In this order: gradients add up in the reverse of it, and saved trainings go on with the same bits.
    l1 = (pixels - rebuilt).abs()
    error = l1 + weight * looks_apart(features, pixels, rebuilt)[:, None, None, None]
    return error.mean() if isinstance(model, AutoencoderVQ) else reconstruction_nll(error, logvar)
