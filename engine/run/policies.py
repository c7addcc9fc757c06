"""Caches that keep less: what the last graph uses, the results of the last few, or nothing, as ComfyUI's flags say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias

from engine.run.cache import Cache, Keep, Layers, MemoryCache, NoCache
from engine.run.result import Result

CachePolicy: TypeAlias = Literal["all", "classic", "none"] | int
"""What is kept between runs: all that there is room for, what the graph of the last run uses, nothing, or so many
results."""


def cache_for(
    policy: CachePolicy,
    memory: MemoryCache | None = None,
    disk: Cache | None = None,
    *,
    device: str = "cpu",
    budget: int | None = None,
) -> Cache:
    """The cache for a policy.

    Args:
        policy: What to keep between runs.
        memory: Where the policy "all" keeps results; by default a `MemoryCache` for the device and the budget.
        disk: Where the policy "all" keeps them besides. The others forget on purpose, and do without.
        device: Where nodes compute.
        budget: Bytes of that device's memory that models and results may take; by default half of it.
    """
    budgets = (budget, device, None) if device == "cpu" else (None, device, budget)
    match policy:
        case "all":
            memory = memory or MemoryCache(*budgets)
            return Layers(memory, disk) if disk is not None else memory
        case "classic":
            return ClassicCache(*budgets)
        case "none":
            return NoCache()
    return RecentCache(policy, *budgets)


class ClassicCache(MemoryCache):
    """Keeps what the graph of the current run uses.

    What nodes turned into is not known beforehand: those results stay if the run before used them.
    """

    def __init__(
        self, budget: int | None = None, device: str = "cpu", device_budget: int | None = None
    ) -> None:
        super().__init__(budget, device, device_budget)
        self._planned: set[str] = set()
        self._used: set[str] = set()

    def begin(self, keys: Collection[str]) -> None:
        """Let go of all that neither this run needs nor nodes of the last one turned into."""
        super().begin(keys)
        wanted = set(keys)
        with self._lock:
            inner = self._used - self._planned
            for key in self._results.keys() - wanted - inner:
                self._drop(key)
            self._planned = wanted
            self._used = set()

    def get(self, key: str) -> Result | None:
        """The result, or None."""
        self._used.add(key)
        return super().get(key)

    at_hand = get

    def put(self, key: str, result: Result, seconds: float, keep: Keep = "anywhere") -> int:
        """Keep a result for this run and, if the graph of the next one uses it, for that."""
        self._used.add(key)
        return super().put(key, result, seconds, keep)


class RecentCache(MemoryCache):
    """Keeps so many results, those that were used last; within a run it keeps all."""

    def __init__(
        self, most: int, budget: int | None = None, device: str = "cpu", device_budget: int | None = None
    ) -> None:
        super().__init__(budget, device, device_budget)
        self.most = most

    def begin(self, keys: Collection[str]) -> None:
        """Let go of the results that were not used for longest, but of none that this run needs."""
        super().begin(keys)
        wanted = set(keys)
        with self._lock:
            by_age = sorted(self.host.entries, key=lambda key: self.host.entries[key].used)
            excess = max(0, len(by_age) - self.most)
            for key in [key for key in by_age if key not in wanted][:excess]:
                self._drop(key)
