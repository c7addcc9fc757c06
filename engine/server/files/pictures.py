"""Decoding users' pictures for a look at them: within limits that are read from the header, never on the event loop."""

from __future__ import annotations

import io
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from engine.server.options import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

Channel = Literal["rgba", "rgb", "a"]
FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO"]
QUALITY = 90

# Pictures are large when decoded: two at a time keep the server small, however many are asked for.
_decoding = threading.Semaphore(2)


class PictureRefused(ValueError):
    """A picture that is too large, or none at all."""


def preview(source: Path | BinaryIO, wanted: str, channel: str, limits: Limits) -> tuple[str, bytes]:
    """A picture made smaller in bytes, as "webp;75" or "jpeg" asks: its media type and its content."""
    kind, _, quality = wanted.partition(";")
    form = "jpeg" if kind == "jpeg" else "webp"
    with _decoding, _opened(source, limits) as picture:
        made = picture.convert("RGB") if form == "jpeg" or channel == "rgb" else _with_channels(picture)
        return f"image/{form}", _encoded(made, form, quality=int(quality) if quality.isdecimal() else QUALITY)


def only_channel(source: Path, channel: Literal["rgb", "a"], limits: Limits) -> bytes:
    """A PNG of a picture's colours alone, or of its alpha alone, in black."""
    from PIL import Image  # noqa: PLC0415

    with _decoding, _opened(source, limits) as picture:
        if channel == "rgb":
            return _encoded(picture.convert("RGB"), "png")
        alpha = picture.convert("RGBA").getchannel("A")
        black = Image.new("RGBA", picture.size)
        black.putalpha(alpha)
        return _encoded(black, "png")


def with_alpha_of(original: Path, mask: BinaryIO, limits: Limits) -> bytes:
    """A PNG of the original with the alpha of the mask, and with the texts that the original carries."""
    from PIL import Image  # noqa: PLC0415
    from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415

    with _decoding, _opened(original, limits) as picture, _opened(mask, limits) as drawn:
        texts = PngInfo()
        for name, text in getattr(picture, "text", {}).items():
            texts.add_text(name, text)
        made = picture.convert("RGBA")
        alpha = drawn.convert("RGBA").getchannel("A")
        if alpha.size != made.size:
            alpha = alpha.resize(made.size, Image.Resampling.NEAREST)
        made.putalpha(alpha)
        return _encoded(made, "png", compress_level=4, pnginfo=texts)


def _opened(source: Path | BinaryIO, limits: Limits) -> Image:
    """The picture, decoded once its header has shown that it is not too large. Raises `PictureRefused`."""
    from PIL import Image  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is lower
            picture = Image.open(source, formats=FORMATS)
    except Exception as error:  # readers of headers say in many ways that this is none
        raise PictureRefused(f"The picture cannot be read: {error}") from error
    width, height = picture.size
    if max(width, height) > limits.side or width * height > limits.pixels:
        picture.close()
        raise PictureRefused(
            f"The picture has {width} x {height} pixels; at most {limits.pixels} are decoded, {limits.side} a side."
        )
    try:
        picture.load()
    except Exception as error:  # and decoders, that it is damaged
        picture.close()
        raise PictureRefused(f"The picture is damaged: {error}") from error
    return picture


def _with_channels(picture: Image) -> Image:
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def _encoded(picture: Image, form: str, **how: object) -> bytes:
    into = io.BytesIO()
    picture.save(into, form, **how)
    return into.getvalue()
