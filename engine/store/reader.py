"""Reading beside the writer: threads with a connection each, and a view that stays the same during each read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from engine.store.connect import open_for_reading
from engine.store.errors import store_error

THREADS = 2  # a long history must not keep the queue's state waiting

T = TypeVar("T")


class Reader:
    """The threads and their connections."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self.pool = ThreadPoolExecutor(THREADS, thread_name_prefix="weft-store-reader")

    def read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call it within one view of the database. To be run by `pool`."""
        try:
            db = self._connection()
            db.execute("BEGIN")
            try:
                return function(db)
            finally:
                db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise store_error(error, self._path) from error

    def close(self) -> None:
        """Wait for what is being read, and close the connections."""
        self.pool.shutdown()
        for db in self._connections:
            db.close()

    def _connection(self) -> sqlite3.Connection:
        db: sqlite3.Connection | None = getattr(self._own, "db", None)
        if db is None:
            db = self._own.db = open_for_reading(self._path)
            self._connections.append(db)
        return db
