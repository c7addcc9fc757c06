"""Opening the store: alone in its folder, whole, and of the newest version; or an error that says what to do."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from engine.store.connect import FILE, open_for_writing
from engine.store.errors import StoreClosed, StoreUnusable, store_error
from engine.store.lock import refuse_network, take_lock
from engine.store.migrations import migrate
from engine.store.reader import Reader
from engine.store.recovery import made_sound
from engine.store.reserve import RESERVE_BYTES, keep_reserve
from engine.store.writer import Writer

P = ParamSpec("P")
T = TypeVar("T")


class Store:
    """The durable queue and history of one data folder.

    - `write` runs a function of `queue` or `history` on the one writing thread, `read` on one that reads.
    - `notice` says, in sentences, what had to be recovered at the opening; it is empty if nothing had.
    """

    def __init__(self, db: sqlite3.Connection, path: Path, lock: int, notice: str) -> None:
        self.folder = path.parent
        self.notice = notice
        self._lock = lock
        self._writer = Writer(db, path)
        self._reader = Reader(path)
        self._closed = False

    def write(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> asyncio.Future[T]:
        """Have `function(db, *args)` done as one step. Awaiting it gives what it returns, once that is on the disk.

        Writes happen in the order of their calls, and those that wait share one commit: for two at the price of one,
        call `write` twice and await then. A write whose caller goes away is done all the same.
        """
        return self._writer.put(lambda db: function(db, *args, **kwargs))

    async def read(
        self, function: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `function(db, *args)` gives, beside the writing; it sees every write that was awaited before."""
        if self._closed:
            raise StoreClosed
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._reader.pool, self._reader.read, lambda db: function(db, *args, **kwargs)
        )

    def close(self) -> None:
        """Write what waits, and leave the folder to others."""
        if self._closed:
            return
        self._closed = True
        self._reader.close()
        self._writer.close()
        os.close(self._lock)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.close)


def open_store(folder: Path, *, reserve: int = RESERVE_BYTES) -> Store:
    """The queue and the history that live in this folder; new ones if it has none.

    Args:
        folder: Is made if it is not there.
        reserve: Bytes to keep back for a full disk.

    Raises:
        StoreLocked: another server uses the folder.
        StoreTooNew: a newer Weft wrote it.
        StoreUnusable: the folder, or the file in it, cannot be used.
    """
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_network(folder)
        lock = take_lock(folder)
    except OSError as error:
        raise StoreUnusable(
            f"The data folder {folder} cannot be used: {error.strerror}.",
            "Make it writable, or choose another.",
        ) from error
    try:
        notice = made_sound(path)
        db = open_for_writing(path)
        migrate(db, path)
        keep_reserve(folder, reserve)
        return Store(db, path, lock, notice)
    except BaseException as error:
        os.close(lock)
        if isinstance(error, sqlite3.Error):
            raise store_error(error, path) from error
        raise
