"""Publishing the files that nodes make: whole or not at all, under a name of their own, never over another."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import json
import mimetypes
import os
import re
import secrets
import shutil
import stat
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.graph.values import Published, PublishedFile
from engine.run.names import LONGEST, BadName, relative_name
from engine.run.whole_file import sync_folder, take_folder_name, take_name

HOUR = 3600.0  # seconds
DAY = 24 * HOUR

MARK = "user.weft.maker"  # an extended attribute of files
UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.\w+")  # what is not finished yet, here and in `whole_file`
UNFINISHED_FOLDER = re.compile(r"\.[0-9a-f]{16}\.unfinished")

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
RUST_SAYS_FULL = re.compile("|".join(rf"os error {number}\b" for number in FULL))  # safetensors has no errno


class DiskFull(OSError):
    """A file that did not fit. Nothing of it is left."""

    def __init__(self, folder: Path) -> None:
        there = next(parent for parent in (folder, *folder.parents) if parent.exists())
        free = shutil.disk_usage(there).free
        super().__init__(errno.ENOSPC, f"The disk is full: {folder} has {free / 2**20:.0f} MiB left")
        self.hint = "Make room, or choose another folder with --output; what had finished is kept."

    def __str__(self) -> str:
        return f"{self.strerror}."


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes a file: a node, in an attempt at a run. Files carry it along where the file system can do that."""

    run: str
    attempt: int
    node: str


@dataclass(frozen=True, slots=True)
class Files:
    """Where nodes put files: `output` for those the user wants, `temp` for previews, `state` for unfinished work.

    With a `maker`, a file that an earlier attempt published just before it died is found again, not made twice.
    """

    output: Path
    temp: Path
    state: Path | None = None
    maker: Maker | None = None

    def publish(
        self,
        prefix: str,
        suffix: str,
        media_type: str,
        write: Callable[[Path], object],
        folder: Literal["output", "temp"] = "output",
    ) -> Published:
        """Publish one file as `prefix_00001_.png`, the number being the first that is free.

        Raises `BadName` for a prefix that no file may have, and `DiskFull`; then nothing is left.

        Args:
            prefix: How the name begins; may have folders in it, which are made.
            suffix: How the name ends, with the dot.
            media_type: What it is: "image/png".
            write: Writes the file to the path it is given. If it raises, nothing is left.
            folder: "output", or "temp" for what is only looked at.
        """
        root = self.output if folder == "output" else self.temp
        # Accents are written in one of two ways that look the same and are two files on some systems, one on others.
        begin = root / relative_name(folder, unicodedata.normalize("NFC", prefix))
        _check_length(prefix, begin.name, suffix)
        path = _publish(begin.parent, begin.name, suffix, write, self.maker)
        return Published((PublishedFile(path.relative_to(root).as_posix(), folder, str(path), media_type),))

    def publish_folder(self, prefix: str, write: Callable[[Path], object]) -> Published:
        """Publish a folder as `prefix_00001_` in the output folder, the number being the first that is free.

        Raises as `publish`; then nothing is left.

        Args:
            prefix: How the folder's name begins; may have folders in it, which are made.
            write: Writes files into the folder that it is given.
        """
        begin = self.output / relative_name("output", unicodedata.normalize("NFC", prefix))
        _check_length(prefix, begin.name, "")
        path = _publish_folder(begin.parent, begin.name, write)
        files = sorted(Path(home, name) for home, _, names in os.walk(path) for name in names)
        return Published(
            tuple(
                PublishedFile(
                    file.relative_to(self.output).as_posix(), "output", str(file), _media_type(file.name)
                )
                for file in files
            )
        )


def still_there(published: Published) -> bool:
    """Whether every file that was published lies where it was put."""
    return all(os.path.exists(file.path) for file in published.files)


def clear_old(folder: Path, seconds: float = DAY) -> None:
    """Remove the files of a folder that nobody has written to for so long, and folders that are empty then."""
    oldest = time.time() - seconds
    for parent, folders, names in os.walk(folder, topdown=False):
        for name in names:
            path = os.path.join(parent, name)
            with contextlib.suppress(OSError):  # somebody else may have removed it, or may own it
                if os.stat(path, follow_symlinks=False).st_mtime < oldest:
                    os.unlink(path)
        for name in folders:
            with contextlib.suppress(OSError):  # it is not empty
                os.rmdir(os.path.join(parent, name))


