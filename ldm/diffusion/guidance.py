"""Guidance: how the model's guesses under several conditions become one D(x, sigma).

Classifier-free (Ho & Salimans 2021; LDM, section 4.3.1), with two conditions, and with a perpendicular negative; and
what a model's changes make of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from ldm.diffusion.changes import (
    GuidedBetween,
    ModelChange,
    PerpendicularTo,
    PerturbedAttention,
    RescaledGuidance,
    SelfAttentionGuidance,
)
from ldm.diffusion.condition import Condition, Placed, matched, placed
from ldm.diffusion.control import Control
from ldm.diffusion.denoiser import Denoiser, Given, Model, ModelDenoiser
from ldm.diffusion.guesses import NOTHING, at_level, guesses_of
from ldm.diffusion.own_attention import Inside, blurred_where_seen, can_blur

Told: TypeAlias = tuple[Condition, ...]


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
    changes: tuple[ModelChange, ...] = (),
    inside: Inside | None = None,
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
        changes: What the model carries with it; those of the UNet are in its network already.
        inside: The network's own attention, for changes that are guided by it.
    """

    def place(told: Told, follows: tuple[Control, ...] = ()) -> tuple[Placed, ...]:
        return tuple(
            placed(_following(one, follows), *size, factor, model.schedule, given(one)).to(device)
            for one in told
        )

    def lead(guidance: Guidance, *groups: tuple[Placed, ...]) -> Denoiser:
        return _Guided(model, guidance, matched(groups), changes, inside)

    match _as_changed(guidance, changes):
        case Plain(positive) as alone:
            return lead(alone, place(positive))
        case ClassifierFree(positive, negative, scale) as free:
            seen = any(isinstance(one, SelfAttentionGuidance) for one in changes)
            # Where the negative has no effect and nobody looks at it, it is not computed.
            if math.isclose(scale, 1.0) and not unguided_too and not seen:
                return lead(Plain(positive), place(positive))
            return lead(free, place(negative, _shared(positive, negative)), place(positive))
        case TwoConditions(first, second, negative) as two:
            return lead(two, place(negative, _shared(first, negative)), place(second), place(first))
        case PerpendicularNegative(positive, negative, empty) as away:
            return lead(away, place(negative, _shared(positive, negative)), place(empty), place(positive))


def _as_changed(guidance: Guidance, changes: tuple[ModelChange, ...]) -> Guidance:
    """The guidance that a model's changes make of the one that is asked for."""
    for change in changes:
        if isinstance(change, PerpendicularTo) and isinstance(guidance, ClassifierFree):
            told = (guidance.positive, guidance.negative, change.empty)
            guidance = PerpendicularNegative(*told, guidance.scale, change.scale)
    return guidance


def _shared(positive: Told, negative: Told) -> tuple[Control, ...]:
    """What the negative follows because the positive does; nothing if it follows something of its own."""
    if any(one.control for one in negative):
        return ()
    found = (tuple(each for each in one.control if each.under_negative) for one in positive)
    return next((controls for controls in found if controls), ())


def _following(condition: Condition, controls: tuple[Control, ...]) -> Condition:
    return replace(condition, control=controls) if controls and condition.area is None else condition


@dataclass(frozen=True, slots=True)
class _Guided:
    """The model's guesses under groups of conditions, combined; the last group is the positive one."""

    model: Model
    guidance: Guidance
    groups: tuple[tuple[Placed, ...], ...]
    changes: tuple[ModelChange, ...] = ()
    inside: Inside | None = None

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """Denoise x at this noise level."""
        if not self._counts_at(sigma):
            return replace(self, guidance=Plain(()), groups=self.groups[-1:])._both(x, sigma)[0]
        return self._both(x, sigma)[0]

    def apart(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the guess under the negative; without a negative, both are the same."""
        guess, without = self._both(x, sigma)
        return guess if self._counts_at(sigma) else self(x, sigma), without

    def with_variance(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The same, and the place of the variance under the first positive condition, for which the model is asked."""
        positive = at_level(self.groups[-1][0], float(sigma.max()))
        first = ModelDenoiser(self.model, positive.given)
        return self(x, sigma), first.with_variance(x, sigma)[1]

    def _counts_at(self, sigma: Tensor) -> bool:
        """Whether there is guidance at this noise level."""
        between = [one for one in self.changes if isinstance(one, GuidedBetween)]
        return all(one.lowest <= float(sigma.max()) <= one.highest for one in between)

    def _both(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """The guess, and that of the first group alone."""
        guesses, shares = self._guesses(x, sigma)
        guess = self._combined(guesses)
        for change in sorted(self.changes, key=lambda one: not isinstance(one, RescaledGuidance)):
            match change:
                case RescaledGuidance(share) if len(guesses) > 1:
                    guess = rescaled(guess, guesses[-1], x, sigma, share)
                case PerturbedAttention(scale) if self.inside is not None:
                    unseeing = replace(self.model, network=self.inside.unseeing)
                    [worse] = guesses_of(unseeing, self.groups[-1:], x, sigma)
                    guess = guess + scale * (guesses[-1] - worse)
                case SelfAttentionGuidance(scale, blur) if shares is not None and can_blur(guess):
                    dim = blurred_where_seen(guesses[0], shares, blur)
                    [worse] = guesses_of(self.model, self.groups[:1], dim + (x - guesses[0]), sigma)
                    guess = guess + scale * (dim - worse)
                case _:
                    pass
        return guess, guesses[0]

    def _guesses(self, x: Tensor, sigma: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """The guess of each group; and who looks at whom under the first, (b, heads, n, n), where that is asked for."""
        if self.inside is None or not any(isinstance(one, SelfAttentionGuidance) for one in self.changes):
            return guesses_of(self.model, self.groups, x, sigma), None
        seen: list[Tensor] = []
        watched = replace(self.model, network=self.inside.watched(seen.append))
        first = guesses_of(watched, self.groups[:1], x, sigma)
        most = max((one.shape[-1] for one in seen), default=0)  # those of areas see a part only
        whole = [one.unflatten(0, (-1, x.shape[0])).mean(dim=0) for one in seen if one.shape[-1] == most]
        shares = torch.stack(whole).mean(dim=0) if whole else None
        return [*first, *guesses_of(self.model, self.groups[1:], x, sigma)], shares

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
                along = _sum(away * towards) / _sum(towards.square()).clamp(min=NOTHING)
                return empty + scale * (towards - negative_scale * (away - along * towards))


def _sum(values: Tensor) -> Tensor:
    """Of each latent by itself, so that those of a batch do not touch each other."""
    return values.sum(dim=(1, 2, 3), keepdim=True)


def rescaled(guess: Tensor, positive: Tensor, x: Tensor, sigma: Tensor, share: float) -> Tensor:
    """A guided guess, spread as the positive one by a share; both are compared as v (Lin et al. 2024, eq. 15, 16)."""
    spread = sigma.to(x).reshape(-1, 1, 1, 1)
    width = (1 + spread.square()).sqrt()

    def as_v(clean: Tensor) -> Tensor:
        return (x / width.square() - clean) * width / spread

    guided_v, positive_v = as_v(guess), as_v(positive)
    like = positive_v.std(dim=(1, 2, 3), keepdim=True) / guided_v.std(dim=(1, 2, 3), keepdim=True)
    v = guided_v * (share * like + 1 - share)
    return x / width.square() - v * spread / width
