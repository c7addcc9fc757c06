"""What a model guesses under groups of conditions: in areas, under masks, and as many as fit together in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ldm.diffusion.condition import Placed
from ldm.diffusion.control import Followed
from ldm.diffusion.denoiser import Given, Model, ModelDenoiser, for_all
from ldm.unet.hints import part_of

NOTHING = 1e-37  # stands for 0 where one must divide


def guesses_of(model: Model, groups: Sequence[Sequence[Placed]], x: Tensor, sigma: Tensor) -> list[Tensor]:
    """What the model guesses under each group of conditions: the weighted mean of its members' guesses.

    Members that look at equally large parts of the picture go through the model together.
    """
    level = float(sigma.max())
    members = [
        (group, at_level(one, level))
        for group, told in enumerate(groups)
        for one in told
        if one.counts_at(level)
    ]
    batches: dict[tuple[object, ...], list[tuple[int, Placed]]] = {}
    for group, one in members:
        part = None if one.box is None else (one.box.height, one.box.width)
        batches.setdefault((part, *_shapes(one.given)), []).append((group, one))
    sums: list[Tensor | None] = [None] * len(groups)
    weights: list[Tensor | float] = [0.0] * len(groups)
    for batch in batches.values():
        for (group, one), guess in zip(
            batch, _together(model, [one for _, one in batch], x, sigma), strict=True
        ):
            sums[group], weights[group] = _added(sums[group], weights[group], one, guess, x)
    return [
        torch.zeros_like(x) if total is None else _mean(total, weight)
        for total, weight in zip(sums, weights, strict=True)
    ]


def at_level(one: Placed, level: float) -> Placed:
    """The condition with what is followed at this noise level alone."""
    control = tuple(each for each in one.given.control if each.counts_at(level))
    if len(control) == len(one.given.control):
        return one
    return replace(one, given=replace(one.given, control=control))


def _together(model: Model, batch: Sequence[Placed], x: Tensor, sigma: Tensor) -> Sequence[Tensor]:
    """One call of the model for all these conditions."""
    size = x.shape[0]
    parts = [_part(one, x) for one in batch]
    together = ModelDenoiser(model, _given_together(batch, size))
    level = sigma if sigma.ndim == 0 else sigma.repeat(len(batch))
    return together(torch.cat(parts), level).chunk(len(batch))


def _shapes(given: Given) -> tuple[object, ...]:
    """The shape of each part, but for the number of rows: what has the same goes through the model together."""
    nets = tuple(
        (one.hint.net, one.hint.strength, one.hint.task, one.hint.pixels.shape[1:]) for one in given.control
    )
    parts = (given.context, given.vector, given.beside)
    return nets, *(None if one is None else one.shape[1:] for one in parts)


def _given_together(batch: Sequence[Placed], size: int) -> Given:
    """What the model is given under each of these conditions, for `size` latents, in one batch."""

    def joined(parts: Sequence[Tensor | None]) -> Tensor | None:
        there = [for_all(part, size) for part in parts if part is not None]
        return torch.cat(there) if there else None

    shown = [None if one.given.beside is None else _part(one, one.given.beside) for one in batch]
    contexts = torch.cat([for_all(one.given.context, size) for one in batch])
    control = tuple(_followed_together(batch, number, size) for number in range(len(batch[0].given.control)))
    return Given(contexts, joined([one.given.vector for one in batch]), joined(shown), control)


def _followed_together(batch: Sequence[Placed], number: int, size: int) -> Followed:
    """What is followed under each of these conditions, by the same net, in one batch."""
    pictures = []
    for one in batch:
        pixels, box = one.given.control[number].hint.pixels, one.box
        part = pixels if box is None else part_of(pixels, box.top, box.left, box.height, box.width)
        pictures.append(for_all(part, size))
    return batch[0].given.control[number].changed(lambda _: torch.cat(pictures))


def _part(one: Placed, x: Tensor) -> Tensor:
    """What a condition looks at."""
    return x if one.box is None else one.box.of(x)


def _added(
    total: Tensor | None, weights: Tensor | float, one: Placed, guess: Tensor, x: Tensor
) -> tuple[Tensor, Tensor | float]:
    """The sum of weighted guesses, and of the weights, with one more."""
    if one.box is None and one.weight is None:
        return (guess if total is None else total + guess), weights + 1.0
    weight = torch.ones(1, 1, 1, 1) if one.weight is None else for_all(one.weight, x.shape[0])
    weight = weight.to(x)
    total = torch.zeros_like(x) if total is None else total.clone()
    counted = torch.zeros_like(x[:, :1]) + weights
    if one.box is None:
        return total + guess * weight, counted + weight
    one.box.of(total).add_(guess * weight)
    one.box.of(counted).add_(weight)
    return total, counted


def _mean(total: Tensor, weights: Tensor | float) -> Tensor:
    if isinstance(weights, float):
        return total if weights == 1.0 else total / weights
    return total / (weights + NOTHING)  # where no condition counts, the guess is 0
