"""Connections to the database, as the store wants them."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from engine.store.errors import StoreUnusable

FILE: Final = "runs.sqlite3"
PATIENCE = 5.0  # seconds to wait for somebody who looks into the database with another program


def open_for_writing(path: Path) -> sqlite3.Connection:
    """The writing connection: whatever it has committed survives the loss of power."""
    db = _connect(path, "rwc")
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        db.close()
        raise StoreUnusable(
            f"{path} cannot have a write-ahead log (SQLite keeps to '{mode}').",
            "Choose a data folder on a local disk.",
        )
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that can change nothing."""
    return _connect(path, "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # Transactions are begun and ended by hand; each connection has its thread, but is opened and closed by another.
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?mode={mode}",
        uri=True,
        timeout=PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
