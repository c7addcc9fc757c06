"""How much memory this machine has and how much of it is free, or what a container leaves of both."""

from __future__ import annotations

import os
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
STATM = Path("/proc/self/statm")
GROUP = Path("/sys/fs/cgroup")  # of version 2, as containers have it now


def total_memory() -> int:
    """The bytes that this process may use at most."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _number(GROUP / "memory.max")
    return physical if limit is None else min(physical, limit)


def free_memory() -> int:
    """The bytes that this process could use now without anything being swapped or killed."""
    free = _available()
    limit, used = _number(GROUP / "memory.max"), _number(GROUP / "memory.current")
    if limit is None or used is None:
        return free
    # The group is charged for the files that it read, which the system gives up for the asking.
    return min(free, max(0, limit - used + _inactive_files()))


def held_memory() -> int:
    """The bytes that this process holds; 0 where nobody says."""
    try:
        with STATM.open("rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _available() -> int:
    try:
        for line in MEMINFO.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # no Linux: nobody says


def _inactive_files() -> int:
    try:
        for line in (GROUP / "memory.stat").read_text("ascii").splitlines():
            if line.startswith("inactive_file "):
                return int(line.split()[1])
    except (OSError, ValueError):
        pass
    return 0


def _number(path: Path) -> int | None:
    """The number in a file; None where there is no such file, or it says "max"."""
    try:
        text = path.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None
