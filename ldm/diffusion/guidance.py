"""Guidance: how the model's guesses under several conditions become one D(x, sigma).

Classifier-free (Ho & Salimans 2021; LDM, section 4.3.1), with two conditions, and with a perpendicular negative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ldm.diffusion.condition import Condition, Placed, matched, placed
from ldm.diffusion.denoiser import Denoiser, Given, Model, ModelDenoiser, for_all

Told: TypeAlias = tuple[Condition, ...]
NOTHING = 1e-37  # stands for 0 where one must divide


@dataclass(frozen=True, slots=True)
class Plain:
    """No guidance: the model's guess under what it is told."""

    positive: Told


@dataclass(frozen=True, slots=True)
class ClassifierFree:
    """uncond + scale * (cond - uncond); 1 turns it off, the paper uses 1.5 to 10."""

    positive: Told
    negative: Told
    scale: float


@dataclass(frozen=True, slots=True)
class TwoConditions:
    """Guidance towards two conditions.

    "regular": uncond + second_scale * (second - uncond) + scale * (first - second).
    "nested": first, away from the second by `scale`, and all of that away from the negative by `second_scale`.
    """

    first: Told
    second: Told
    negative: Told
    scale: float
    second_scale: float
    style: Literal["regular", "nested"] = "regular"


@dataclass(frozen=True, slots=True)
class PerpendicularNegative:
    """Only that part of the negative counts which is perpendicular to the positive (Armandpour et al. 2023)."""

    positive: Told
    negative: Told
    empty: Told
    scale: float
    negative_scale: float = 1.0


Guidance: TypeAlias = Plain | ClassifierFree | TwoConditions | PerpendicularNegative


def guided(
    model: Model,
    guidance: Guidance,
    size: tuple[int, int],
    factor: int,
    device: torch.device | str = "cpu",
    *,
    unguided_too: bool = False,
    given: Callable[[Condition], Given] = lambda condition: Given(condition.context),
) -> Denoiser:
    """Give D(x, sigma) under guidance, for latents of this size.

    Args:
        model: The network with its schedule.
        guidance: What it is told, and how that is weighed.
        size: Height and width of the latent, in cells.
        factor: How many pixels a cell spans, in which areas are given.
        device: Where the network's weights are.
        unguided_too: Compute the negative even where it has no effect, for samplers that look at it alone.
        given: What the network is given under a condition; by default its context alone.
    """

    def place(told: Told) -> tuple[Placed, ...]:
        return tuple(placed(one, *size, factor, model.schedule, given(one)).to(device) for one in told)

    match guidance:
        case Plain(positive):
            return _Guided(model, Plain(positive), (place(positive),))
        case ClassifierFree(positive, negative, scale):
            if (
                math.isclose(scale, 1.0) and not unguided_too
            ):  # the negative has no effect and is not computed
                return _Guided(model, Plain(positive), (place(positive),))
            return _Guided(model, guidance, matched((place(negative), place(positive))))
        case TwoConditions(first, second, negative):
            return _Guided(model, guidance, matched((place(negative), place(second), place(first))))
        case PerpendicularNegative(positive, negative, empty):
            return _Guided(model, guidance, matched((place(negative), place(empty), place(positive))))


@dataclass(frozen=True, slots=True)
class _Guided:
    """The model's guesses under groups of conditions, combined."""

    model: Model
    guidance: Guidance
    groups: tuple[tuple[Placed, ...], ...]

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""
        return self._combined(guesses_of(self.model, self.groups, x, sigma))

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the guess under the negative; without a negative, both are the same."""
        guesses = guesses_of(self.model, self.groups, x, sigma)
        return self._combined(guesses), guesses[0]

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance under the first positive condition, for which the model is asked."""
        first = ModelDenoiser(self.model, self.groups[-1][0].given)
        return self(x, sigma), first.with_variance(x, sigma)[1]

    def _combined(self, guesses: Sequence[Tensor]) -> Tensor:
        match self.guidance:
            case Plain():
                (guess,) = guesses
                return guess
            case ClassifierFree(scale=scale):
                without, told = guesses
                return without + scale * (told - without)
            case TwoConditions(scale=scale, second_scale=second_scale, style=style):
                without, second, first = guesses
                if style == "nested":
                    both = second + scale * (first - second)
                    return without + second_scale * (both - without)
                return without + second_scale * (second - without) + scale * (first - second)
            case PerpendicularNegative(scale=scale, negative_scale=negative_scale):
                without, empty, told = guesses
                towards, away = told - empty, without - empty
                # Where the positive says nothing of its own, all of the negative is perpendicular to it.
                along = (away * towards).sum() / towards.square().sum().clamp(min=NOTHING)
                return empty + scale * (towards - negative_scale * (away - along * towards))


def guesses_of(model: Model, groups: Sequence[Sequence[Placed]], x: Tensor, sigma: Tensor) -> list[Tensor]:
    """What the model guesses under each group of conditions: the weighted mean of its members' guesses.

    Members that look at equally large parts of the picture go through the model together.
    """
    level = float(sigma.max())
    members = [(group, one) for group, told in enumerate(groups) for one in told if one.counts_at(level)]
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


def _together(model: Model, batch: Sequence[Placed], x: Tensor, sigma: Tensor) -> Sequence[Tensor]:
    """One call of the model for all these conditions."""
    size = x.shape[0]
    parts = [_part(one, x) for one in batch]
    together = ModelDenoiser(model, _given_together(batch, size))
    level = sigma if sigma.ndim == 0 else sigma.repeat(len(batch))
    return together(torch.cat(parts), level).chunk(len(batch))


def _shapes(given: Given) -> tuple[object, ...]:
    """The shape of each part, but for the number of rows: what has the same goes through the model together."""
    return tuple(
        None if one is None else one.shape[1:] for one in (given.context, given.vector, given.beside)
    )


def _given_together(batch: Sequence[Placed], size: int) -> Given:
    """What the model is given under each of these conditions, for `size` latents, in one batch."""

    def joined(parts: Sequence[Tensor | None]) -> Tensor | None:
        there = [for_all(part, size) for part in parts if part is not None]
        return torch.cat(there) if there else None

    shown = [None if one.given.beside is None else _part(one, one.given.beside) for one in batch]
    contexts = torch.cat([for_all(one.given.context, size) for one in batch])
    return Given(contexts, joined([one.given.vector for one in batch]), joined(shown))


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
