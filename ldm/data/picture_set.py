"""What every data set gives: pictures one by one, and something that is told of each. Nothing is loaded before."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ldm.data.told import Described, Telling


class PictureSet(Protocol):
    """Pictures with what is told of them, to train on and to measure with."""

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def told(self) -> Telling:
        """What is told of them all."""
        ...

    def pictures(self, start: int, stop: int) -> Tensor:
        """Those from start to stop: (n, 3, h, w) in -1..1, always the same."""
        ...

    def describe(self, index: int, generator: torch.Generator) -> Described:
        """What is told of one; where there are several ways to say it, one of them."""
        ...

    def pixels(self, size: int, generator: torch.Generator) -> Tensor:
        """Some of them for a first stage, (size, 3, h, w) in -1..1, which need not be whole."""
        ...


@runtime_checkable
class MaskedPictureSet(PictureSet, Protocol):
    """Pictures that each have a mask."""

    def masks(self, start: int, stop: int) -> Tensor:
        """The masks of those from start to stop: (n, 1, h, w), 1 in the hole, 0 elsewhere."""
        ...


@runtime_checkable
class MappedPictureSet(PictureSet, Protocol):
    """Pictures that each have a map of what is where."""

    def maps(self, start: int, stop: int) -> Tensor:
        """The maps of those from start to stop: (n, 1, h, w), the number of each pixel's class."""
        ...
