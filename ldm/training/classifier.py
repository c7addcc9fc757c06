"""Train a classifier of noisy latents, to guide by it (Dhariwal & Nichol 2021, section 4; LDM, appendix D.4)."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional as F

from ldm.data.told import Classes, Described, Telling
from ldm.diffusion.schedule import Schedule
from ldm.training.latents import CaptionedLatents
from ldm.training.loop import train, warm_up
from ldm.training.objectives import at, noised
from ldm.training.resume import Training, said
from ldm.training.stepping import Stepper
from ldm.unet.classifier import Classifier

NO_CLASS = -100  # counts for nothing
WEIGHT_DECAY = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierRecipe:
    """The settings of one training of a classifier."""

    steps: int
    batch: int
    rate: float = 3e-4
    seed: int = 0


def labels_of(told: Telling, words: tuple[str, ...]) -> Callable[[Described], int]:
    """How the class of a picture is found in what is told of it.

    Where classes are told, it is their number; where it is something in words, the first of `words` that is in it.
    """

    def of_number(described: Described) -> int:
        return int(str(described))

    def of_words(described: Described) -> int:
        spoken = str(described).split()
        return next((number for number, word in enumerate(words) if word in spoken), NO_CLASS)

    return of_number if isinstance(told, Classes) else of_words


def train_classifier(
    net: Classifier,
    schedule: Schedule,
    data: CaptionedLatents,
    label_of: Callable[[Described], int],
    scale: float,
    recipe: ClassifierRecipe,
    state_file: Path,
    losses: list[tuple[int, float]],
) -> Generator[int, None, None]:
    """Train in place, on the device that the net is on, yielding steps done.

    Args:
        data: latents that are not scaled yet; `scale` is that of the model which the net shall guide.
        label_of: finds the class in what is told of a picture.
        losses: is filled with (step, cross-entropy).
    """
    parameters = list(net.parameters())
    device, abars = parameters[0].device, schedule.alphas_cumprod
    adamw = torch.optim.AdamW(parameters, lr=recipe.rate, weight_decay=WEIGHT_DECAY, foreach=True)
    stepper = Stepper(adamw, "fp32", device)
    kind = net.classifier_spec
    name = f"classifier {said(kind.unet)} {kind.classes} {kind.pool} {kind.size} {said(schedule.spec)}"
    training = Training(
        f"{name} scale={scale:.5g} {said(recipe)}", {"net": net}, {"adamw": stepper}, losses=losses
    )

    def one_step(step: int, generator: torch.Generator) -> float:
        drawn = data.draw(recipe.batch, generator)
        noise = torch.randn(drawn.latents.shape, generator=generator).to(device)
        times = torch.randint(len(abars), (recipe.batch,), generator=generator).to(device)
        clean = drawn.latents.to(device) * scale
        labels = torch.tensor([label_of(one) for one in drawn.described], device=device)
        warm_up(adamw, step, recipe.rate, over=100, steps=recipe.steps)

        logits = net(noised(clean, noise, at(abars, times, clean)), times)
        wrong = F.cross_entropy(logits, labels, ignore_index=NO_CLASS, reduction="sum")
        loss = wrong / (labels != NO_CLASS).sum().clamp(min=1)
        stepper.over(1, lambda _: loss)
        stepper.step(clipped=parameters)
        return loss.item()

    yield from train(training, one_step, steps=recipe.steps, seed=recipe.seed, state_file=state_file)
