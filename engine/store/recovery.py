"""A database that is whole to begin with: a new one, the one that is there, or what can be read from a damaged one.

A damaged file is moved aside and never touched again. Whatever happens half-way, the next start goes on from there.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import textwrap
from pathlib import Path

from engine.store.connect import open_for_reading, open_for_writing
from engine.store.errors import UNREADABLE, StoreTooNew, means_damaged
from engine.store.migrations import MIGRATIONS, migrate, sync, version_of
from engine.store.salvage import Salvaged, salvage

PAGE_SIZE = 4096
SIZE_FIELD = slice(28, 32)  # of the header: how many pages there are; 0 says to go by the file's length

log = logging.getLogger(__name__)


def made_sound(path: Path) -> str:
    """See to it that a whole database lies there, and say in sentences what was recovered, if anything had to be.

    Raises:
        StoreTooNew: a newer Weft wrote it; nothing was touched.
    """
    if path.exists():
        fault = _fault(path)
        if fault is None:
            return ""
        aside = _next_aside(path)
        path.rename(aside)
    elif (found := _last_aside(path)) is not None:
        fault, aside = "an earlier recovery was not finished", found
    elif _beside(path, "-wal").exists():
        fault, aside = "only its log is left", _next_aside(path)
        aside.touch()
    else:
        _put(_new(path), path)
        return ""
    if _beside(path, "-wal").exists():
        _beside(path, "-wal").rename(_beside(aside, "-wal"))
    _beside(path, "-shm").unlink(missing_ok=True)
    notice = (
        f"{path} was damaged ({fault}). {_rebuild(aside, path)} The damaged file is kept as {aside.name}."
    )
    log.warning("%s", notice)
    return notice


def _fault(path: Path) -> str | None:
    """What is wrong with the database, or None."""
    if path.is_file() and path.stat().st_size < PAGE_SIZE:
        return "it is cut off"  # SQLite would take it for a new one, and remove its log
    db = open_for_reading(path)
    try:
        version = version_of(db)
        if version > len(MIGRATIONS):
            raise StoreTooNew(path, version, len(MIGRATIONS))
        if version == 0:
            return "it is not one of ours"
        (said,) = db.execute("PRAGMA integrity_check(1)").fetchone()
        return None if said == "ok" else _in_short(said.replace("*** in database main ***", ""))
    except UNREADABLE as error:
        if means_damaged(error):
            return _in_short(str(error))
        raise
    finally:
        db.close()


def _in_short(text: str) -> str:
    return textwrap.shorten(text, 100, placeholder=" ...")


def _rebuild(aside: Path, path: Path) -> Salvaged:
    source = _readable(aside, _new(path))
    try:
        version = version_of(source)
        unfinished = _new(path, version if 0 < version <= len(MIGRATIONS) else len(MIGRATIONS))
        target = open_for_writing(unfinished)
        try:
            salvaged = salvage(source, target)
        finally:
            target.close()
    finally:
        source.close()
        _discard(_grafted(aside))
    _put(unfinished, path)
    return salvaged


def _readable(aside: Path, new: Path) -> sqlite3.Connection:
    """The damaged database, with the first page of a new one where its own tells nothing any more.

    That page names the tables and where they begin, which is the same in every database of ours.
    """
    if aside.stat().st_size >= PAGE_SIZE:
        db = open_for_reading(aside)
        try:
            if version_of(db) and db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run'").fetchone():
                return db
        except UNREADABLE as error:
            log.info("The first page of %s cannot be read: %s", aside, error)
        db.close()
    copy = _grafted(aside)
    shutil.copyfile(aside, copy)
    if _beside(aside, "-wal").exists():
        shutil.copyfile(_beside(aside, "-wal"), _beside(copy, "-wal"))
    page = bytearray(new.read_bytes()[:PAGE_SIZE])
    page[SIZE_FIELD] = bytes(4)
    with copy.open("r+b") as file:
        file.write(page)
    return open_for_reading(copy)


def _new(path: Path, version: int = len(MIGRATIONS)) -> Path:
    """A new database beside the place where it will be, of this version."""
    new = path.with_name(f"{path.name}.new")
    _discard(new)
    db = open_for_writing(new)
    try:
        migrate(db, new, MIGRATIONS[:version])
    finally:
        db.close()  # which also empties its log
    return new


def _put(new: Path, path: Path) -> None:
    sync(new)
    new.rename(path)
    sync(path.parent)


def _discard(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        _beside(path, ending).unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _grafted(aside: Path) -> Path:
    return _beside(aside, ".grafted")


def _next_aside(path: Path) -> Path:
    last = _last_aside(path)
    number = 1 if last is None else _number(last) + 1
    return path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")


def _last_aside(path: Path) -> Path | None:
    return max(path.parent.glob(f"{path.stem}.damaged-*{path.suffix}"), key=_number, default=None)


def _number(aside: Path) -> int:
    number = aside.stem.rpartition("-")[2]
    return int(number) if number.isdigit() else 0
