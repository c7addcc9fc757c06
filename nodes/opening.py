"""Reading pictures from files, for all nodes that do so. No nodes here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageOps
import PIL.ImageSequence
import torch
from torch import Tensor

NO_MASK = 64  # cells along each side of the mask of a picture that has none, as in ComfyUI
ONE_PICTURE = {"MPO"}  # formats whose further frames are other views of the same picture
SIXTEEN_BITS = {"I", "I;16", "I;16L", "I;16B"}


def frames(path: Path, name: str) -> list[PIL.Image.Image]:
    """The pictures of a file, turned upright, all of the size of the first; several only of an animated one.

    Raises:
        ValueError: the file cannot be read as a picture.
    """
    try:
        with PIL.Image.open(path) as opened:
            upright = [
                PIL.ImageOps.exif_transpose(frame.copy()) for frame in PIL.ImageSequence.Iterator(opened)
            ]
            single = opened.format in ONE_PICTURE
    except (OSError, PIL.Image.DecompressionBombError) as error:
        raise ValueError(
            f"{name} cannot be read as a picture ({error}). Save it anew as PNG or JPEG."
        ) from error
    return [frame for frame in upright[: 1 if single else None] if frame.size == upright[0].size]


def colours(picture: PIL.Image.Image) -> Tensor:
    """Red, green and blue, (h, w, 3) in 0..1; 16 bits a channel are kept."""
    if picture.mode in SIXTEEN_BITS:
        grey = torch.from_numpy(np.asarray(picture).astype(np.float32) / 65535).clamp(0, 1)
        return grey[..., None].repeat(1, 1, 3)
    return torch.from_numpy(np.asarray(picture.convert("RGB"), dtype=np.float32) / 255)


def transparency(picture: PIL.Image.Image) -> Tensor | None:
    """1 where it is see-through, (h, w); None for a picture without alpha."""
    if "A" in picture.getbands():
        alpha = picture.getchannel("A")
    elif "transparency" in picture.info and picture.mode in SIXTEEN_BITS:  # Pillow converts none of these
        return torch.from_numpy((np.asarray(picture) == picture.info["transparency"]).astype(np.float32))
    elif "transparency" in picture.info:
        alpha = picture.convert("RGBA").getchannel("A")
    else:
        return None
    return 1 - torch.from_numpy(np.asarray(alpha, dtype=np.float32) / 255)
