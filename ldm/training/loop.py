"""The one training loop: steps that can be watched, cancelled, saved and resumed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path

import torch

from ldm.training.resume import Training, resume, save

LOSS_SMOOTHING = 0.02
FALLING = 0.2  # the share of the steps, at the end, over which the learning rate falls


def train(
    training: Training,
    one_step: Callable[[int, torch.Generator], float],
    *,
    steps: int,
    seed: int,
    state_file: Path,
    save_every: int = 200,
) -> Generator[int, None, None]:
    """Take training steps until there are `steps`, yielding how many are done.

    Every step draws from a generator seeded with (seed, step), so a resumed training equals an uninterrupted one.
    The state is saved every `save_every` steps and when the loop is left, also by a cancel.

    Args:
        one_step: takes one optimiser step, given its number and its randomness, and returns the loss.

    Raises:
        ResumeError: `state_file` belongs to another training or is damaged.
    """
    resume(training, state_file)
    saved = training.step
    try:
        while training.step < steps:
            generator = torch.Generator().manual_seed(seed * 1_000_003 + training.step)
            loss = one_step(training.step, generator)
            smooth = loss if training.smooth_loss is None else training.smooth_loss
            smooth += LOSS_SMOOTHING * (loss - smooth)
            training.smooth_loss = smooth
            training.step += 1
            if training.step % 50 == 0 or training.step == steps:
                training.losses.append((training.step, smooth))
            if training.step % save_every == 0:
                save(training, state_file)
                saved = training.step
            yield training.step
    finally:
        if training.step != saved:
            save(training, state_file)


def warm_up(
    optimizer: torch.optim.Optimizer, step: int, rate: float, *, over: int, steps: int | None = None
) -> None:
    """Set the learning rate: rising over the first steps; with `steps`, falling linearly over the last fifth.

    A group of parameters may have a `share` of the rate.
    """
    scale = min(1.0, (step + 1) / over)
    if steps is not None:
        scale *= min(1.0, max(0.02, (steps - step) / (FALLING * steps)))
    for group in optimizer.param_groups:
        group["lr"] = rate * scale * group.get("share", 1.0)
