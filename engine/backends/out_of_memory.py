"""Whether the system has killed processes for want of memory, as far as it counts them."""

from __future__ import annotations

import re
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
COUNTED = re.compile(rb"^oom_kill (\d+)$", re.MULTILINE)
EVERYWHERE = Path("/proc/vmstat")  # of the whole machine, where no group has a counter


def counters(pid: int) -> tuple[Path, ...]:
    """The files that may count the killed processes of a process's control group, the nearest first."""
    try:
        lines = Path(f"/proc/{pid}/cgroup").read_text("ascii").splitlines()
    except (OSError, ValueError):
        return (EVERYWHERE,)
    found: list[Path] = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        below = path.lstrip("/")
        if not controllers:
            found += [GROUPS / below / "memory.events", GROUPS / "memory.events"]
        elif "memory" in controllers.split(","):
            found += [
                GROUPS / "memory" / below / "memory.oom_control",
                GROUPS / "memory" / "memory.oom_control",
            ]
    return (*found, EVERYWHERE)


def killed(files: tuple[Path, ...]) -> int:
    """How many have been killed so far, by the first file that says so."""
    for file in files:
        try:
            found = COUNTED.search(file.read_bytes())
        except OSError:
            continue
        if found:
            return int(found[1])
    return 0
