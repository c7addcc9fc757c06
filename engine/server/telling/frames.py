"""Frames of a websocket as bytes, so that many go out in one write; and ComfyUI's binary frames within them.

A frame from a server has no mask, and nothing here is compressed, so that a frame is its length and its content.
"""

from __future__ import annotations

import struct

import msgspec

from engine.run.events import Picture
from engine.server.telling.messages import PictureMeta

TEXT, BINARY = 0x81, 0x82  # whole frames

PREVIEW, PROGRESS_TEXT, PREVIEW_WITH_META = 1, 3, 4  # ComfyUI's kinds of binary frames
IMAGE_TYPES = {"image/jpeg": 1, "image/png": 2}


def text_frame(payload: bytes) -> bytes:
    """A frame of text."""
    return _head(TEXT, len(payload)) + payload


def binary_frame(payload: bytes) -> bytes:
    """A frame of bytes."""
    return _head(BINARY, len(payload)) + payload


def preview(picture: Picture) -> bytes:
    """A picture for clients that did not say that they know more."""
    return struct.pack(">II", PREVIEW, IMAGE_TYPES[picture.media_type]) + picture.data


def preview_with_meta(picture: Picture, meta: PictureMeta) -> bytes:
    """A picture that says whose it is."""
    told = msgspec.json.encode(meta)
    return struct.pack(">II", PREVIEW_WITH_META, len(told)) + told + picture.data


def progress_text(node: str, text: str) -> bytes:
    """What a node says of itself while it runs."""
    id = node.encode()
    return struct.pack(">II", PROGRESS_TEXT, len(id)) + id + text.encode()


def event(kind: int, data: bytes) -> bytes:
    """A binary message of a pack, behind its number."""
    return struct.pack(">I", kind) + data


def _head(kind: int, length: int) -> bytes:
    if length < 126:
        return bytes((kind, length))
    if length < 2**16:
        return struct.pack(">BBH", kind, 126, length)
    return struct.pack(">BBQ", kind, 127, length)
