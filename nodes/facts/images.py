"""What is known of pictures and masks: how many, how large, with how many channels."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import PIL.Image

from engine.api import Clash, Context, Fact, Facts
from nodes.facts.known import (
    LAYERS,
    PIXELS,
    Side,
    image_fact,
    mask_fact,
    most,
    number,
    reshaped,
    sides,
    times,
    together,
)
from nodes.opening import NO_MASK, ONE_PICTURE

TURNED = {5, 6, 7, 8}  # what EXIF says of a picture that lies on its side
ORIENTATION = 0x0112


# ---- from files


def loaded(image: str | None, ctx: Context) -> Facts:
    """A picture of the input folder, and its transparency."""
    return _in_file(image, ctx)


def loaded_mask(image: str | None, channel: str | None, ctx: Context) -> Facts:
    """One channel of the first picture."""
    found = _in_file(image, ctx)
    if not isinstance(found, tuple):
        return found
    picture, see_through = found
    _, height, width, _ = sides(picture, PIXELS)
    alpha = sides(see_through, LAYERS) if channel == "alpha" else (1, height, width)
    return mask_fact(1, alpha[1], alpha[2]) if channel is not None else mask_fact(1, None, None)


def _in_file(name: str | None, ctx: Context) -> Facts:
    if name is None:
        return None
    try:
        path = ctx.input_file(name)
        state = path.stat()
        frames, width, height, alpha = _header(path, state.st_size, state.st_mtime_ns)
    except (OSError, ValueError, SyntaxError):  # loading it will say what is wrong
        return None
    cut_out = (height, width) if alpha else (NO_MASK, NO_MASK)
    return image_fact(frames, height, width), mask_fact(frames, *cut_out)


@lru_cache(maxsize=256)
def _header(path: Path, size: int, date: int) -> tuple[Side, int, int, bool]:
    """How many pictures a file holds (None: several, perhaps not all of them count), how large, and if see-through."""
    with PIL.Image.open(path) as opened:
        moves = opened.format not in ONE_PICTURE and getattr(opened, "is_animated", False)
        alpha = "A" in opened.getbands() or "transparency" in opened.info
        width, height = opened.size
        said = opened.format != "PNG" or "exif" in opened.info  # of a PNG, it would be read to its end for it
        if said and opened.getexif().get(ORIENTATION) in TURNED:
            width, height = height, width
    return (None if moves else 1), width, height, alpha


# ---- other sizes


def scaled(image: Fact, width: Side, height: Side) -> Fact:
    """Another size; 0 keeps the proportions."""
    batch, down, across, channels = sides(image, PIXELS)
    if width == 0 and height == 0:
        return image
    if width == 0:
        width = None if None in (down, across, height) else max(1, round(across * height / down))  # type: ignore[operator]
    elif height == 0:
        height = None if None in (down, across, width) else max(1, round(down * width / across))  # type: ignore[operator]
    return reshaped(image, (batch, height, width, channels))


def scaled_by(image: Fact, scale_by: float | None) -> Fact:
    """So many times as large."""
    batch, height, width, channels = sides(image, PIXELS)
    return reshaped(image, (batch, times(height, scale_by, round), times(width, scale_by, round), channels))


def scaled_to_pixels(image: Fact, megapixels: float | None) -> Fact:
    """So many pixels, with its proportions."""
    batch, height, width, channels = sides(image, PIXELS)
    factor = None
    if height and width and megapixels is not None:
        factor = math.sqrt(int(megapixels * 1024 * 1024) / (width * height))
    return reshaped(image, (batch, times(height, factor, round), times(width, factor, round), channels))


def scaled_to_side(image: Fact, largest_size: Side) -> Fact:
    """The longer side of so many pixels."""
    batch, height, width, channels = sides(image, PIXELS)
    if height is None or width is None or largest_size is None:
        return reshaped(image, (batch, None, None, channels))
    lengths = [max(1, round(side / max(height, width) * largest_size)) for side in (height, width)]
    return reshaped(image, (batch, *lengths, channels))


def in_frame(image: Fact, target_width: Side, target_height: Side) -> Fact:
    """In the middle of a ground of this size."""
    batch, _, _, channels = sides(image, PIXELS)
    return reshaped(image, (batch, target_height, target_width, channels))


def cropped(image: Fact, width: Side, height: Side, x: Side, y: Side) -> Fact:
    """A rectangle out of it, as far as it reaches."""
    batch, down, across, channels = sides(image, PIXELS)
    return reshaped(image, (batch, _within(down, y, height), _within(across, x, width), channels))


def _within(whole: Side, first: Side, length: Side) -> Side:
    if whole is None or first is None or length is None:
        return None
    return min(length, whole - min(first, whole - 1))


def turned(image: Fact, rotation: str | None) -> Fact:
    """Turned by quarters."""
    batch, height, width, channels = sides(image, PIXELS)
    if rotation is None:
        return reshaped(image, (batch, None, None, channels))
    across = rotation.startswith(("90", "270"))
    return reshaped(image, (batch, *((width, height) if across else (height, width)), channels))


def padded(image: Fact, left: Side, top: Side, right: Side, bottom: Side) -> Facts:
    """Larger by its edges, with the mask of what is new."""
    batch, height, width, channels = sides(image, PIXELS)
    down, across = together(height, top, bottom), together(width, left, right)
    return reshaped(image, (batch, down, across, channels)), mask_fact(1, down, across)


def measured(image: Fact) -> Facts:
    """Its size as numbers."""
    batch, height, width, _ = sides(image, PIXELS)
    return number(width), number(height), number(batch)


# ---- new ones, and those that stay as they are


def empty(width: Side, height: Side, batch_size: Side) -> Fact:
    """A plain ground."""
    return image_fact(batch_size, height, width)


def same(image: Fact) -> Fact:
    """It stays what it is."""
    return image


def same_as_first(image1: Fact, image2: Fact) -> Fact:
    """Of the first one's size."""
    return image1