def clear_unfinished(folder: Path, seconds: float = HOUR) -> None:
    """Remove what writers of ours left half done when they were killed, so long ago that none still works on it."""
    oldest = time.time() - seconds
    for parent, folders, names in os.walk(folder):
        for name in filter(UNFINISHED_FOLDER.fullmatch, folders):
            path = os.path.join(parent, name)
            with contextlib.suppress(OSError):  # the same
                if os.lstat(path).st_mtime < oldest:
                    shutil.rmtree(path, ignore_errors=True)
        for name in filter(UNFINISHED.fullmatch, names):
            path = os.path.join(parent, name)
            with contextlib.suppress(OSError):  # somebody else may have removed it, or may own it
                status = os.stat(path, follow_symlinks=False)
                if stat.S_ISREG(status.st_mode) and status.st_mtime < oldest:
                    os.unlink(path)


def _publish(
    home: Path, stem: str, suffix: str, write: Callable[[Path], object], maker: Maker | None
) -> Path:
    # Hidden, and with the suffix, by which writers know what to write.
    temp = home / f".{secrets.token_hex(8)}{suffix}"
    path: Path | None = None
    try:
        home.mkdir(parents=True, exist_ok=True)
        os.close(os.open(temp, os.O_CREAT | os.O_EXCL, 0o666))
        write(temp)
        mark(temp, maker)
        _sync(temp)
        earlier = _made_before(temp, home, stem, suffix, maker)
        if earlier is not None:
            return earlier
        path = _numbered(temp, home, stem, suffix)
        sync_folder(home)
    except Exception as error:
        if path is not None:
            path.unlink(missing_ok=True)  # what may not last is not published
        if _means_full(error):
            raise DiskFull(home) from error
        raise
    finally:
        temp.unlink(missing_ok=True)
    return path


def _publish_folder(home: Path, stem: str, write: Callable[[Path], object]) -> Path:
    temp = home / f".{secrets.token_hex(8)}.unfinished"
    try:
        temp.mkdir(parents=True)
        write(temp)
        for folder, _, names in os.walk(temp):
            for name in names:
                _sync(Path(folder, name))
            sync_folder(Path(folder))
        path = _numbered(temp, home, stem, "", take_folder_name)
        sync_folder(home)
    except Exception as error:
        if _means_full(error):
            raise DiskFull(home) from error
        raise
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    return path


def _media_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _numbered(
    temp: Path, home: Path, stem: str, suffix: str, take: Callable[[Path, Path], object] = take_name
) -> Path:
    """Give the file the first free number. It never replaces a file, whoever else is publishing."""
    numbered = re.compile(rf"{re.escape(stem)}_(\d+)_")
    taken = [int(match[1]) for match in map(numbered.match, os.listdir(home)) if match]
    number = max(taken, default=0)
    while True:
        number += 1
        path = home / f"{stem}_{number:05}_{suffix}"
        try:
            take(temp, path)
        except FileExistsError:
            continue
        return path


def mark(path: Path, maker: Maker | None) -> None:
    """Note at a file who made it. A file system that cannot do that costs no more than a file that is made twice."""
    if maker is not None and hasattr(os, "setxattr"):
        with contextlib.suppress(OSError):
            os.setxattr(path, MARK, json.dumps([maker.run, maker.attempt, maker.node]).encode())


def maker_of(path: Path) -> Maker | None:
    """Who made a file, if that is noted there."""
    try:
        run, attempt, node = json.loads(os.getxattr(path, MARK))
        return Maker(str(run), int(attempt), str(node))
    except (OSError, AttributeError, ValueError, TypeError):
        return None


def _made_before(temp: Path, home: Path, stem: str, suffix: str, maker: Maker | None) -> Path | None:
    """The same file, published by an earlier attempt of the same node, which has not lived to tell of it."""
    if maker is None or maker.attempt <= 1:
        return None
    for name in sorted(os.listdir(home)):
        if name.startswith(f"{stem}_") and name.endswith(f"_{suffix}"):
            path = home / name
            found = maker_of(path)
            if found is None or (found.run, found.node) != (maker.run, maker.node):
                continue
            if found.attempt < maker.attempt and filecmp.cmp(temp, path, shallow=False):
                mark(path, maker)  # so that an equal file of this attempt is another one
                return path
    return None


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _check_length(prefix: str, name: str, suffix: str) -> None:
    most = LONGEST - len(f"_{0:05}_{suffix}".encode())
    if len(name.encode()) > most:
        raise BadName(prefix, "is too long", f"Use at most {most} bytes for the name of a file.")


def _means_full(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno in FULL
    return RUST_SAYS_FULL.search(str(error)) is not None
