"""Weighted sums of two networks. A new one comes out; where it is one of the two unchanged, their memory is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

import torch
from torch import Tensor, nn

from ldm.adapters.sharing import with_weights

Module = TypeVar("Module", bound=nn.Module)

Shares: TypeAlias = Callable[[str], tuple[float, float]]
"""How much of the first and of the second network's tensor of a name is in the sum."""


class NotAlike(ValueError):
    """Two networks that are not built alike, so that their weights cannot be added."""


def summed(first: Module, second: Module, shares: Shares) -> Module:
    """The first network with the weights a * first + b * second, where `shares` gives (a, b) for each name.

    Computed in float32 at least, and kept as the first one's are.

    Raises:
        NotAlike: a tensor is in one network only, or of another shape there.
    """
    ours, theirs = first.state_dict(), second.state_dict()
    _check_alike(ours, theirs)
    found = {}
    for key, value in ours.items():
        match shares(key):
            case (1.0, 0.0):
                continue
            case (a, b):
                found[key] = _sum(value, a, theirs[key], b)
    return with_weights(first, found)


def mixed(first: Module, second: Module, share: Callable[[str], float]) -> Module:
    """The same where the second one has what is left of a share between 0 and 1."""
    return summed(first, second, lambda key: ((ratio := share(key)), 1.0 - ratio))


def _sum(ours: Tensor, a: float, theirs: Tensor, b: float) -> Tensor:
    if (a, b) == (0.0, 1.0):
        return theirs.to(ours)
    kind = ours.dtype if ours.dtype == torch.float64 else torch.float32
    return (a * ours.to(kind) + b * theirs.to(ours.device, kind)).to(ours.dtype)


def _check_alike(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        one, other = (tuple(state[key].shape) if key in state else None for state in (ours, theirs))
        if one != other:
            raise NotAlike(
                f"The two models are not built alike: {key} is {one or 'absent'} in the first and "
                f"{other or 'absent'} in the second. Merge models of one family."
            )
