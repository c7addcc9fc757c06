"""What of a decoded guess is compared with a picture, and how: transforms T and distances, all differentiable.

Anything that takes pictures (b, 3, h, w), about -1..1, and has a gradient is a transform; these are the usual ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.metrics.nets import Net, looks_apart

Transform: TypeAlias = Callable[[Tensor], Tensor]
"""T: from pictures (b, 3, h, w), about -1..1, to what shall be like the wanted picture."""

Distance: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""How far pictures (b, 3, h, w) are from others, (b,)."""

LUMA = (0.299, 0.587, 0.114)  # Rec. 601
REACH = 3  # standard deviations behind which a Gaussian is cut off


def transformed(pixels: Tensor, transforms: Sequence[Transform]) -> Tensor:
    """The pictures behind each of the transforms, in their order."""
    for transform in transforms:
        pixels = transform(pixels)
    return pixels


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The picture `factor` times as small; the paper's T is "bicubic" with 2 (LDM, figure 14)."""

    factor: int = 2
    method: Literal["bicubic", "bilinear"] = "bicubic"

    def __call__(self, pixels: Tensor) -> Tensor:
        """(b, 3, h, w) to (b, 3, h / factor, w / factor)."""
        size = [max(side // self.factor, 1) for side in pixels.shape[-2:]]
        return F.interpolate(pixels, size=size, mode=self.method, antialias=True)


@dataclass(frozen=True, slots=True)
class Blurred:
    """The picture under a Gaussian of `spread` pixels: only its large parts are compared."""

    spread: float

    def __call__(self, pixels: Tensor) -> Tensor:
        """Keep the shape."""
        reach = max(math.ceil(REACH * self.spread), 1)
        places = torch.arange(-reach, reach + 1, device=pixels.device, dtype=pixels.dtype)
        kernel = torch.softmax(-(places**2) / (2 * self.spread**2), dim=0).expand(pixels.shape[1], 1, 1, -1)
        for side in (kernel, kernel.transpose(-1, -2)):
            height, width = (length // 2 for length in side.shape[-2:])
            padded = F.pad(pixels, (width, width, height, height), mode="replicate")
            pixels = F.conv2d(padded, side, groups=pixels.shape[1])
        return pixels


@dataclass(frozen=True, slots=True)
class Grey:
    """The picture without its colours, as three equal channels."""

    def __call__(self, pixels: Tensor) -> Tensor:
        """Keep the shape."""
        weights = torch.tensor(LUMA, device=pixels.device, dtype=pixels.dtype)[:, None, None]
        return (pixels * weights).sum(dim=1, keepdim=True).expand_as(pixels)


@dataclass(frozen=True, slots=True)
class Seen:
    """The picture where a mask (1 or b, h, w) is 1; the rest is plain grey. The mask is stretched over it."""

    mask: Tensor

    def __call__(self, pixels: Tensor) -> Tensor:
        """Keep the shape."""
        mask = self.mask[:, None].to(pixels)
        if mask.shape[-2:] != pixels.shape[-2:]:
            mask = F.interpolate(mask, size=pixels.shape[-2:], mode="bilinear", align_corners=False)
        return pixels * mask


@dataclass(frozen=True, slots=True)
class Squared:
    """Half of the squared distance: -log p of a normal distribution with unit variance (LDM, appendix C)."""

    def __call__(self, pixels: Tensor, wanted: Tensor) -> Tensor:
        """(b,)."""
        return (pixels - wanted).square().flatten(1).sum(dim=1) / 2


SQUARED = Squared()


@dataclass(frozen=True, slots=True)
class Perceptual:
    """How different they look to a net (LDM, appendix D.6, where it is LPIPS), as a sum over all pixels."""

    net: Net

    def __call__(self, pixels: Tensor, wanted: Tensor) -> Tensor:
        """(b,)."""
        area = pixels.shape[-2] * pixels.shape[-1]
        return area * looks_apart(self.net, pixels, wanted)
