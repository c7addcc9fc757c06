"""Room kept back for a full disk: a file that is given up, so that what is running can still be written down."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

RESERVE = "reserve"
RESERVE_BYTES = 16 * 2**20

log = logging.getLogger(__name__)


def keep_reserve(folder: Path, size: int = RESERVE_BYTES) -> bool:
    """Keep room back, if it is not kept already; whether it is now. A disk with little room keeps it for others."""
    path = folder / RESERVE
    if _size(path) == size:
        return True
    unfinished = path.with_name(f"{RESERVE}.new")
    try:
        if shutil.disk_usage(folder).free < 2 * size:
            return False
        with unfinished.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        log.info("No room could be kept back in %s: %s", folder, error)
        unfinished.unlink(missing_ok=True)
        return False
    return True


def free_reserve(folder: Path) -> None:
    """Give the room up."""
    (folder / RESERVE).unlink(missing_ok=True)


def room_again(folder: Path, size: int = RESERVE_BYTES) -> bool:
    """Whether a disk that was full has room again, with the reserve kept back anew. Then the queue can be resumed."""
    return keep_reserve(folder, size) and shutil.disk_usage(folder).free >= size


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
