"""Data sets to train on and to measure with: Shapeland, and a user's own folders below the input folder."""

from __future__ import annotations

import hashlib
from typing import Annotated

from engine.api import Context, Output, Range, Seed, node
from ldm.data.coco import boxed
from ldm.data.folders import captioned, in_classes, mapped, masked, plain
from ldm.shapeland.dataset import Shapeland
from nodes.port_types import DataSet

Data = Annotated[DataSet, Output("data")]
Side = Annotated[int, Range(16, 4096, step=8)]
Weight = Annotated[float, Range(0.0, 1000.0)]

MISSING = "missing"


@node("ShapelandData", title="Shapeland", category="training")
def shapeland_data(
    count: Annotated[int, Range(1, 10_000_000)] = 24_000,
    one: Weight = 0.7,
    two: Weight = 0.2,
    three: Weight = 0.1,
    seed: Seed = 0,
) -> Data:
    """A world of coloured shapes with captions, drawn as it is needed; a tenth of the single shapes is held out.

    Args:
        count: How many scenes.
        one: Weight of scenes with one shape.
        two: Weight of scenes with two shapes.
        three: Weight of scenes with three shapes.
        seed: Which scenes.
    """
    return DataSet(Shapeland(count, (one, two, three), seed))


def state_of(folder: str, ctx: Context) -> str:
    """What the files of a folder are called, how large they are and how old."""
    return _state(folder, ctx)


@node("PictureFolder", title="Pictures of a folder", category="training", fingerprint=state_of)
def picture_folder(folder: str = "pictures", side: Side = 256, *, ctx: Context) -> Data:
    """Pictures of which nothing is told, for a first stage or a model that paints without being told anything.

    Args:
        folder: Below the input folder; folders in it count too.
        side: Each picture is shown as a square of so many pixels, cut out of its middle.
    """
    return DataSet(plain(ctx.input_folder(folder), side))


@node("CaptionedPictures", title="Pictures with captions", category="training", fingerprint=state_of)
def captioned_pictures(folder: str = "pictures", side: Side = 256, *, ctx: Context) -> Data:
    """Pictures with a text beside each: name.png and name.txt, in which each line is a caption.

    Args:
        folder: Below the input folder; folders in it count too.
        side: Each picture is shown as a square of so many pixels, cut out of its middle.
    """
    return DataSet(captioned(ctx.input_folder(folder), side))


@node("ClassFolders", title="Pictures in class folders", category="training", fingerprint=state_of)
def class_folders(folder: str = "classes", side: Side = 256, *, ctx: Context) -> Data:
    """Pictures in a folder for each class, which are numbered in the order of the folders' names.

    Args:
        folder: Below the input folder, with the classes' folders in it.
        side: Each picture is shown as a square of so many pixels, cut out of its middle.
    """
    return DataSet(in_classes(ctx.input_folder(folder), side))


def state_of_pairs(folder: str, masks: str, ctx: Context) -> str:
    """The state of both folders."""
    return _state(folder, ctx) + _state(masks, ctx)


@node("MaskedPictures", title="Pictures with masks", category="training", fingerprint=state_of_pairs)
def masked_pictures(
    folder: str = "pictures", masks: str = "masks", side: Side = 256, *, ctx: Context
) -> Data:
    """Pictures, each with a mask of the same name in another folder, to learn inpainting from.

    Args:
        folder: Of the pictures, below the input folder.
        masks: Of the masks, below the input folder: white where the hole is.
        side: Each picture is shown as a square of so many pixels, cut out of its middle.
    """
    return DataSet(masked(ctx.input_folder(folder), ctx.input_folder(masks), side))


def state_of_maps(folder: str, maps: str, ctx: Context) -> str:
    """The state of both folders."""
    return _state(folder, ctx) + _state(maps, ctx)


@node("MappedPictures", title="Pictures with semantic maps", category="training", fingerprint=state_of_maps)
def mapped_pictures(
    folder: str = "pictures",
    maps: str = "maps",
    classes: Annotated[int, Range(2, 256)] = 182,
    side: Side = 256,
    *,
    ctx: Context,
) -> Data:
    """Pictures, each with a map of the same name in another folder, to learn painting after maps from.

    Args:
        folder: Of the pictures, below the input folder.
        maps: Of the maps, below the input folder: grey or red, 0 to 255, is the number of each pixel's class.
        classes: How many there are.
        side: Each picture is shown as a square of so many pixels, cut out of its middle.
    """
    return DataSet(mapped(ctx.input_folder(folder), ctx.input_folder(maps), side, classes))


def state_of_boxes(annotations: str, folder: str, ctx: Context) -> str:
    """The state of the annotations and of the pictures."""
    try:
        about = ctx.input_file(annotations).stat()
    except (OSError, ValueError):
        return MISSING
    return f"{about.st_size} {about.st_mtime_ns} {_state(folder, ctx)}"


@node("BoxedPictures", title="Pictures with boxes", category="training", fingerprint=state_of_boxes)
def boxed_pictures(
    annotations: str = "instances.json",
    folder: str = "pictures",
    side: Side = 256,
    most: Annotated[int, Range(1, 1000)] = 30,
    *,
    ctx: Context,
) -> Data:
    """Pictures with boxes around things, as COCO's instances have them, to learn painting layouts from.

    Args:
        annotations: A JSON file below the input folder.
        folder: Where the pictures lie that it names, below the input folder.
        side: Each picture is shown as a square of so many pixels, cut out of its middle.
        most: How many boxes of a picture are told at most, the largest first.
    """
    return DataSet(boxed(ctx.input_file(annotations), ctx.input_folder(folder), side, most))


def _state(folder: str, ctx: Context) -> str:
    try:
        home = ctx.input_folder(folder)
    except (OSError, ValueError):  # the node itself will say what is wrong
        return MISSING
    told = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        if path.is_file():
            about = path.stat()
            told.update(f"{path.relative_to(home)} {about.st_size} {about.st_mtime_ns}\n".encode())
    return told.hexdigest()
