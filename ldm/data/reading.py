"""Pictures and masks from files as training wants them: a square of one size, cut out of the file's picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import PIL.Image
import PIL.ImageOps
import torch
from torch import Tensor

ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif"}

Square: TypeAlias = tuple[float, float, float]
"""Left, top and side of a square, in pixels."""


class DataSetError(ValueError):
    """A data set that cannot be used as it is; the message names the file, what was expected, and what to do."""


def pictures_below(folder: Path) -> Iterator[Path]:
    """The pictures of a folder and of those below it, in order; hidden files are left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in ENDINGS and not hidden and path.is_file():
            yield path


def centre(size: tuple[int, int]) -> Square:
    """The largest square in the middle of a picture of this width and height."""
    side = min(size)
    return (size[0] - side) / 2, (size[1] - side) / 2, side


def read_picture(path: Path, side: int, place: tuple[float, float] | None = None) -> Tensor:
    """A square of a picture, (3, side, side) in -1..1.

    Args:
        path: The file.
        side: The square is scaled to so many pixels, with an antialiased filter.
        place: Where the square lies, in shares of the room that there is across and down; by default in the middle.

    Raises:
        DataSetError: the file cannot be read as a picture.
    """
    picture = _opened(path).convert("RGB")
    left, top, width = centre(picture.size)
    if place is not None:
        left, top = place[0] * (picture.width - width), place[1] * (picture.height - width)
    square = picture.resize(
        (side, side),
        PIL.Image.Resampling.BICUBIC,
        box=(left, top, left + width, top + width),
        reducing_gap=3.0,
    )
    return torch.from_numpy(np.asarray(square, dtype=np.float32)).movedim(-1, 0) / 127.5 - 1


def read_mask(path: Path, side: int) -> Tensor:
    """The middle square of a mask, (1, side, side): 1 where it is lighter than grey, 0 elsewhere.

    Raises:
        DataSetError: the file cannot be read as a picture.
    """
    mask = _opened(path).convert("L")
    left, top, width = centre(mask.size)
    square = mask.resize(
        (side, side), PIL.Image.Resampling.BILINEAR, box=(left, top, left + width, top + width)
    )
    return (torch.from_numpy(np.asarray(square, dtype=np.float32)) > 127).float()[None]


def read_map(path: Path, side: int, classes: int) -> Tensor:
    """The middle square of a map, (1, side, side): the number of each pixel's class, as bytes.

    It is what a grey pixel is, 0 to 255, or the red of one in colours, or its place in a palette.

    Raises:
        DataSetError: the file cannot be read as a picture, or a number is none of a class.
    """
    picture = _opened(path)
    numbers = picture if picture.mode in ("L", "P") else picture.convert("RGB").getchannel("R")
    left, top, width = centre(numbers.size)
    square = numbers.resize(
        (side, side), PIL.Image.Resampling.NEAREST, box=(left, top, left + width, top + width)
    )
    found = torch.from_numpy(np.asarray(square, dtype=np.uint8).copy())
    if int(found.max()) >= classes:
        raise DataSetError(
            f"{path} says class {int(found.max())}, but there are {classes}, numbered from 0. Tell of more, or mend it."
        )
    return found[None]


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a picture that stands upright, by its header."""
    try:
        with PIL.Image.open(path) as picture:
            width, height = picture.size
            turned = picture.getexif().get(0x0112, 1) >= 5
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error
    return (height, width) if turned else (width, height)


def _opened(path: Path) -> PIL.Image.Image:
    try:
        with PIL.Image.open(path) as picture:
            return PIL.ImageOps.exif_transpose(_of_eight_bits(picture.copy()))
    except (OSError, SyntaxError, PIL.Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from error


def _of_eight_bits(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Grey pictures of 16 bits, which Pillow would cut off at 255, in 8."""
    if not picture.mode.startswith("I"):
        return picture
    return PIL.Image.fromarray((np.asarray(picture, dtype=np.float32) / 257).clip(0, 255).astype(np.uint8))


def _unreadable(path: Path, error: Exception) -> DataSetError:
    return DataSetError(
        f"{path} cannot be read as a picture ({error}). Save it anew as PNG or JPEG, or take it out of the folder."
    )
