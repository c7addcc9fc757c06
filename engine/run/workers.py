"""Who does the work of a run: the nodes that are known, where they find and put files, on which device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.graph.registry import Registry
from engine.run.files import Files
from engine.run.folders import Folders
from engine.run.keys import KeyMemory
from engine.run.kinds import Kinds

THREADS = 4
WAITING = 64  # async nodes that may wait at the same time


@dataclass(frozen=True, slots=True)
class Workers:
    """What nodes run with.

    `functions` holds the nodes' code by their id. `threads` nodes run beside each other at most, and one of those
    that compute on the device. `dtype` is what models' weights are kept in. `kinds` is what the runs of these workers
    have found out about the nodes, and `key_memory` the keys that nodes had in them.
    """

    registry: Registry
    functions: Mapping[str, Callable[..., object]]
    folders: Folders | None = None
    files: Files | None = None
    device: str = "cpu"
    threads: int = THREADS
    dtype: str = "fp32"
    kinds: Kinds = field(init=False, repr=False, compare=False)
    key_memory: KeyMemory = field(init=False, repr=False, compare=False)

    @property
    def place(self) -> str:
        """What the results of nodes that compute on the device depend on: the device, and the weights' precision."""
        return self.device if self.dtype == "fp32" else f"{self.device} {self.dtype}"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", Kinds(self.registry, self.functions))
        object.__setattr__(self, "key_memory", KeyMemory())
