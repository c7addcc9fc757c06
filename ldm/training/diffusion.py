"""Train the diffusion model: tau and epsilon_theta together (LDM eq. 3), with caption dropout and averaged weights."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ldm.data.told import Described
from ldm.diffusion.denoiser import Given
from ldm.diffusion.schedule import Schedule
from ldm.diffusion.told import network_of
from ldm.spec import Parameterization
from ldm.text.tau import Tau
from ldm.training.ema import MovingAverage
from ldm.training.latents import CaptionedLatents
from ldm.training.loop import train, warm_up
from ldm.training.objectives import diffusion_loss
from ldm.training.resume import Training, said
from ldm.training.stepping import Precision, Stepper, computing, scaled_rate
from ldm.training.telling import beside_of, nothing, spoken, told_of
from ldm.training.variational import VLB_WEIGHT, hybrid_loss
from ldm.unet.unet import UNet


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionRecipe:
    """The settings of one training of the second stage.

    `dropout` is the share of captions replaced by nothing. `text_share` is tau's share of the learning rate: at the
    UNet's own, tau soon tells nothing but what lowers the loss most (here the background), louder and louder.
    `vlb_weight` is for UNets that learn a variance. A step sees `accumulation` batches. With `scale_rate` the rate is
    that of a single sample.
    """

    steps: int
    batch: int
    rate: float = 5e-4
    text_share: float = 0.1
    parameterization: Parameterization = "eps"
    dropout: float = 0.1
    decay: float = 0.9995
    seed: int = 0
    vlb_weight: float = VLB_WEIGHT
    accumulation: int = 1
    precision: Precision = "fp32"
    scale_rate: bool = False

    @property
    def step_rate(self) -> float:
        """The learning rate of a step."""
        return scaled_rate(self.rate, self.batch, self.accumulation) if self.scale_rate else self.rate


def train_diffusion(
    unet: UNet,
    text: Tau,
    schedule: Schedule,
    data: CaptionedLatents,
    scale: float,
    recipe: DiffusionRecipe,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Train both nets in place, on the device that they are on, yielding steps done; they end with averaged weights.

    A UNet with twice the latent's channels learns a variance too (L_hybrid).

    Args:
        data: latents that are not scaled yet; `scale` brings them to unit variance.
        losses: is filled with (step, mean squared error of the noise).
    """
    nets = {"unet": unet, "text": text} if any(True for _ in text.parameters()) else {"unet": unet}
    averages = {name: MovingAverage(net, recipe.decay) for name, net in nets.items()}
    unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    parameters = [parameter for net in nets.values() for parameter in net.parameters()]
    stepper = _stepper(unet, text, recipe)
    network, device = network_of(unet), parameters[0].device
    alphas_cumprod = schedule.alphas_cumprod

    def one_batch(generator: torch.Generator) -> Tensor:
        drawn = data.draw(recipe.batch, generator)
        dropped = torch.rand(recipe.batch, generator=generator) < recipe.dropout
        told: list[Described] = [
            nothing(one) if drop else one for drop, one in zip(dropped, drawn.described, strict=True)
        ]
        noise = torch.randn(drawn.latents.shape, generator=generator).to(device)
        times = torch.randint(len(alphas_cumprod), (recipe.batch,), generator=generator).to(device)
        latents = drawn.latents.to(device) * scale
        with computing(recipe.precision, device):
            context, vector = told_of(unet, text, told)
            given = Given(context, vector, beside_of(text, drawn, scale, device))

            def predict(noisy: Tensor, t: Tensor) -> Tensor:
                return network(noisy.contiguous(memory_format=torch.channels_last), t, given)

            known = (predict, latents, noise, times, alphas_cumprod, recipe.parameterization)
            learns_variance = unet.spec.out_channels == 2 * latents.shape[1]
            return hybrid_loss(*known, recipe.vlb_weight) if learns_variance else diffusion_loss(*known)

    def one_step(step: int, generator: torch.Generator) -> float:
        found: list[float] = []

        def loss_of(_: int) -> Tensor:
            loss = one_batch(generator)
            found.append(loss.item())
            return loss

        warm_up(stepper.optimizer, step, recipe.step_rate, over=200, steps=recipe.steps)
        stepper.over(recipe.accumulation, loss_of)
        stepper.step(clipped=parameters)
        for name, net in nets.items():
            averages[name].update(net)
        return sum(found) / len(found)

    beside = f" beside={','.join(data.beside)}" if data.beside else ""
    training = Training(
        f"diffusion {said(unet.spec)} {spoken(text)} {said(schedule.spec)} scale={scale:.5g} {said(recipe)}{beside}",
        nets,
        {"adamw": stepper},
        averages,
        losses=losses,
    )
    yield from train(training, one_step, steps=recipe.steps, seed=recipe.seed, state_file=state_file)
    for name, net in nets.items():
        averages[name].copy_to(net)


def _stepper(unet: UNet, text: Tau, recipe: DiffusionRecipe) -> Stepper:
    groups: list[dict[str, Any]] = [
        {"params": list(unet.parameters())},
        {"params": list(text.parameters()), "share": recipe.text_share},
    ]
    groups = [group for group in groups if group["params"]]
    # foreach, not fused: torch's fused step rounds otherwise after its state was saved and loaded.
    adamw = torch.optim.AdamW(groups, lr=recipe.step_rate, betas=(0.9, 0.99), weight_decay=0.01, foreach=True)
    return Stepper(adamw, recipe.precision, next(unet.parameters()).device)
