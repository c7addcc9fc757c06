"""What a safetensors file says of itself, read within limits: a lying or endless header costs nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import msgspec

from engine.server.options import Limits

LENGTH = 8  # bytes at the beginning, which say how long the header is


class HeaderRefused(ValueError):
    """A header that is too large, or none."""


def metadata_of(path: Path, limits: Limits) -> dict[str, str] | None:
    """The texts in a file's header, or None where it has none. Raises `HeaderRefused`.

    The tensors that the header lists are counted but not built; that is their loader's business.
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        begin = file.read(LENGTH)
        if len(begin) < LENGTH:
            raise HeaderRefused("The file is shorter than the length of its header.")
        (length,) = struct.unpack("<Q", begin)
        if length > min(limits.safetensors_header, size - LENGTH):
            raise HeaderRefused(
                f"The header says it has {length} bytes; the file has {size}, and {limits.safetensors_header} are read."
            )
        header = file.read(length)
    # A tensor has four: behind its name, its type, its shape and its place.
    if header.count(b":") > 5 * limits.tensors:
        raise HeaderRefused(f"The header lists more than {limits.tensors} tensors.")
    try:
        parts = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        told = parts.get("__metadata__")
        return None if told is None else msgspec.json.decode(told, type=dict[str, str])
    except (msgspec.DecodeError, RecursionError) as error:
        raise HeaderRefused(f"The header is no JSON of the right form: {error}") from error
