"""Data sets with boxes: a JSON file in the manner of COCO's `instances`, and a folder with its pictures."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import msgspec

from ldm.data.folders import Example, Pictures
from ldm.data.reading import DataSetError, centre
from ldm.data.told import Boxes
from ldm.text.boxes import LayoutBox

LEAST_SEEN = 0.25  # of a box's area, in the square that is shown; of less, nobody could tell what it is


class _Picture(msgspec.Struct):
    id: int
    file_name: str
    width: int
    height: int


class _Annotation(msgspec.Struct):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class _Category(msgspec.Struct):
    id: int
    name: str


class _Instances(msgspec.Struct):
    images: list[_Picture]
    annotations: list[_Annotation]
    categories: list[_Category]


def boxed(annotations: Path, folder: Path, side: int, most: int = 30) -> Pictures:
    """Pictures with boxes, the largest first; of each the part that lies in the middle square is told.

    Classes are numbered in the order of their ids. Boxes around crowds are left out, and so is what is hardly seen.

    Args:
        annotations: The JSON file: `images`, `annotations` with `bbox` (left, top, width, height), `categories`.
        folder: Where the pictures lie that it names.
        side: Of the square that is shown, in pixels.
        most: How many boxes of a picture are told at most.

    Raises:
        DataSetError: the file is not of that kind, or names a picture or a class that is not there.
    """
    said = _instances(annotations)
    numbers = {one.id: number for number, one in enumerate(sorted(said.categories, key=lambda one: one.id))}
    around: dict[int, list[_Annotation]] = defaultdict(list)
    for index, one in enumerate(said.annotations):
        if one.category_id not in numbers:
            raise DataSetError(
                f"{annotations}: annotations[{index}] is of category {one.category_id}, which is not there."
            )
        if not one.iscrowd:
            around[one.image_id].append(one)
    examples = []
    for picture in said.images:
        path = _inside(folder, picture.file_name, annotations)
        boxes = [_seen(one, numbers[one.category_id], picture) for one in around[picture.id]]
        shown = sorted((box for box in boxes if box is not None), key=lambda box: -box.width * box.height)
        examples.append(Example(path, (tuple(shown[:most]),)))
    if not examples:
        raise DataSetError(f"{annotations} names no images.")
    names = tuple(one.name for one in sorted(said.categories, key=lambda one: one.id))
    return Pictures(tuple(examples), Boxes(names, most), side)


def _instances(path: Path) -> _Instances:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Instances)
    except FileNotFoundError as error:
        raise DataSetError(f"There is no file {path}.") from error
    except msgspec.DecodeError as error:
        raise DataSetError(f"{path} is not as COCO's instances are: {error}.") from error


def _inside(folder: Path, name: str, annotations: Path) -> Path:
    path = folder / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise DataSetError(f"{annotations} names {name!r}, which leads out of {folder}.")
    if not path.is_file():
        raise DataSetError(f"{annotations} names {name}, which is not in {folder}.")
    return path


def _seen(one: _Annotation, number: int, picture: _Picture) -> LayoutBox | None:
    """The part of a box in the middle square, in shares of that; None for too small a part."""
    left, top, side = centre((picture.width, picture.height))
    across, down, width, height = one.bbox
    begin = [max((one - edge) / side, 0.0) for one, edge in ((across, left), (down, top))]
    end = [min((one - edge) / side, 1.0) for one, edge in ((across + width, left), (down + height, top))]
    wide, tall = (last - first for first, last in zip(begin, end, strict=True))
    whole = width * height / side**2
    if wide <= 0 or tall <= 0 or wide * tall < LEAST_SEEN * whole:
        return None
    return LayoutBox(number, begin[0], begin[1], wide, tall)
