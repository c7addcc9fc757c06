"""Writing pictures to files, for all nodes that do so. No nodes here."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

import PIL.Image
import torch
from PIL.PngImagePlugin import PngInfo

from engine.api import Context, Published, PublishedFile
from nodes.port_types import Image

PNG = "image/png"
TOKEN = re.compile(r"%(\w+)%")


def to_bytes(images: Image) -> list[PIL.Image.Image]:
    """Pictures of 8 bits a channel; 255 x is cut, not rounded, as ComfyUI does."""
    values = (images.pixels.clamp(0, 1) * 255).to(torch.uint8).numpy()
    return [PIL.Image.fromarray(picture) for picture in values]


def publish_pngs(
    images: Image, prefix: str, ctx: Context, folder: Literal["output", "temp"] = "output"
) -> Published:
    """Each picture as a PNG that carries the graph that made it."""
    texts = PngInfo()
    for name, text in ctx.provenance.items():
        texts.add_text(name, text)
    files: list[PublishedFile] = []
    for number, picture in enumerate(to_bytes(images)):

        def write(path: Path, picture: PIL.Image.Image = picture) -> None:
            picture.save(path, format="PNG", pnginfo=texts, compress_level=4)

        published = ctx.files.publish(named(prefix, images, number), ".png", PNG, write, folder)
        files += published.files
    return Published(tuple(files))


def publish_preview(images: Image, ctx: Context) -> Published:
    """The same in the temporary folder, under a name that no other preview has."""
    return publish_pngs(images, f"preview_{random.randrange(2**32):08x}", ctx, "temp")


def named(prefix: str, images: Image, number: int = 0, now: datetime | None = None) -> str:
    """The prefix with its placeholders filled: `%width%`, `%height%`, `%year%` to `%second%`, and `%batch_num%`."""
    moment = now or datetime.now().astimezone()
    _, height, width, _ = images.pixels.shape
    known: Mapping[str, str] = {
        "width": str(width),
        "height": str(height),
        "year": f"{moment.year}",
        "month": f"{moment.month:02}",
        "day": f"{moment.day:02}",
        "hour": f"{moment.hour:02}",
        "minute": f"{moment.minute:02}",
        "second": f"{moment.second:02}",
        "batch_num": str(number),
    }
    return TOKEN.sub(lambda found: known.get(found[1], found[0]), prefix)
