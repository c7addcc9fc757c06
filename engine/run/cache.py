"""Results by key: in memory, on disk, or in memory before disk. What is worth least goes first."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from weakref import WeakSet

from engine.run import memory
from engine.run.files import still_there
from engine.run.result import Result

GIB = 2**30
SHARE = 0.5  # of the memory, where nothing else is said
RESERVE = 0.05  # of the memory, that is to stay free for what nodes have in hand
WORTH_A_LOOK = 2**20  # bytes from which on a result makes it worth looking how much memory is free
AFTER_EVICTION = 0.9  # of the budget: making room for a while costs one sort, for a single result as much
OVERHEAD = 300  # bytes that an entry takes beside its values
NOBODY_ELSE = 3  # references to a result that only the cache holds, while it looks at it

Keep = Literal["anywhere", "in memory", "model"]
"""Where a result may be kept. A model stays with the process that loaded it, and is counted by itself."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes of what is kept in memory: models, and all other results; and how many it may be."""

    models: int = 0
    results: int = 0
    budget: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """The bytes of a result that is kept, and the seconds that it took to make."""

    bytes: int
    seconds: float


class Cache(Protocol):
    """Where results are kept by key. Every method may be called from any thread."""

    def begin(self, keys: Collection[str]) -> None:
        """A run of a graph begins, whose nodes have these keys."""

    def __contains__(self, key: str) -> bool:
        """Whether there is a result that `get` would give. It may be gone, or prove damaged, by then."""

    def get(self, key: str) -> Result | None:
        """The result, or None."""

    def at_hand(self, key: str) -> Result | None:
        """The result if it can be had at once, or None."""

    def glimpse(self, key: str) -> Result | None:
        """The result as it lies, or None, for somebody who only looks: it counts as no use, and moves nothing."""

    def cost(self, key: str) -> Cost | None:
        """What a result takes that is kept, and took; None for one that is not."""

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> int:
        """Keep a result that took so long to make, if there is room for it. Gives the bytes of its values, if kept."""

    def clear(self, *, models: bool, results: bool) -> None:
        """Let go of the models, of all other results, or of both, as far as they take memory; files stay."""

    def kept(self) -> Kept:
        """How much memory is taken."""

    def flush(self) -> None:
        """Wait until results are where they stay."""


class NoCache:
    """Keeps nothing."""

    def begin(self, keys: Collection[str]) -> None:
        """Nothing to do."""

    def __contains__(self, key: str) -> bool:
        return False

    def get(self, key: str) -> Result | None:
        """None."""
        return None

    def at_hand(self, key: str) -> Result | None:
        """None."""
        return None

    def glimpse(self, key: str) -> Result | None:
        """None."""
        return None

    def cost(self, key: str) -> Cost | None:
        """None."""
        return None

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> int:
        """Let it go."""
        return 0

    def clear(self, *, models: bool, results: bool) -> None:
        """Nothing to do."""

    def kept(self) -> Kept:
        """Nothing."""
        return Kept()

    def flush(self) -> None:
        """Nothing to wait for."""


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


class Book:
    """What entries take of one memory, with a budget."""

    def __init__(self, device: str, budget: int | None) -> None:
        total = memory.total_memory(device)
        self.device = device
        self.budget = budget or int(total * SHARE)
        self.reserve = int(total * RESERVE)
        self.entries: dict[str, Worth] = {}
        self.bytes = 0

    def enter(self, key: str, size: int, seconds: float, now: float) -> None:
        """Write an entry in, in place of an older one."""
        if key in self.entries:
            self.strike(key)
        self.entries[key] = Worth(size, seconds, now)
        self.bytes += size

    def strike(self, key: str) -> None:
        """Strike an entry out, if it is there."""
        old = self.entries.pop(key, None)
        if old is not None:
            self.bytes -= old.bytes

    def leaving(self, now: float, coming: int = 0) -> list[str]:
        """What has to go, for the budget and for some memory to be free, once as many bytes more have come."""
        wanted = self.reserve + coming - memory.free_memory(self.device)
        most = min(self.budget - coming, self.bytes - max(0, wanted))
        return to_evict(self.entries, max(0, most), now)


