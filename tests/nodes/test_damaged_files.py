"""Files that are not what they seem: models and pictures that are cut off, that lie, or that are far too large."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
import torch
from safetensors.torch import save

from ldm.checkpoint import load_first_stage, load_model
from ldm.tensor_file import CheckpointError
from nodes.opening import colours, frames

# ---- safetensors


def container(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    """A file with this header, and a length that may lie."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def tensor(begin: int = 0, end: int = 4, shape: object = (1,), dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


GOOD = save({"a": torch.zeros(4), "b": torch.ones(2, 2)})
FOUR = b"\0\0\0\0"
MODELS = {
    "empty": b"",
    "three bytes": GOOD[:3],
    "only a length": GOOD[:8],
    "cut in the header": GOOD[:20],
    "cut in the data": GOOD[:-5],
    "more behind it": GOOD + b"more",
    "a length beyond the file": container({"a": tensor()}, FOUR, length=10_000),
    "an endless length": container({"a": tensor()}, FOUR, length=2**63),
    "the longest length": container({"a": tensor()}, FOUR, length=2**64 - 1),
    "no JSON": container(b"{not json}", FOUR),
    "no UTF-8": container(b'{"\xff\xfe": 1}', FOUR),
    "deep JSON": container(b"[" * 50_000),
    "a list": container([1, 2, 3]),
    "no offsets": container({"a": {"dtype": "F32", "shape": [1]}}, FOUR),
    "offsets beyond the file": container({"a": tensor(0, 400, (100,))}, FOUR),
    "offsets backwards": container({"a": tensor(4, 0)}, FOUR),
    "overlapping tensors": container({"a": tensor(0, 8, (2,)), "b": tensor(4, 12, (2,))}, FOUR * 3),
    "a hole": container({"a": tensor(0, 4), "b": tensor(8, 12)}, FOUR * 3),
    "a shape that overflows": container({"a": tensor(0, 4, (2**40, 2**40))}, FOUR),
    "a negative shape": container({"a": tensor(0, 4, (-1,))}, FOUR),
    "an unknown type": container({"a": tensor(dtype="F17")}, FOUR),
    "a pickle": b"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00.",
    "a zip": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("load", [load_model, load_first_stage])
@pytest.mark.parametrize("name", MODELS)
def test_a_damaged_model_is_refused_with_its_name(
    tmp_path: Path, name: str, load: Callable[[Path], object]
) -> None:
    path = tmp_path / "broken.safetensors"
    path.write_bytes(MODELS[name])

    with pytest.raises(CheckpointError, match=r"broken\.safetensors"):
        load(path)


# ---- pictures


def encoded(mode: str, kind: str, size: tuple[int, int] = (9, 5), **options: Any) -> bytes:
    into = io.BytesIO()
    PIL.Image.new(mode, size).save(into, kind, **options)
    return into.getvalue()


def turned() -> bytes:
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    return encoded("RGB", "jpeg", exif=exif)


def bomb(width: int, height: int) -> bytes:
    """A few bytes that say they are a picture of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


READ = {
    "CMYK": (encoded("CMYK", "jpeg"), (5, 9)),
    "grey": (encoded("L", "jpeg"), (5, 9)),
    "sixteen bits": (encoded("I;16", "png"), (5, 9)),
    "a palette": (encoded("P", "gif"), (5, 9)),
    "one bit": (encoded("1", "png"), (5, 9)),
    "grey with alpha": (encoded("LA", "png"), (5, 9)),
    "turned": (turned(), (9, 5)),
    "a single pixel": (encoded("RGB", "png", (1, 1)), (1, 1)),
    "floating point": (encoded("F", "tiff"), (5, 9)),
}
WHOLE_PNG, WHOLE_JPEG = encoded("RGB", "png", (64, 64)), encoded("RGB", "jpeg", (64, 64))
REFUSED = {
    "empty": b"",
    "a text": b"no picture at all",
    "a truncated PNG": WHOLE_PNG[:60],
    "a truncated JPEG": WHOLE_JPEG[: len(WHOLE_JPEG) // 3],
    "a PNG with a wrong sum": WHOLE_PNG[:40] + b"\xff\xff" + WHOLE_PNG[42:],
    "a PNG of no width": bomb(0, 5),
    "a PNG that is a bomb": bomb(60_000, 60_000),
    "a PNG without its data": bomb(64, 64),
    "a script": b"GIF89a=1;alert(1)",
}


@pytest.mark.parametrize("name", READ)
def test_a_picture_of_any_kind_is_read(tmp_path: Path, name: str) -> None:
    data, size = READ[name]
    path = tmp_path / "picture"
    path.write_bytes(data)
    (picture,) = frames(path, "picture")

    assert colours(picture).shape == (*size, 3)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_whole_picture_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.png"
    path.write_bytes(REFUSED[name])

    with pytest.raises(ValueError, match=r"odd\.png cannot be read as a picture"):
        frames(path, "odd.png")
