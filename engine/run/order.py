"""The order in which nodes can run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable


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
