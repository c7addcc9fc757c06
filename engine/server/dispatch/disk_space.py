"""Whether there is room for what runs make and for what is written down of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LEAST = 64 * 2**20


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The folders that runs write to, and how many bytes have to be free there before one is started."""

    folders: tuple[Path, ...] = ()
    least: int = LEAST
    free: Callable[[Path], int] = _free

    def lack(self, *, times: int = 1) -> str | None:
        """What there is too little room for, as a sentence; None while there is enough."""
        for folder in self.folders:
            try:
                free = self.free(folder)
            except OSError:
                continue  # not made yet, or gone: whoever writes there will say so
            if free < self.least * times:
                wanted, left = self.least // 2**20, free // 2**20
                return (
                    f"The disk with {folder} has only {left} MiB left; runs are started from {wanted} MiB on."
                )
        return None


def ran_out_of_room(error: str, message: str) -> bool:
    """Whether a node failed since a disk is full: `DiskFull` of our own files, or ENOSPC, EDQUOT, EFBIG of others."""
    full_elsewhere = error == "OSError" and message.startswith(("[Errno 28]", "[Errno 122]", "[Errno 27]"))
    return error == "DiskFull" or full_elsewhere
