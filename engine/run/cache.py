"""Results by key: in memory, on disk, or in memory before disk. What is worth least goes first."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from engine.run.files import still_there
from engine.run.memory import byte_size
from engine.run.result import Result

GIB = 2**30
SHARE = 0.5  # of the machine's memory, where nothing else is said
AFTER_EVICTION = 0.9  # of the budget: making room for a while costs one sort, for a single result as much
OVERHEAD = 300  # bytes that an entry takes beside its values

Keep = Literal["anywhere", "in memory"]


class Cache(Protocol):
    """Where results are kept by key. Every method may be called from any thread."""

    def __contains__(self, key: str) -> bool:
        """Whether there is a result that `get` would give. It may be gone, or prove damaged, by then."""

    def get(self, key: str) -> Result | None:
        """The result, or None."""

    def at_hand(self, key: str) -> Result | None:
        """The result if it can be had at once, or None."""

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> None:
        """Keep a result that took so long to make, if there is room for it."""


class NoCache:
    """Keeps nothing."""

    def __contains__(self, key: str) -> bool:
        return False

    def get(self, key: str) -> Result | None:
        """None."""
        return None

    def at_hand(self, key: str) -> Result | None:
        """None."""
        return None

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> None:
        """Let it go."""


@dataclass(slots=True)
class Worth:
    """What an entry costs to keep and to make again, and when it was last of use (in seconds of any clock)."""

    bytes: int
    seconds: float
    used: float

    def at(self, now: float) -> float:
        """Seconds saved for each byte, less with every second that nobody asks for it."""
        return (self.seconds + 1e-6) / self.bytes / (now - self.used + 1.0)


def to_evict(entries: Mapping[str, Worth], budget: int, now: float) -> list[str]:
    """What has to go for the rest to fit the budget with some room: the entries of least worth."""
    excess = sum(entry.bytes for entry in entries.values())
    if excess <= budget:
        return []
    excess -= int(budget * AFTER_EVICTION)
    leaving: list[str] = []
    for key in sorted(entries, key=lambda key: entries[key].at(now)):
        if excess <= 0:
            break
        leaving.append(key)
        excess -= entries[key].bytes
    return leaving


class MemoryCache:
    """Results as they are, up to a number of bytes.

    A result that stands for published files counts only as long as they lie where they were put.
    """

    def __init__(self, budget: int | None = None) -> None:
        self.budget = budget or int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * SHARE)
        self._results: dict[str, Result] = {}
        self._worth: dict[str, Worth] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        result = self._results.get(key)
        return result is not None and (result.published is None or still_there(result.published))

    def get(self, key: str) -> Result | None:
        """The result, or None."""
        with self._lock:
            result = self._results.get(key)
            if result is not None:
                self._worth[key].used = time.monotonic()
        return result

    at_hand = get

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> None:
        """Keep a result, evicting what is worth less than others where the budget is exceeded."""
        size = sum(byte_size(value) for value in result.outputs.values()) + OVERHEAD
        with self._lock:
            now = time.monotonic()
            old = self._worth.get(key)
            self._bytes += size - (old.bytes if old else 0)
            self._results[key] = result
            self._worth[key] = Worth(size, seconds, now)
            if self._bytes > self.budget:
                for leaving in to_evict(self._worth, self.budget, now):
                    del self._results[leaving]
                    self._bytes -= self._worth.pop(leaving).bytes


class Layers:
    """A fast cache before a slow one; what the slow one gives moves up."""

    def __init__(self, fast: Cache, slow: Cache) -> None:
        self.fast = fast
        self.slow = slow

    def __contains__(self, key: str) -> bool:
        return key in self.fast or key in self.slow

    def get(self, key: str) -> Result | None:
        """The result from the first layer that has it, or None."""
        result = self.fast.get(key)
        if result is None:
            start = time.perf_counter()
            result = self.slow.get(key)
            if result is not None:
                self.fast.put(key, result, time.perf_counter() - start)
        return result

    def at_hand(self, key: str) -> Result | None:
        """The result, if the fast layer has it."""
        return self.fast.at_hand(key)

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> None:
        """Keep a result in both, or in the fast one alone."""
        self.fast.put(key, result, seconds, keep)
        if keep == "anywhere":
            self.slow.put(key, result, seconds, keep)
