"""Showing a model something beside the latent: what all nodes that do so give. No nodes here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from ldm.spec import Beside
from nodes.port_types import Conditioning, Latent


class ToldTwice(NamedTuple):
    """What to paint, what not to, and the latent to begin with."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


def shown(
    conditioning: Conditioning, beside: Mapping[Beside, Tensor], facts: Mapping[str, object] | None = None
) -> Conditioning:
    """The conditioning, each of whose entries shows these maps as well, and says these facts."""
    return Conditioning(
        tuple(
            replace(one, beside={**one.beside, **beside}, facts={**one.facts, **(facts or {})})
            for one in conditioning.entries
        )
    )


def empty_cells(like: Tensor, factor: int) -> Latent:
    """An empty latent of as many cells as a map (b, c, h, w); the model that samples it knows its channels."""
    return Latent(torch.zeros_like(like[:, :1]).expand(-1, 4, -1, -1), factor=factor)
