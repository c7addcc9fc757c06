"""Latents to start from."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import torch

from engine.api import Range, node
from nodes.facts import latents
from nodes.port_types import Latent
from nodes.widgets import LARGEST, BatchSize

Side = Annotated[int, Range(16, LARGEST, step=8)]
Side16 = Annotated[int, Range(16, LARGEST, step=16)]


@node("EmptyLatentImage", title="Empty latent", category="latent", facts=latents.empty)
def empty_latent(width: Side = 512, height: Side = 512, batch_size: BatchSize = 1) -> Latent:
    """An empty canvas to paint on. The model that samples it decides how many channels and cells that is.

    Args:
        width: In pixels.
        height: In pixels.
        batch_size: How many pictures.
    """
    return Latent(torch.zeros(batch_size, 4, height // 8, width // 8), canvas=(width, height))


@node("EmptySD3LatentImage", title="Empty SD3 latent", category="latent/sd3", facts=latents.empty_16)
def empty_sd3_latent(width: Side16 = 1024, height: Side16 = 1024, batch_size: BatchSize = 1) -> Latent:
    """An empty canvas to paint on, with the 16 channels of Stable Diffusion 3.

    Args:
        width: In pixels.
        height: In pixels.
        batch_size: How many pictures.
    """
    return Latent(torch.zeros(batch_size, 16, height // 8, width // 8), canvas=(width, height))


def filled(latent: Latent, other: Latent) -> Latent:
    """The latent as it goes together with another: an empty one as zeros of the other's channels and cells."""
    if latent.canvas is None or other.canvas is not None:
        return latent
    width, height = (max(side // other.factor, 1) for side in latent.canvas)
    zeros = torch.zeros(len(latent.samples), other.samples.shape[1], height, width)
    return replace(latent, samples=zeros, canvas=None, factor=other.factor)
