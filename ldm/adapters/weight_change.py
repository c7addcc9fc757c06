"""Changes of a weight that take little room: low rank, products of such, or a plain difference.

LoRA (Hu et al. 2021); LoHa and LoKr, and their forms for convolutions (LyCORIS, Yeh et al. 2023); DoRA (Liu et al.
2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class LowRank:
    """up @ down; with a `middle` (r, r, k, k), a convolution between the two."""

    up: Tensor
    down: Tensor
    middle: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Hadamard:
    """The product, number by number, of two low-rank changes."""

    first: LowRank
    second: LowRank


@dataclass(frozen=True, slots=True, eq=False)
class Kronecker:
    """The Kronecker product of two factors, each whole or of low rank."""

    left: Tensor | LowRank
    right: Tensor | LowRank


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """A weight to be added as it is."""

    weight: Tensor


WeightChange: TypeAlias = LowRank | Hadamard | Kronecker | Difference


@dataclass(frozen=True, slots=True, eq=False)
class LayerChange:
    """What is changed in one layer.

    `scale` is the change's own (alpha / rank). With a `magnitude` the changed weight is stretched to these lengths
    (DoRA): of its rows, or of its columns if its first side is 1. `bias` is added to the layer's bias.
    """

    change: WeightChange | None
    scale: float = 1.0
    magnitude: Tensor | None = None
    bias: Tensor | None = None


def changed(weight: Tensor, layer: LayerChange, strength: float) -> Tensor:
    """The weight under a change, in the weight's own type and on its device; computed in float32 at least.

    Raises:
        ValueError: the change is of another size.
    """
    wide = weight if weight.dtype == torch.float64 else weight.float()
    share = strength if layer.magnitude is None else 1.0
    moved = wide if layer.change is None else wide.add(_whole(layer.change, wide), alpha=share * layer.scale)
    if layer.magnitude is not None:
        moved = torch.lerp(wide, _stretched(moved, layer.magnitude.to(wide)), strength)
    return moved.to(weight.dtype)


def delta(change: WeightChange, like: Tensor) -> Tensor:
    """What is added to a weight, but for the scale: in the change's own shape, as exact as `like` and beside it."""
    match change:
        case LowRank(up, down, middle):
            up, down = up.to(like), down.to(like)
            if middle is None:
                product: Tensor = up.flatten(1) @ down.flatten(1)
                whole: Tensor = product.unflatten(1, down.shape[1:])
                return whole
            return torch.einsum("ao,oikl,ib->abkl", up.flatten(1), middle.to(like), down.flatten(1))
        case Hadamard(first, second):
            return delta(first, like) * delta(second, like)
        case Kronecker(left, right):
            one, other = _factor(left, like), _factor(right, like)
            return torch.kron(one.reshape(*one.shape, *[1] * (other.ndim - one.ndim)), other)
        case Difference(value):
            return value.to(like)


def _factor(part: Tensor | LowRank, like: Tensor) -> Tensor:
    return delta(part, like) if isinstance(part, LowRank) else part.to(like)


def _whole(change: WeightChange, weight: Tensor) -> Tensor:
    """The change in the weight's shape: 1x1 convolutions and matrices are the same thing here."""
    found = delta(change, weight)
    if found.numel() != weight.numel():
        shapes = tuple(found.shape), tuple(weight.shape)
        raise ValueError(f"it changes a weight of shape {shapes[0]}, but here it has {shapes[1]}")
    return found.reshape(weight.shape)


def _stretched(weight: Tensor, magnitude: Tensor) -> Tensor:
    columns = magnitude.ndim > 1 and magnitude.shape[0] == 1 and weight.shape[0] != 1
    side = 1 if columns else 0
    others = [axis for axis in range(weight.ndim) if axis != side]
    shape = [-1 if axis == side else 1 for axis in range(weight.ndim)]
    lengths: Tensor = torch.linalg.vector_norm(weight, dim=others, keepdim=True)
    return weight * (magnitude.reshape(shape) / lengths)
