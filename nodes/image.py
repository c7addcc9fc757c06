"""Pictures in and out: load, save with the graph inside, and show."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import PIL.Image
import PIL.ImageOps
import torch
from PIL.PngImagePlugin import PngInfo

from engine.api import Context, ModelFile, Published, PublishedFile, node
from nodes.port_types import Image, Mask

PNG = "image/png"


class LoadedImage(NamedTuple):
    """A picture, and where it is see-through."""

    image: Image
    mask: Mask


@node("LoadImage", title="Load image", category="image")
def load_image(image: Annotated[str, ModelFile("input")], *, ctx: Context) -> LoadedImage:
    """Load a picture from the input folder, turned upright; its transparency becomes the mask.

    Args:
        image: A file of the input folder.
    """
    path = ctx.input_file(image)
    try:
        with PIL.Image.open(path) as opened:
            upright = PIL.ImageOps.exif_transpose(opened)
            rgba = np.asarray(upright.convert("RGBA"), dtype=np.float32) / 255
    except OSError as error:
        raise ValueError(
            f"{image} cannot be read as a picture ({error}). Save it anew as PNG or JPEG."
        ) from error
    pixels = torch.from_numpy(rgba)[None]
    return LoadedImage(Image(pixels[..., :3].contiguous()), Mask(1 - pixels[..., 3]))


@node("SaveImage", title="Save image", category="image")
def save_image(images: Image, filename_prefix: str = "Weft", *, ctx: Context) -> Published:
    """Save pictures as PNG in the output folder, each carrying the graph that made it.

    Args:
        images: What to save.
        filename_prefix: How the file names begin; a slash makes a folder.
    """
    return _publish(images, filename_prefix, ctx, "output")


@node("PreviewImage", title="Preview image", category="image")
def preview_image(images: Image, *, ctx: Context) -> Published:
    """Show pictures without keeping them.

    Args:
        images: What to show.
    """
    return _publish(images, f"preview_{random.randrange(2**32):08x}", ctx, "temp")


def to_bytes(images: Image) -> list[PIL.Image.Image]:
    """Pictures of 8 bits a channel; 255 x is cut, not rounded, as ComfyUI does."""
    values = (images.pixels.clamp(0, 1) * 255).to(torch.uint8).numpy()
    return [PIL.Image.fromarray(picture) for picture in values]


def _publish(images: Image, prefix: str, ctx: Context, folder: str) -> Published:
    texts = PngInfo()
    for name, text in ctx.provenance.items():
        texts.add_text(name, text)
    files: list[PublishedFile] = []
    for picture in to_bytes(images):

        def write(path: Path, picture: PIL.Image.Image = picture) -> None:
            picture.save(path, format="PNG", pnginfo=texts, compress_level=4)

        published = ctx.files.publish(prefix, ".png", PNG, write, "temp" if folder == "temp" else "output")
        files += published.files
    return Published(tuple(files))
