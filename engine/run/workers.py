"""Who does the work of a run: the nodes that are known, where they find and put files, on which device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.graph.registry import Registry
from engine.run.files import Files
from engine.run.folders import Folders

THREADS = 4
WAITING = 64  # async nodes that may wait at the same time


@dataclass(frozen=True, slots=True)
class Workers:
    """What nodes run with.

    `functions` holds the nodes' code by their id. `threads` nodes run beside each other at most, and one of those
    that compute on the device.
    """

    registry: Registry
    functions: Mapping[str, Callable[..., object]]
    folders: Folders | None = None
    files: Files | None = None
    device: str = "cpu"
    threads: int = THREADS
