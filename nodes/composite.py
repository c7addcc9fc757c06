"""Laying one picture, latent or mask over another; for all nodes that do so. No nodes here."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from nodes.resize import repeated


def laid_over(
    below: Tensor, above: Tensor, left: int, top: int, mask: Tensor | None, *, resize: bool
) -> Tensor:
    """`below` with `above` on it, where the mask is open.

    Args:
        below: (b, c, h, w).
        above: (b, c, h, w); cut off where it reaches beyond.
        left: Where its left edge comes to lie; may be beyond both ends.
        top: Where its upper edge comes to lie.
        mask: (b, h, w), stretched over `above`; None is open everywhere.
        resize: Stretch `above` to the size of `below` first.
    """
    if resize:
        above = F.interpolate(above, size=below.shape[-2:], mode="bilinear")
    above = repeated(above, below.shape[0])
    height, width = above.shape[-2:]
    bottom, right = min(top + height, below.shape[-2]), min(left + width, below.shape[-1])
    out = below.clone()
    if left >= right or top >= bottom:
        return out
    opened = torch.ones(1, 1, height, width) if mask is None else stretched(mask, height, width)
    opened = repeated(opened, below.shape[0])
    seen = (..., slice(0, bottom - top), slice(0, right - left))
    place = (..., slice(top, bottom), slice(left, right))
    out[place] = torch.lerp(out[place], above[seen], opened[seen].to(above))
    return out


def stretched(mask: Tensor, height: int, width: int) -> Tensor:
    """A mask (h, w) or (b, h, w) as (b, 1, height, width)."""
    return F.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]), size=(height, width), mode="bilinear")


def same_channels(image: Tensor, other: Tensor) -> Tensor:
    """Pictures (b, h, w, c) with as many channels as the other's: without their alpha, or with a solid one."""
    wanted = other.shape[-1]
    if image.shape[-1] >= wanted:
        return image[..., :wanted]
    return F.pad(image, (0, wanted - image.shape[-1]), value=1.0)
