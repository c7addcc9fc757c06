"""One server for each data folder: a lock that the system itself takes back when its process is gone.

The file says who holds it, for the message only. A file left behind by a dead process is no lock.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.store.errors import StoreLocked, StoreUnusable

LOCK = "server.lock"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MOUNTS = Path("/proc/self/mountinfo")

# SQLite's write-ahead log needs memory that all who use the file share: these cannot give it to two machines.
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs"}


def take_lock(folder: Path) -> int:
    """Be the one server of this folder, until the file descriptor that is returned is closed.

    Raises:
        StoreLocked: another one is; its process is named.
    """
    opened = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        # flock, not lockf: it also tells two stores of one process apart.
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(opened, 0)
        os.pwrite(opened, f"{os.getpid()} {_boot_id()}\n".encode(), 0)
    except BlockingIOError:
        pid, boot = _holder(opened)
        os.close(opened)
        raise StoreLocked(folder, pid, elsewhere=boot not in ("", _boot_id())) from None
    except OSError:
        os.close(opened)
        raise
    return opened


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise `StoreUnusable` for a folder on a network file system, where the system tells."""
    kind = _file_system(folder.resolve(), mounts)
    if kind in NETWORK:
        raise StoreUnusable(
            f"The data folder {folder} is on a network file system ({kind}), where SQLite may lose what it wrote.",
            "Choose a data folder on a disk of this machine. Models and outputs may stay where they are.",
        )


def _holder(opened: int) -> tuple[int | None, str]:
    pid, _, boot = os.pread(opened, 200, 0).decode("utf-8", "replace").strip().partition(" ")
    return (int(pid) if pid.isdigit() else None), boot


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def _file_system(folder: Path, mounts: Path) -> str:
    """The kind of file system that is mounted nearest above the folder; empty where that cannot be known."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    for line in lines:
        before, _, behind = line.partition(" - ")
        point = Path(before.split(" ")[4].replace("\\040", " "))
        if (
            folder.is_relative_to(point) and len(point.parts) >= best
        ):  # of two at one place, the later is seen
            best, kind = len(point.parts), behind.split(" ")[0]
    return kind
