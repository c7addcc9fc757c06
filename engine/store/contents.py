"""Graphs and other documents as they lie in the database: once each, and compressed where that is worth it."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from typing import Final

# Measured: below, compressing takes longer than it saves in writing; above, level 1 halves a graph in no time.
SMALL = 512
# Most graphs are short, and to clear what zlib takes by default costs four times as long as to compress one.
WINDOW, MEMORY = 13, 6
PLAIN: Final = b"\0"
ZLIB: Final = b"\1"


def pack(data: bytes) -> bytes:
    """The bytes as they are stored; the first one says how."""
    if len(data) >= SMALL:
        squeeze = zlib.compressobj(1, zlib.DEFLATED, WINDOW, MEMORY)
        packed = squeeze.compress(data) + squeeze.flush()
        if len(packed) < len(data):
            return ZLIB + packed
    return PLAIN + data


def unpack(packed: bytes) -> bytes:
    """What `pack` was given."""
    return zlib.decompress(packed[1:]) if packed[:1] == ZLIB else packed[1:]


def digest(data: bytes) -> bytes:
    """What contents are told apart by."""
    return hashlib.blake2b(data, digest_size=20).digest()


def keep_content(db: sqlite3.Connection, data: bytes) -> int:
    """Its number in the database, where it now is if it was not before."""
    name = digest(data)
    row = db.execute("SELECT id FROM content WHERE hash = ?", (name,)).fetchone()
    if row is None:
        row = db.execute(
            "INSERT INTO content (hash, packed) VALUES (?, ?) RETURNING id", (name, pack(data))
        ).fetchone()
    return int(row[0])