class MemoryCache:
    """Results as they are, up to a number of bytes, and to another of those that lie on the device.

    A result that stands for published files counts only as long as they lie where they were put. A model that has to
    leave the device goes to the machine's memory, unless the run that goes on needs it, and comes back with `get`.

    Args:
        budget: Bytes of the machine's memory; by default half of it.
        device: Where nodes compute.
        device_budget: Bytes of the device's memory; by default half of it.
    """

    def __init__(
        self, budget: int | None = None, device: str = "cpu", device_budget: int | None = None
    ) -> None:
        self.host = Book("cpu", budget)
        self.device = Book(device, device_budget) if device != "cpu" else self.host
        self._books = (self.host,) if device == "cpu" else (self.host, self.device)
        self._results: dict[str, Result] = {}
        self._models: set[str] = set()
        self._offloaded: dict[str, set[Any]] = {}
        self._away: WeakSet[Any] = WeakSet()  # those that are not on the device where they belong
        self._needed: set[str] = set()  # by the run that goes on
        self._lock = threading.Lock()

    def begin(self, keys: Collection[str]) -> None:
        """Results stay as long as there is room; the models of these stay where they are."""
        if self.device is not self.host:
            self._needed = set(keys)

    def __contains__(self, key: str) -> bool:
        result = self._results.get(key)
        return result is not None and (result.published is None or still_there(result.published))

    def get(self, key: str) -> Result | None:
        """The result, or None."""
        result = self._results.get(key)
        worth = self.host.entries.get(key)  # without the lock: a date too much or too few does no harm
        if worth is not None:
            worth.used = time.monotonic()
        if self._away and result is not None:
            self._bring_back(result)
        return result

    at_hand = get

    def glimpse(self, key: str) -> Result | None:
        """The result as it lies, or None."""
        return self._results.get(key)

    def cost(self, key: str) -> Cost | None:
        """What a result takes, on the device and off it."""
        host = self.host.entries.get(key)
        if host is None:
            return None
        device = self.device.entries.get(key) if self.device is not self.host else None
        return Cost(host.bytes - OVERHEAD + (device.bytes if device else 0), host.seconds)

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> int:
        """Keep a result, evicting what is worth less than others where there is no room."""
        size, on_device = self._sizes(result)
        with self._lock:
            now = time.monotonic()
            self._results[key] = result
            self._offloaded.pop(key, None)
            if keep == "model":
                self._models.add(key)
                self._needed.add(key)
            self._enter(key, size, on_device, seconds, now)
            self._make_room(size, now)
        return size

    def _sizes(self, result: Result) -> tuple[int, int]:
        """The bytes of a result's values, and how many of them lie on the device, where that has its own memory."""
        values = result.outputs.values()
        there = 0 if self.device is self.host else memory.device_bytes(values, self.device.device)
        return memory.byte_size_of_all(values), there

    def _enter(self, key: str, size: int, on_device: int, seconds: float, now: float) -> None:
        self.host.enter(key, size - on_device + OVERHEAD, seconds, now)
        if self.device is not self.host:
            self.device.strike(key)
        if on_device:
            self.device.enter(key, on_device, seconds, now)

    def _make_room(self, size: int, now: float) -> None:
        for book in reversed(self._books):  # what leaves the device may be too much for the machine
            if size > WORTH_A_LOOK or book.bytes > book.budget:
                self._leave(book, now)

    def _leave(self, book: Book, now: float, coming: int = 0) -> None:
        for leaving in book.leaving(now, coming):
            if book is self.host or not self._offload(leaving, now):
                self._drop(leaving)

    def _offload(self, key: str, now: float) -> bool:
        """Move a model to the machine's memory, if it is one that nobody needs just now."""
        if key not in self._models or key in self._needed or key in self._offloaded:
            return False
        result, worth = self._results[key], self.device.entries[key]
        modules = memory.modules_in(result.outputs.values())
        if not modules or sys.getrefcount(result) > NOBODY_ELSE:
            return False
        memory.move(modules, "cpu")
        self._offloaded[key] = set(modules)
        self._away.update(modules)
        self._enter(key, *self._sizes(result), worth.seconds, now)
        return True

    def _bring_back(self, result: Result) -> None:
        """Move what a result has of models that have left to the device again; other results may share them."""
        with self._lock:
            wanted = [each for each in memory.modules_in(result.outputs.values()) if each in self._away]
            if not wanted:
                return
            now = time.monotonic()
            back = [key for key, modules in self._offloaded.items() if not modules.isdisjoint(wanted)]
            self._needed.update(back)
            self._leave(self.device, now, sum(self.host.entries[key].bytes for key in back))
            memory.move(wanted, self.device.device)
            self._away.difference_update(wanted)
            for key in back:
                del self._offloaded[key]
                self._enter(key, *self._sizes(self._results[key]), self.host.entries[key].seconds, now)

    def clear(self, *, models: bool, results: bool) -> None:
        """Let go of the models, of all other results, or of both."""
        with self._lock:
            for key in [key for key in self._results if (models if key in self._models else results)]:
                self._drop(key)

    def kept(self) -> Kept:
        """How much memory is taken: the device's, or the machine's where that is the device."""
        with self._lock:
            entries = self.device.entries
            models = sum(entries[key].bytes for key in self._models if key in entries)
            return Kept(models, self.device.bytes - models, self.device.budget)

    def flush(self) -> None:
        """Nothing to wait for."""

    def _drop(self, key: str) -> None:
        self._results.pop(key, None)
        self._offloaded.pop(key, None)
        self._models.discard(key)
        self.host.strike(key)
        self.device.strike(key)


class Layers:
    """A fast cache before a slow one; what the slow one gives moves up."""

    def __init__(self, fast: Cache, slow: Cache) -> None:
        self.fast = fast
        self.slow = slow

    def begin(self, keys: Collection[str]) -> None:
        """Tell both."""
        self.fast.begin(keys)
        self.slow.begin(keys)

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

    def glimpse(self, key: str) -> Result | None:
        """The result from the first layer that has it, or None; what the slow one gives does not move up."""
        return self.fast.glimpse(key) or self.slow.glimpse(key)

    def cost(self, key: str) -> Cost | None:
        """What a result takes. What moved up from the slow layer took no longer than to be read: that one knows."""
        return self.slow.cost(key) or self.fast.cost(key)

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> int:
        """Keep a result in both, or in the fast one alone."""
        size = self.fast.put(key, result, seconds, keep)
        if keep == "anywhere":
            self.slow.put(key, result, seconds, keep)
        return size

    def clear(self, *, models: bool, results: bool) -> None:
        """Let go of what both have in memory."""
        self.fast.clear(models=models, results=results)
        self.slow.clear(models=models, results=results)

    def kept(self) -> Kept:
        """What the fast one takes."""
        return self.fast.kept()

    def flush(self) -> None:
        """Wait for the slow one."""
        self.slow.flush()
