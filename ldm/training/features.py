"""Train the feature net that serves as perceptual metric where VGG's weights cannot be shipped."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import torch

from ldm.first_stage.features import FeatureNet
from ldm.shapeland.dataset import Shapeland
from ldm.training.loop import train, warm_up
from ldm.training.resume import Training
from ldm.training.stepping import Stepper

RATE = 2e-3


def train_features(
    net: FeatureNet,
    data: Shapeland,
    *,
    steps: int,
    batch: int,
    seed: int,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Teach the net to name what stands in each cell; yields steps done and fills `losses` with (step, loss)."""
    device = next(net.parameters()).device
    stepper = Stepper(torch.optim.AdamW(net.parameters(), lr=RATE), "fp32", device)
    training = Training(f"features batch={batch} seed={seed}", {"net": net}, {"net": stepper}, losses=losses)

    def one_step(step: int, generator: torch.Generator) -> float:
        scenes, pixels = data.fresh(batch, generator)
        # Blurred and noisy pictures too: the net must judge bad reconstructions.
        pixels = pixels + 0.2 * torch.rand((), generator=generator) * torch.randn(
            pixels.shape, generator=generator
        )
        warm_up(stepper.optimizer, step, RATE, over=50, steps=steps)
        loss = net.loss(pixels.to(device), scenes)
        stepper.over(1, lambda _: loss)
        stepper.step()
        return loss.item()

    yield from train(training, one_step, steps=steps, seed=seed, state_file=state_file)