def laid_over(destination: Fact, source: Fact) -> Fact:
    """Of the size of what lies below."""
    return destination


def joined(image1: Fact, image2: Fact) -> Fact:
    """Two batches as one, of the first one's size."""
    batch, height, width, channels = sides(image1, PIXELS)
    more, _, _, others = sides(image2, PIXELS)
    return reshaped(image1, (together(batch, more), height, width, most(channels, others)))


def taken(image: Fact, batch_index: Side, length: Side) -> Fact:
    """Some out of a batch."""
    batch, *rest = sides(image, PIXELS)
    return reshaped(image, (_within(batch, batch_index, length), *rest))


def repeated(image: Fact, amount: Side) -> Fact:
    """A batch several times."""
    batch, *rest = sides(image, PIXELS)
    return reshaped(image, (times(batch, amount), *rest))


def rebatched(images: Fact) -> Fact:
    """Cut anew; there may be fewer in the last."""
    _, *rest = sides(images, PIXELS)
    return reshaped(images, (None, *rest))


def split(image: Fact) -> Facts:
    """Colours and transparency apart."""
    batch, height, width, _ = sides(image, PIXELS)
    return reshaped(image, (batch, height, width, 3)), mask_fact(batch, height, width)


# ---- masks


def picture_of_mask(mask: Fact) -> Fact:
    """In grey."""
    batch, height, width = sides(mask, LAYERS)
    return image_fact(batch, height, width)


def mask_of_picture(image: Fact) -> Fact:
    """One value for each pixel."""
    batch, height, width, _ = sides(image, PIXELS)
    return mask_fact(batch, height, width)


def channel_of_picture(image: Fact, channel: str | None) -> Facts:
    """One of its channels."""
    channels = sides(image, PIXELS)[3]
    if channel == "alpha" and channels is not None and channels < 4:
        return Clash("image", f"it has {channels} channels, and so no alpha", "Choose another channel.")
    return mask_of_picture(image)


def solid_mask(width: Side, height: Side) -> Fact:
    """The same everywhere."""
    return mask_fact(1, height, width)


def same_mask(mask: Fact) -> Fact:
    """It stays what it is."""
    return mask


def cropped_mask(mask: Fact, x: Side, y: Side, width: Side, height: Side) -> Fact:
    """A rectangle out of it, as far as it reaches."""
    batch, down, across = sides(mask, LAYERS)
    return reshaped(mask, (batch, _within(down, y, height), _within(across, x, width)))


def combined_masks(destination: Fact, source: Fact) -> Fact:
    """Of the size of what lies below, as many as the more numerous are."""
    batch, height, width = sides(destination, LAYERS)
    return reshaped(destination, (most(batch, sides(source, LAYERS)[0]), height, width))
