"""Why the store cannot do what it was asked for. Each error says in `hint` what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

# EFBIG and EDQUOT arrive as an I/O error of a write; only ENOSPC is SQLite's own "full".
FULL = {"SQLITE_FULL", "SQLITE_IOERR_WRITE"}
DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")

# A damaged database may even have names that cannot be told: sqlite3 then raises what became of the telling.
UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)


class StoreError(Exception):
    """The queue and the history cannot be used, or not for this."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class StoreLocked(StoreError):
    """Another server uses the same data folder. `pid` is its process, None where its lock file does not say."""

    def __init__(self, folder: Path, pid: int | None, *, elsewhere: bool = False) -> None:
        who = "Another server" if pid is None else f"Another server (process {pid})"
        where = " on another machine" if elsewhere else ""
        super().__init__(
            f"{who}{where} is using the data folder {folder}.",
            "Stop that one first, or give this one a data folder of its own.",
        )
        self.pid = pid


class StoreTooNew(StoreError):
    """The database was written by a newer Weft. It has not been touched."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} has version {found} of the database, but this Weft knows versions up to {known}.",
            f"Start the newer Weft again, or put back a copy from before: {path.stem}.before-*{path.suffix}.",
        )
        self.found = found
        self.known = known


class StoreDamaged(StoreError):
    """What is on disk is not a whole database any more."""

    def __init__(self, message: str) -> None:
        super().__init__(
            message,
            "Start the server again: it keeps the damaged file and recovers what can be read from it.",
        )


class StoreFull(StoreError):
    """There is no room to write anything down. Nothing of what was asked for has been kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"The disk is full: nothing more can be written down in {folder}.",
            "Make room. What was accepted before is kept, and the queue goes on when there is room.",
        )


class StoreUnusable(StoreError):
    """The database cannot be opened, read or written here: its folder, its disk or its rights stand against it."""


class StoreClosed(StoreError):
    """The store was closed before it was asked."""

    def __init__(self) -> None:
        super().__init__("The store is closed.", "Open it again: the server is about to stop.")


class RunExists(StoreError):
    """A run of this id is known already, with another graph."""

    def __init__(self, run: str) -> None:
        super().__init__(
            f"A run with the id '{run}' exists already, and its graph is another one.",
            "Give the new run an id of its own, or none.",
        )
        self.run = run


class UnknownRun(StoreError, LookupError):
    """There is no run of this id."""

    def __init__(self, run: str) -> None:
        super().__init__(f"There is no run with the id '{run}'.", "It may have been forgotten meanwhile.")
        self.run = run


def means_full(error: Exception) -> bool:
    """Whether SQLite failed for want of room."""
    return isinstance(error, sqlite3.Error) and _name(error) in FULL


def means_damaged(error: Exception) -> bool:
    """Whether SQLite came upon something that is no database, or no whole one."""
    if isinstance(error, UnicodeDecodeError):
        return True
    return isinstance(error, sqlite3.DatabaseError) and _name(error).startswith(DAMAGED)


def store_error(error: Exception, path: Path) -> Exception:
    """What to tell of an error of SQLite; any other error is told as it is."""
    if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.IntegrityError):
        return error
    if means_full(error):
        return StoreFull(path.parent)
    if means_damaged(error):
        return StoreDamaged(f"{path} is damaged: {error}.")
    if isinstance(error, sqlite3.OperationalError):
        return StoreUnusable(
            f"{path} cannot be used: {error}.",
            "See whether its disk is well, and its folder is there and writable.",
        )
    return error


def _name(error: sqlite3.Error) -> str:
    return getattr(error, "sqlite_errorname", "")  # absent where the module itself raised it
