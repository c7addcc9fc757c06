"""Changing the size of pictures and latents, (b, c, h, w); for all nodes that do so. No nodes here."""

from __future__ import annotations

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.resizing import bislerp, cropped_to


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
        values = cropped_to(values, width / height)
    match method:
        case "bislerp":
            return bislerp(values, width, height)
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


def _lanczos(values: Tensor, width: int, height: int) -> Tensor:
    """By Pillow, in 8 bits a channel."""
    as_bytes = (values.movedim(1, -1).numpy() * 255).clip(0, 255).astype(np.uint8)
    done = [
        np.asarray(PIL.Image.fromarray(one.squeeze()).resize((width, height), PIL.Image.Resampling.LANCZOS))
        for one in as_bytes
    ]
    pixels = torch.from_numpy(np.stack(done).astype(np.float32) / 255)
    return pixels.reshape(len(done), height, width, -1).movedim(-1, 1)
