"""How alike two pictures are, pixel by pixel: PSNR and SSIM, a number for each pair."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

WINDOW, SIGMA = 11, 1.5
K1, K2 = 0.01, 0.03


def psnr(a: Tensor, b: Tensor, span: float) -> Tensor:
    """Peak signal-to-noise ratio in dB, (n,); infinite for equal pictures.

    Args:
        a: (n, c, h, w).
        b: alike.
        span: from the least to the largest possible value: 2 for -1..1.
    """
    error = (a.double() - b.double()).square().flatten(1).mean(dim=1)
    return 10 * (span**2 / error).log10()


def ssim(a: Tensor, b: Tensor, span: float) -> Tensor:
    """Structural similarity (Wang et al. 2004), (n,), 1 for equal pictures: Gaussian windows, each channel by itself.

    Args:
        a: (n, c, h, w), at least 11 pixels along each side.
        b: alike.
        span: as in `psnr`.

    Raises:
        ValueError: a side is shorter than the window.
    """
    if min(a.shape[-2:]) < WINDOW:
        raise ValueError(
            f"SSIM looks through windows of {WINDOW} x {WINDOW} pixels, but the pictures have "
            f"{a.shape[-1]} x {a.shape[-2]}. Measure larger ones."
        )
    a, b = a.double(), b.double()
    mean_a, mean_b = _blurred(a), _blurred(b)
    spread_a, spread_b = _blurred(a * a) - mean_a.square(), _blurred(b * b) - mean_b.square()
    together = _blurred(a * b) - mean_a * mean_b
    c1, c2 = (K1 * span) ** 2, (K2 * span) ** 2
    light = (2 * mean_a * mean_b + c1) / (mean_a.square() + mean_b.square() + c1)
    structure = (2 * together + c2) / (spread_a + spread_b + c2)
    return (light * structure).flatten(1).mean(dim=1)


def _blurred(x: Tensor) -> Tensor:
    """Means under a Gaussian window, where it fits into the picture."""
    places = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    bell = (-places.square() / (2 * SIGMA**2)).exp()
    bell = (bell / bell.sum()).expand(x.shape[1], 1, 1, WINDOW)
    x = F.conv2d(x, bell, groups=x.shape[1])
    return F.conv2d(x, bell.transpose(2, 3), groups=x.shape[1])
