"""Pictures in and out: load, save with the graph inside, and show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import torch

from engine.api import Context, ModelFile, Published, node
from nodes.facts import images
from nodes.opening import NO_MASK, colours, frames, transparency
from nodes.port_types import Image, Mask
from nodes.saving import publish_pngs, publish_preview

COLOURS = ("red", "green", "blue")


class LoadedImage(NamedTuple):
    """A picture, and where it is see-through."""

    image: Image
    mask: Mask


@node("LoadImage", title="Load image", category="image", version=2, facts=images.loaded)
def load_image(image: Annotated[str, ModelFile("input")], *, ctx: Context) -> LoadedImage:
    """Load a picture from the input folder, turned upright; its transparency becomes the mask.

    An animated picture becomes a batch. Without transparency the mask is empty, of 64 x 64 pixels.

    Args:
        image: A file of the input folder.
    """
    return load_picture(ctx.input_file(image), image)


def load_picture(path: Path, name: str) -> LoadedImage:
    """The pictures of a file, and their transparency."""
    pictures = frames(path, name)
    pixels = torch.stack([colours(picture) for picture in pictures])
    masks = [transparency(picture) for picture in pictures]
    seen = any(mask is not None for mask in masks)
    empty = torch.zeros(pixels.shape[1:3]) if seen else torch.zeros(NO_MASK, NO_MASK)
    return LoadedImage(Image(pixels), Mask(torch.stack([empty if mask is None else mask for mask in masks])))


@node("LoadImageMask", title="Load image (as mask)", category="mask", facts=images.loaded_mask)
def load_mask(
    image: Annotated[str, ModelFile("input")],
    channel: Literal["alpha", "red", "green", "blue"] = "alpha",
    *,
    ctx: Context,
) -> Mask:
    """Load one channel of a picture as a mask.

    Args:
        image: A file of the input folder.
        channel: Which one; of alpha the see-through parts become the mask. Without alpha the mask is empty.
    """
    picture = frames(ctx.input_file(image), image)[0]
    if channel == "alpha":
        mask = transparency(picture)
        return Mask((torch.zeros(NO_MASK, NO_MASK) if mask is None else mask)[None])
    return Mask(colours(picture)[None, ..., COLOURS.index(channel)])


@node("SaveImage", title="Save image", category="image")
def save_image(images: Image, filename_prefix: str = "Weft", *, ctx: Context) -> Published:
    """Save pictures as PNG in the output folder, each carrying the graph that made it.

    Args:
        images: What to save.
        filename_prefix: How the file names begin; a slash makes a folder, %year%, %width% and the like are filled in.
    """
    return publish_pngs(images, filename_prefix, ctx)


@node("PreviewImage", title="Preview image", category="image")
def preview_image(images: Image, *, ctx: Context) -> Published:
    """Show pictures without keeping them.

    Args:
        images: What to show.
    """
    return publish_preview(images, ctx)
