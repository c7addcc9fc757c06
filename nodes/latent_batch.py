"""Batches of latents: taking out, repeating, joining, cutting; each latent keeps its own share of the seed's noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

import torch

from engine.api import Range, node
from nodes.facts import latents
from nodes.latent import filled
from nodes.port_types import Latent
from nodes.resize import like, repeated
from nodes.widgets import BatchSize


@node("LatentFromBatch", title="Latent from batch", category="latent/batch", facts=latents.taken)
def latent_from_batch(
    samples: Latent,
    batch_index: Annotated[int, Range(0, 63)] = 0,
    length: Annotated[int, Range(1, 64)] = 1,
) -> Latent:
    """Take some latents out of a batch. Sampled alone, they get the noise that they had in the batch.

    Args:
        batch_index: The first to take, from 0.
        length: How many.
    """
    first = min(batch_index, len(samples.samples) - 1)
    return _part(samples, slice(first, first + length))


@node("RepeatLatentBatch", title="Repeat latent batch", category="latent/batch", facts=latents.repeated)
def repeat_latent(samples: Latent, amount: Annotated[int, Range(1, 64)] = 1) -> Latent:
    """Repeat a batch of latents, each copy with noise of its own.

    Args:
        amount: How many times.
    """
    places, mask = samples.batch_index, samples.noise_mask
    if places is not None:
        span = max(places) - min(places) + 1
        places = tuple(place + copy * span for copy in range(amount) for place in places)
    if mask is not None and len(mask) > 1:
        mask = repeated(mask, len(samples.samples)).repeat(amount, *[1] * (mask.ndim - 1))
    repeated_samples = samples.samples.repeat(amount, 1, 1, 1)
    return replace(samples, samples=repeated_samples, noise_mask=mask, batch_index=places, past=())


@node("LatentBatch", title="Latent batch", category="latent/batch", facts=latents.joined)
def join_latents(samples1: Latent, samples2: Latent) -> Latent:
    """Join two batches of latents; the second takes on the size of the first."""
    first, second = filled(samples1, samples2), filled(samples2, samples1)
    joined = torch.cat([first.samples, like(second.samples, first.samples)])
    return replace(first, samples=joined, batch_index=places_of(first) + places_of(second), past=())


@node(
    "LatentBatchSeedBehavior",
    title="Latent batch seed behavior",
    category="latent/advanced",
    facts=latents.same,
)
def set_seed_behavior(samples: Latent, seed_behavior: Literal["random", "fixed"] = "fixed") -> Latent:
    """Choose whether all latents of a batch get the same noise.

    Args:
        seed_behavior: "random": each its own; "fixed": all that of the first.
    """
    if seed_behavior == "random":
        return replace(samples, batch_index=None)
    first = 0 if samples.batch_index is None else samples.batch_index[0]
    return replace(samples, batch_index=(first,) * len(samples.samples))


@node("RebatchLatents", title="Rebatch latents", category="latent/batch", facts=latents.rebatched)
def rebatch_latents(latents: list[Latent], batch_size: BatchSize = 1) -> list[Latent]:
    """Cut and join latents to batches of another size. Those of another kind begin a new batch.

    Args:
        batch_size: How many latents in each; there may be fewer in the last.
    """
    groups: list[list[Latent]] = []
    for latent in latents:
        for place in range(len(latent.samples)):
            one = _part(latent, slice(place, place + 1))
            if groups and len(groups[-1]) < batch_size and _kind(groups[-1][0]) == _kind(one):
                groups[-1].append(one)
            else:
                groups.append([one])
    return [_joined(group) for group in groups]


def places_of(latent: Latent) -> tuple[int, ...]:
    """Which draw of the seed's noise each latent gets."""
    return tuple(range(len(latent.samples))) if latent.batch_index is None else latent.batch_index


def _part(latent: Latent, part: slice) -> Latent:
    samples, mask = latent.samples[part], latent.noise_mask
    if mask is not None and len(mask) > 1:
        mask = repeated(mask, len(latent.samples))[part]
    return replace(latent, samples=samples, noise_mask=mask, batch_index=places_of(latent)[part], past=())


def _kind(latent: Latent) -> tuple[object, ...]:
    """What latents of one batch have in common."""
    return latent.samples.shape[1:], latent.canvas, latent.factor


def _joined(singles: Sequence[Latent]) -> Latent:
    """Latents of one kind, each a batch of one, as a batch; where only some have a mask, the others are all open."""
    first, mask = singles[0], None
    if any(one.noise_mask is not None for one in singles):
        whole = torch.ones(1, 1, *first.samples.shape[-2:])
        masks = [whole if one.noise_mask is None else one.noise_mask for one in singles]
        mask = torch.cat([like(one, masks[0]) for one in masks])
    samples = torch.cat([one.samples for one in singles])
    places = tuple(place for one in singles for place in places_of(one))
    return replace(first, samples=samples, noise_mask=mask, batch_index=places)
