"""Data sets in folders: pictures with captions, a folder for each class, pictures with masks or with maps.

Texts are read at once, pictures when they are looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ldm.data.reading import (
    ENDINGS,
    DataSetError,
    pictures_below,
    read_map,
    read_mask,
    read_picture,
    size_of,
)
from ldm.data.told import Classes, Described, Maps, Silence, Telling, Words
from ldm.text.tokenizer import split_words

ENDS = 2  # tokens for where a caption begins and ends


@dataclass(frozen=True, slots=True)
class Example:
    """A picture's file, the ways to describe it, and the file of its mask or map where it has one."""

    picture: Path
    described: tuple[Described, ...]
    partner: Path | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures in files, each shown as a square of `side` pixels; described as one of its example's ways."""

    examples: tuple[Example, ...]
    told: Telling
    side: int

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.examples)

    def pictures(self, start: int, stop: int) -> Tensor:
        """The middle of those from start to stop: (n, 3, side, side) in -1..1."""
        return torch.stack([read_picture(one.picture, self.side) for one in self.examples[start:stop]])

    def describe(self, index: int, generator: torch.Generator) -> Described:
        """One of the ways to describe it."""
        ways = self.examples[index].described
        return ways[int(torch.randint(len(ways), (), generator=generator))]

    def pixels(self, size: int, generator: torch.Generator) -> Tensor:
        """Squares from anywhere in random pictures, half of them mirrored: (size, 3, side, side) in -1..1."""
        chosen = torch.randint(len(self.examples), (size,), generator=generator).tolist()
        chances = torch.rand(size, 3, generator=generator).tolist()
        found = []
        for index, (across, down, mirrored) in zip(chosen, chances, strict=True):
            picture = read_picture(self.examples[index].picture, self.side, (across, down))
            found.append(picture.flip(-1) if mirrored < 0.5 else picture)
        return torch.stack(found)


@dataclass(frozen=True, slots=True)
class MaskedPictures(Pictures):
    """The same, each with a mask."""

    def masks(self, start: int, stop: int) -> Tensor:
        """The middle of the masks from start to stop: (n, 1, side, side), 1 in the hole, 0 elsewhere."""
        return torch.stack([read_mask(mask, self.side) for mask in _partners(self.examples[start:stop])])


@dataclass(frozen=True, slots=True)
class MappedPictures(Pictures):
    """The same, each with a map of what is where, of so many classes."""

    classes: int

    def maps(self, start: int, stop: int) -> Tensor:
        """The middle of the maps from start to stop: (n, 1, side, side), the number of each pixel's class."""
        partners = _partners(self.examples[start:stop])
        return torch.stack([read_map(one, self.side, self.classes) for one in partners])


def _partners(examples: Sequence[Example]) -> list[Path]:
    return [one.partner for one in examples if one.partner is not None]


def captioned(folder: Path, side: int) -> Pictures:
    """Pictures with captions: beside each `name.png` a `name.txt`, whose lines are each a caption.

    The words that occur are the vocabulary, the most frequent first.

    Raises:
        DataSetError: there are no pictures, or one has no caption.
    """
    examples = tuple(Example(path, _captions(path)) for path in _some(folder))
    said = [split_words(str(way)) for one in examples for way in one.described]
    counts = Counter(word for words in said for word in words)
    words = tuple(sorted(counts, key=lambda word: (-counts[word], word)))
    return Pictures(examples, Words(words, max(map(len, said)) + ENDS), side)


def plain(folder: Path, side: int) -> Pictures:
    """Pictures of which nothing is told.

    Raises:
        DataSetError: there are none.
    """
    return Pictures(tuple(Example(path, ("",)) for path in _some(folder)), Silence(), side)


def in_classes(folder: Path, side: int) -> Pictures:
    """Pictures in a folder for each class; classes are numbered in the order of their folders' names.

    Raises:
        DataSetError: there are no class folders, one is empty, or a picture lies beside them.
    """
    homes = sorted(path for path in _existing(folder).iterdir() if path.is_dir() and path.name[0] != ".")
    strays = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    if strays:
        raise DataSetError(
            f"{strays[0]} lies beside the folders of the classes. Put it into that of its class."
        )
    if not homes:
        raise DataSetError(
            f"{folder} has no folders in it. Put the pictures of each class into one of its own."
        )
    examples = [Example(path, (str(number),)) for number, home in enumerate(homes) for path in _some(home)]
    return Pictures(tuple(examples), Classes(tuple(home.name for home in homes)), side)


def masked(folder: Path, masks: Path, side: int) -> MaskedPictures:
    """Pictures with masks of the same names in another folder, white where the hole is.

    Raises:
        DataSetError: there are no pictures, one has no mask, or a mask is of another size.
    """
    return MaskedPictures(_paired(folder, masks, "mask"), Silence(), side)


def mapped(folder: Path, maps: Path, side: int, classes: int) -> MappedPictures:
    """Pictures with maps of the same names in another folder, whose pixels are numbers of classes.

    Raises:
        DataSetError: there are no pictures, one has no map, or a map is of another size.
    """
    return MappedPictures(_paired(folder, maps, "map"), Maps(classes), side, classes)


def _paired(folder: Path, others: Path, what: str) -> tuple[Example, ...]:
    below = {path.relative_to(others).with_suffix(""): path for path in pictures_below(_existing(others))}
    examples = []
    for path in _some(folder):
        partner = below.get(path.relative_to(folder).with_suffix(""))
        if partner is None:
            raise DataSetError(f"{path} has no {what}: there is no picture of that name in {others}.")
        if size_of(partner) != size_of(path):
            raise DataSetError(
                f"{partner} has {' x '.join(map(str, size_of(partner)))} pixels, but {path.name} has "
                f"{' x '.join(map(str, size_of(path)))}. Make them the same."
            )
        examples.append(Example(path, ("",), partner))
    return tuple(examples)


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise DataSetError(f"There is no folder {folder}.")
    return folder


def _some(folder: Path) -> list[Path]:
    found = [path for path in pictures_below(_existing(folder)) if path.suffix]
    if not found:
        raise DataSetError(f"{folder} has no pictures: no file that ends in {', '.join(sorted(ENDINGS))}.")
    return found


def _captions(picture: Path) -> tuple[str, ...]:
    path = picture.with_suffix(".txt")
    try:
        lines = tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    except FileNotFoundError:
        raise DataSetError(f"{picture} has no caption: write it into {path.name} beside it.") from None
    except UnicodeDecodeError as error:
        raise DataSetError(f"{path} is no text in UTF-8 ({error}). Save it anew.") from error
    if not lines:
        raise DataSetError(f"{path} is empty. Write into it what {picture.name} shows.")
    return lines
