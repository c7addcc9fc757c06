"""Train the diffusion model: tau and epsilon_theta together (LDM eq. 3), with caption dropout and averaged weights."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ldm.diffusion.schedule import Schedule
from ldm.spec import Parameterization
from ldm.text.tokenizer import tokenize
from ldm.text.transformer import TextEncoder
from ldm.training.ema import MovingAverage
from ldm.training.latents import CaptionedLatents
from ldm.training.loop import train, warm_up
from ldm.training.objectives import diffusion_loss
from ldm.training.resume import Training
from ldm.unet.unet import UNet


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffusionRecipe:
    """The settings of one training of the second stage.

    `dropout` is the share of captions replaced by nothing. `text_share` is tau's share of the learning rate: at the
    UNet's own, tau soon tells nothing but what lowers the loss most (here the background), louder and louder.
    """

    steps: int
    batch: int
    rate: float = 5e-4
    text_share: float = 0.1
    parameterization: Parameterization = "eps"
    dropout: float = 0.1
    decay: float = 0.9995
    seed: int = 0


def train_diffusion(
    unet: UNet,
    text: TextEncoder,
    schedule: Schedule,
    data: CaptionedLatents,
    scale: float,
    recipe: DiffusionRecipe,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Train both nets in place, yielding steps done; at the end they hold the averaged weights.

    Args:
        data: latents that are not scaled yet; `scale` brings them to unit variance.
        losses: is filled with (step, mean squared error of the noise).
    """
    averages = {"unet": MovingAverage(unet, recipe.decay), "text": MovingAverage(text, recipe.decay)}
    unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    parameters = [*unet.parameters(), *text.parameters()]
    groups: list[dict[str, Any]] = [
        {"params": list(unet.parameters())},
        {"params": list(text.parameters()), "share": recipe.text_share},
    ]
    # foreach, not fused: torch's fused step rounds otherwise after its state was saved and loaded.
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, betas=(0.9, 0.99), weight_decay=0.01, foreach=True)
    alphas_cumprod = schedule.alphas_cumprod

    def one_step(step: int, generator: torch.Generator) -> float:
        latents, captions = data.draw(recipe.batch, generator)
        dropped = torch.rand(recipe.batch, generator=generator) < recipe.dropout
        captions = ["" if drop else caption for drop, caption in zip(dropped, captions, strict=True)]
        tokens = tokenize(captions, text.spec.words, text.spec.length)
        noise = torch.randn(latents.shape, generator=generator)
        times = torch.randint(len(alphas_cumprod), (recipe.batch,), generator=generator)
        warm_up(optimizer, step, recipe.rate, over=200, steps=recipe.steps)
        context = text.encode(tokens)
        loss = diffusion_loss(
            lambda noisy, t: unet(noisy.contiguous(memory_format=torch.channels_last), t, context),
            latents * scale,
            noise,
            times,
            alphas_cumprod,
            recipe.parameterization,
        )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        averages["unet"].update(unet)
        averages["text"].update(text)
        return loss.item()

    training = Training(
        f"diffusion {unet.spec} {text.spec} {schedule.spec} scale={scale:.5g} {recipe}",
        {"unet": unet, "text": text},
        {"adamw": optimizer},
        averages,
        losses=losses,
    )
    yield from train(training, one_step, steps=recipe.steps, seed=recipe.seed, state_file=state_file)
    averages["unet"].copy_to(unet)
    averages["text"].copy_to(text)
