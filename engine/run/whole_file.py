"""Writing a file so that it is whole or not there, for what is no node's output: settings, uploads, tokens."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

# What file systems without hard links answer (FAT, some network drives).
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def replace_file(path: Path, data: bytes) -> None:
    """Write a file, in place of one that may be there."""
    unfinished = _beside(path)
    try:
        _write(unfinished, data, 0o666)
        unfinished.replace(path)
        sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def write_new(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file that is not there yet. Raises FileExistsError where it is."""
    unfinished = _beside(path)
    try:
        _write(unfinished, data, mode)
        take_name(unfinished, path)
        sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def move_new(source: Path, path: Path) -> None:
    """Give a finished file its place, where nothing is yet. Raises FileExistsError; the source is then still there."""
    if source.stat().st_dev == path.parent.stat().st_dev:
        take_name(source, path)
    else:
        unfinished = _beside(path)
        try:
            shutil.copyfile(source, unfinished)
            take_name(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    source.unlink(missing_ok=True)
    sync_folder(path.parent)


def move_over(source: Path, path: Path) -> None:
    """Give a finished file its place, in place of one that may be there."""
    if source.stat().st_dev == path.parent.stat().st_dev:
        source.replace(path)
    else:
        unfinished = _beside(path)
        try:
            shutil.copyfile(source, unfinished)
            unfinished.replace(path)
            source.unlink()
        finally:
            unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)


def take_name(source: Path, path: Path) -> None:
    """Give a finished file another name, that no file has yet. The old name may be gone afterwards.

    Raises FileExistsError where there is a file of that name already: it is never replaced, whoever else is writing.
    """
    try:
        os.link(source, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        # The name is taken first, so that the move can only replace the empty file that is our own.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o666))
        try:
            source.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def take_folder_name(source: Path, path: Path) -> None:
    """Give a finished folder another name, that nothing has yet. Raises FileExistsError where something has it."""
    path.mkdir()  # so that the move can only replace the empty folder that is our own
    try:
        source.rename(path)
    except BaseException:
        path.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the folder's list of files is on the disk, where the system can do that."""
    if os.name != "posix":
        return
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _beside(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{secrets.token_hex(8)}.unfinished")


def _write(path: Path, data: bytes, mode: int) -> None:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
