"""What is changed between a UNet's two ways: skips made quieter, features made louder, maps made smaller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

from ldm.resizing import bislerp
from ldm.unet.changes import FreeU, Resizing, Shrink, Way

LOWEST = 1  # frequencies on each side of zero
NOT_MADE_FOR = (
    "The ControlNet or T2I adapter was made for another model: its features do not fit to this one's. Take one for the "
    "same family."
)


def shrunk(x: Tensor, way: Way, *, after_skip: bool) -> Tensor:
    """The features behind an input block, smaller if that is where they shrink."""
    for change in way.changes:
        if not isinstance(change, Shrink) or change.after_skip is not after_skip:
            continue
        if change.block == way.place and change.last <= way.time <= change.first:
            height, width = (max(1, round(side / change.factor)) for side in x.shape[-2:])
            x = resized(x, (height, width), change.down)
    return x


def grown(x: Tensor, skip: Tensor, way: Way) -> Tensor:
    """The features on the way up as large as the skip that they meet."""
    if x.shape[-2:] == skip.shape[-2:]:
        return x
    methods = [change.up for change in way.changes if isinstance(change, Shrink)]
    return resized(x, _size(skip), methods[0])


@dataclass(frozen=True, slots=True, eq=False)
class Added:
    """What is added to a UNet's features: to its skips from the first, with the middle behind them, or on the way down.

    `inputs` are added behind the input blocks of these numbers, of which the middle has the one after the last.
    """

    skips: tuple[Tensor, ...] = ()
    inputs: Mapping[int, Tensor] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.skips or self.inputs)

    def check(self, blocks: int) -> None:
        """Let nothing be added to a UNet of another number of input blocks.

        Raises:
            ValueError: it was made for another UNet.
        """
        if (self.skips and len(self.skips) != blocks + 1) or any(number > blocks for number in self.inputs):
            raise ValueError(NOT_MADE_FOR)

    def to_skip(self, x: Tensor, number: int) -> Tensor:
        """A skip with what is added to it."""
        return _raised(x, self.skips[number]) if self.skips else x

    def to_middle(self, x: Tensor, number: int) -> Tensor:
        """The features behind the middle with what is added to them."""
        return self.to_input(self.to_skip(x, number), number)

    def to_input(self, x: Tensor, number: int) -> Tensor:
        """The features behind an input block with what is added to them."""
        return _raised(x, self.inputs[number]) if number in self.inputs else x


NOTHING_ADDED = Added()


def _raised(x: Tensor, added: Tensor) -> Tensor:
    """The sum, in the size of the first."""
    if added.shape[1] != x.shape[1]:
        raise ValueError(NOT_MADE_FOR)
    added = added.to(x)
    return x + (added if added.shape[-2:] == x.shape[-2:] else resized(added, _size(x), "bilinear"))


def weighed(x: Tensor, skip: Tensor, way: Way, first_width: int) -> tuple[Tensor, Tensor]:
    """The features and the skip as FreeU weighs them."""
    for change in way.changes:
        if isinstance(change, FreeU) and x.shape[1] in (4 * first_width, 2 * first_width):
            number = 0 if x.shape[1] == 4 * first_width else 1
            x = _louder(x, change.backbone[number], by_mean=change.by_mean)
            skip = low_scaled(skip, change.skip[number])
    return x, skip


def _louder(x: Tensor, factor: float, *, by_mean: bool) -> Tensor:
    """The first half of the channels louder."""
    louder, rest = x.tensor_split([x.shape[1] // 2], dim=1)
    if not by_mean:
        return torch.cat([louder * factor, rest], dim=1)
    mean = x.mean(dim=1, keepdim=True)
    low, high = mean.amin(dim=(2, 3), keepdim=True), mean.amax(dim=(2, 3), keepdim=True)
    height = (mean - low) / (high - low).clamp(min=torch.finfo(x.dtype).tiny)
    return torch.cat([louder * (1 + (factor - 1) * height), rest], dim=1)


def low_scaled(x: Tensor, scale: float) -> Tensor:
    """A map with its lowest frequencies scaled."""
    wide = x if x.dtype == torch.float64 else x.float()
    waves = torch.fft.fftn(wide, dim=(-2, -1))
    height, width = x.shape[-2:]
    low = _lowest(height, x)[:, None] & _lowest(width, x)
    scaled: Tensor = torch.fft.ifftn(torch.where(low, waves * scale, waves), dim=(-2, -1)).real
    return scaled.to(x.dtype)


def _lowest(side: int, x: Tensor) -> Tensor:
    """Which of the frequencies along a side count as low: zero and the one below it."""
    numbers = torch.arange(side, device=x.device)
    return (numbers < LOWEST) | (numbers >= side - LOWEST)


def _size(x: Tensor) -> tuple[int, int]:
    height, width = x.shape[-2:]
    return height, width


def resized(x: Tensor, size: tuple[int, int], method: Resizing) -> Tensor:
    """A map (b, c, h, w) in another size."""
    if method == "bislerp":
        return bislerp(x, size[1], size[0])
    return F.interpolate(x, size=size, mode=method)
