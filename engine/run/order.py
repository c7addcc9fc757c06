"""The order in which nodes can run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping


def in_order(wanted: Iterable[str], reads: Callable[[str], Collection[str]]) -> list[str]:
    """The wanted nodes and all they need, each behind those it reads. There must be no cycle.

    Neighbours in the graph stay close together, so that values need not be kept for long.
    """
    order: dict[str, None] = {}
    waiting = list(wanted)
    while waiting:
        id = waiting[-1]
        if id not in order:
            missing = [source for source in reads(id) if source not in order]
            if missing:
                waiting += missing
                continue
            order[id] = None
        waiting.pop()
    return list(order)


def in_order_as_far_as_possible(reads: Mapping[str, Collection[str]]) -> list[str]:
    """All nodes, each behind those it reads, but for those that wait for one another and what is behind them."""
    waiting = {id: len(sources) for id, sources in reads.items()}
    readers: dict[str, list[str]] = {id: [] for id in reads}
    for id, sources in reads.items():
        for source in sources:
            readers[source].append(id)
    ready = [id for id, count in waiting.items() if count == 0]
    for id in ready:  # grows while it is read
        for reader in readers[id]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return ready
