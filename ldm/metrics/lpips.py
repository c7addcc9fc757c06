"""LPIPS (Zhang et al. 2018): how different two pictures look to VGG16, under the names of CompVis' training files."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTHS = (64, 128, 256, 512, 512)
CONVOLUTIONS = (2, 2, 3, 3, 3)
SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
EPSILON = 1e-10


class _Slice(nn.Module):
    """A part of VGG16: convolutions with ReLU, named by their numbers in the whole, behind a pooling."""

    def __init__(self, first: int, channels: int, width: int, convolutions: int) -> None:
        super().__init__()
        for number in range(convolutions):
            self.add_module(str(first + 2 * number), nn.Conv2d(channels, width, 3, padding=1))
            channels = width

    def forward(self, x: Tensor) -> Tensor:
        """(b, in, h, w) to (b, out, h, w)."""
        for convolution in self.children():
            x = F.relu(convolution(x))
        return x


class _Vgg(nn.Module):
    """The maps of VGG16 behind relu1_2, 2_2, 3_3, 4_3 and 5_3."""

    def __init__(self) -> None:
        super().__init__()
        first, channels = 0, 3
        for index, (width, convolutions) in enumerate(zip(WIDTHS, CONVOLUTIONS, strict=True), 1):
            self.add_module(f"slice{index}", _Slice(first, channels, width, convolutions))
            first, channels = first + 2 * convolutions + 1, width

    def forward(self, x: Tensor) -> list[Tensor]:
        """Finest first."""
        maps: list[Tensor] = []
        for index, part in enumerate(self.children()):
            x = part(F.max_pool2d(x, 2) if index else x)
            maps.append(x)
        return maps


class _Weighing(nn.Module):
    """A learned weight for each channel of a map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Dropout(), nn.Conv2d(channels, 1, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(b, c, h, w) to (b,)."""
        weighed: Tensor = self.model(x)
        return weighed.mean(dim=(1, 2, 3))


class Lpips(nn.Module):
    """The distance of two pictures (b, 3, h, w) in -1..1: (b,), 0 for equal ones."""

    def __init__(self) -> None:
        super().__init__()
        self.net = _Vgg()
        for index, width in enumerate(WIDTHS):
            self.add_module(f"lin{index}", _Weighing(width))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Weighed squared differences of unit features, over all maps."""
        _, *weighings = self.children()
        pairs = zip(weighings, self.net(_scaled(a)), self.net(_scaled(b)), strict=True)
        return torch.stack([weigh((_unit(x) - _unit(y)).square()) for weigh, x, y in pairs]).sum(dim=0)


def _scaled(pixels: Tensor) -> Tensor:
    """As VGG was trained on, from -1..1."""
    shift, scale = (torch.tensor(one).to(pixels)[:, None, None] for one in (SHIFT, SCALE))
    return (pixels - shift) / scale


def _unit(x: Tensor) -> Tensor:
    return F.normalize(x, dim=1, eps=EPSILON)
