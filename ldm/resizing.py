"""Changing the size of pictures and latents, in ways that torch does not have."""

from __future__ import annotations

import torch
from torch import Tensor

NEARLY_PARALLEL = 1e-5


def cropped_to(values: Tensor, proportion: float) -> Tensor:
    """What is left of (..., h, w) where its middle is cut out, so wide for its height."""
    height, width = values.shape[-2:]
    found = width / height
    left = round((width - width * (proportion / found)) / 2) if found > proportion else 0
    top = round((height - height * (found / proportion)) / 2) if found < proportion else 0
    left, top = min(left, (width - 1) // 2), min(top, (height - 1) // 2)  # something must remain
    return values[..., top : height - top, left : width - left]


def bislerp(values: Tensor, width: int, height: int) -> Tensor:
    """The values (b, c, h, w) in another size, between neighbours along the sphere: first across, then down.

    No cell between two others has less contrast than they have.
    """
    across = _slerp_along(values, width)
    return _slerp_along(across.transpose(-1, -2), height).transpose(-1, -2)


def _slerp_along(values: Tensor, size: int) -> Tensor:
    old = values.shape[-1]
    place = ((torch.arange(size, device=values.device) + 0.5) * (old / size) - 0.5).clamp(0, old - 1)
    low = place.floor().long()
    high = (low + 1).clamp(max=old - 1)
    return _slerp(values[..., low], values[..., high], place - low)


def _slerp(low: Tensor, high: Tensor, share: Tensor) -> Tensor:
    low_length, high_length = (v.norm(dim=1, keepdim=True) for v in (low, high))
    low_unit, high_unit = (torch.nan_to_num(v / n) for v, n in ((low, low_length), (high, high_length)))
    cosine = (low_unit * high_unit).sum(dim=1, keepdim=True)
    angle = cosine.clamp(-1, 1).acos()
    turned = (((1 - share) * angle).sin() * low_unit + (share * angle).sin() * high_unit) / angle.sin()
    turned = turned * (low_length * (1 - share) + high_length * share)
    straight = low * (1 - share) + high * share
    turned = torch.where(cosine > 1 - NEARLY_PARALLEL, low, turned)
    return torch.where(cosine < NEARLY_PARALLEL - 1, straight, turned)
