"""Batches of pictures as moving ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from PIL.PngImagePlugin import PngInfo

from engine.api import Context, Published, Range, node
from nodes.port_types import Image
from nodes.saving import PNG, named, to_bytes

Rate = Annotated[float, Range(0.01, 1000.0, step=0.01)]
EFFORT = {"default": 4, "fastest": 0, "slowest": 6}
MODEL_TAG, MAKER_TAG = (
    0x0110,
    0x010F,
)  # where readers of ComfyUI's files look for the prompt, and for all else


@node("SaveAnimatedWEBP", title="Save animated WEBP", category="image/animation")
def save_animated_webp(
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Rate = 6.0,
    lossless: bool = True,
    quality: Annotated[int, Range(0, 100)] = 80,
    method: Literal["default", "fastest", "slowest"] = "default",
    *,
    ctx: Context,
) -> Published:
    """Save a batch of pictures as one moving WEBP, with the graph that made it.

    Args:
        images: The pictures in order.
        filename_prefix: How the file's name begins; a slash makes a folder.
        fps: Pictures for each second.
        lossless: Keep every pixel as it is.
        quality: How much is kept where it is not lossless; where it is, how hard to pack.
        method: How much time to spend on packing.
    """
    first, *others = to_bytes(images)
    exif = first.getexif()
    rest = MAKER_TAG
    for name, text in ctx.provenance.items():
        exif[MODEL_TAG if name == "prompt" else rest] = f"{name}:{text}"
        rest -= name != "prompt"

    def write(path: Path) -> None:
        first.save(
            path,
            format="WEBP",
            save_all=True,
            append_images=others,
            duration=int(1000 / fps),
            exif=exif,
            lossless=lossless,
            quality=quality,
            method=EFFORT[method],
        )

    return _animated(
        ctx.files.publish(named(filename_prefix, images), ".webp", "image/webp", write), len(images.pixels)
    )


@node("SaveAnimatedPNG", title="Save animated PNG", category="image/animation")
def save_animated_png(
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Rate = 6.0,
    compress_level: Annotated[int, Range(0, 9)] = 4,
    *,
    ctx: Context,
) -> Published:
    """Save a batch of pictures as one moving PNG, with the graph that made it.

    Args:
        images: The pictures in order.
        filename_prefix: How the file's name begins; a slash makes a folder.
        fps: Pictures for each second.
        compress_level: How hard to pack.
    """
    first, *others = to_bytes(images)
    notes = PngInfo()
    for name, text in ctx.provenance.items():
        # Behind the first picture and in a chunk of its own, since Pillow loses texts that stand before an animation.
        notes.add(
            b"comf", name.encode("latin-1") + b"\0" + text.encode("latin-1", "replace"), after_idat=True
        )

    def write(path: Path) -> None:
        first.save(
            path,
            format="PNG",
            pnginfo=notes,
            compress_level=compress_level,
            save_all=True,
            duration=int(1000 / fps),
            append_images=others,
        )

    return _animated(
        ctx.files.publish(named(filename_prefix, images), ".png", PNG, write), len(images.pixels)
    )


def _animated(published: Published, frames: int) -> Published:
    return Published(published.files, {"animated": (frames > 1,)})
