"""What a data set tells of its pictures, so that a model which listens to it can be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ldm.text.boxes import LayoutBox

Described: TypeAlias = str | tuple[LayoutBox, ...]
"""What is told of one picture: words (of classes, the number of one), or a layout of boxes."""


@dataclass(frozen=True, slots=True)
class Words:
    """Captions of these words, with their beginning and end at most `length` tokens long."""

    words: tuple[str, ...]
    length: int


@dataclass(frozen=True, slots=True)
class Classes:
    """One class of these for each picture."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Boxes:
    """Up to `most` boxes in each picture, each of one of these classes."""

    names: tuple[str, ...]
    most: int


@dataclass(frozen=True, slots=True)
class Maps:
    """Nothing in words; but of each pixel, which of so many classes it is."""

    classes: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing."""


Telling: TypeAlias = Words | Classes | Boxes | Maps | Silence
