"""Changing the size of pictures and latents, (b, c, h, w); for all nodes that do so. No nodes here."""

from __future__ import annotations

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.nn import functional as F

NEARLY_PARALLEL = 1e-5


def resized(values: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """The values in another size.

    Args:
        values: (b, c, h, w).
        width: What it shall be.
        height: What it shall be.
        method: "nearest-exact", "bilinear", "area", "bicubic", "bislerp" (for latents) or "lanczos" (for pictures).
        crop: "center" cuts off what would change the proportions, "disabled" distorts.
    """
    if crop == "center":
        values = _cropped_to(values, width / height)
    match method:
        case "bislerp":
            return _bislerp(values, width, height)
        case "lanczos":
            return _lanczos(values, width, height)
        case _:
            return F.interpolate(values, size=(height, width), mode=method)


def like(values: Tensor, other: Tensor, method: str = "bilinear") -> Tensor:
    """The values in the height and width of another tensor, cropped where the proportions differ."""
    if values.shape[-2:] == other.shape[-2:]:
        return values
    return resized(values, other.shape[-1], other.shape[-2], method, "center")


def repeated(values: Tensor, count: int) -> Tensor:
    """Exactly so many, the first ones again where there are too few."""
    if values.shape[0] == count:
        return values
    return values.repeat(-(-count // values.shape[0]), *[1] * (values.ndim - 1))[:count]


def _cropped_to(values: Tensor, proportion: float) -> Tensor:
    height, width = values.shape[-2:]
    found = width / height
    left = round((width - width * (proportion / found)) / 2) if found > proportion else 0
    top = round((height - height * (found / proportion)) / 2) if found < proportion else 0
    left, top = min(left, (width - 1) // 2), min(top, (height - 1) // 2)  # something must remain
    return values[..., top : height - top, left : width - left]


def _lanczos(values: Tensor, width: int, height: int) -> Tensor:
    """By Pillow, in 8 bits a channel."""
    as_bytes = (values.movedim(1, -1).numpy() * 255).clip(0, 255).astype(np.uint8)
    done = [
        np.asarray(PIL.Image.fromarray(one.squeeze()).resize((width, height), PIL.Image.Resampling.LANCZOS))
        for one in as_bytes
    ]
    pixels = torch.from_numpy(np.stack(done).astype(np.float32) / 255)
    return pixels.reshape(len(done), height, width, -1).movedim(-1, 1)


def _bislerp(values: Tensor, width: int, height: int) -> Tensor:
    """Between neighbours along the sphere, so that no cell has less contrast: first across, then down."""
    across = _slerp_along(values, width)
    return _slerp_along(across.transpose(-1, -2), height).transpose(-1, -2)


def _slerp_along(values: Tensor, size: int) -> Tensor:
    old = values.shape[-1]
    place = ((torch.arange(size) + 0.5) * (old / size) - 0.5).clamp(0, old - 1)
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
