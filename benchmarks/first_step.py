"""`python -m benchmarks.first_step FOLDER GRAPH DTYPE`: says when the first step starts, and the most memory so far."""

import os
import sys
from pathlib import Path
from typing import cast

from engine.backends.opening import open_inline
from engine.backends.settings import settings_at
from engine.formats.read import read_any
from engine.packs.source import builtin
from engine.run.events import NodeProgressed
from engine.run.memory import DtypeWish

ROOT = Path(__file__).parents[1]


def main(folder: Path, graph: Path, dtype: str) -> None:
    """Run the graph until a node reports progress."""
    settings = settings_at(folder)
    settings = type(settings)(
        (builtin(ROOT / "nodes"),), (), settings.folders, settings.files, settings.private
    )
    backend, _ = open_inline(settings, disk=False, dtype=cast("DtypeWish", dtype))
    read, _ = read_any(graph)
    for event in backend.run(read):
        if isinstance(event, NodeProgressed):
            print(f"step {_peak()}", flush=True)
            os._exit(0)  # the step itself is not waited for


def _peak() -> int:
    """The most memory that this process has held, in KiB (Linux)."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
