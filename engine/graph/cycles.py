"""Cycles of a graph, with their members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.graph.graph import Graph, Link


def sources(graph: Graph) -> dict[str, list[str]]:
    """For each node, the nodes it reads (those that exist), once for each link."""
    nodes = graph.nodes
    return {
        id: [value.node for value in node.inputs.values() if value.__class__ is Link and value.node in nodes]
        for id, node in nodes.items()
    }


def cycles(graph: Graph) -> list[tuple[str, ...]]:
    """One cycle of every knot of nodes that wait for one another; each member reads the one before it."""
    reads = sources(graph)
    stuck = _stuck(reads)
    if not stuck:
        return []
    import networkx  # noqa: PLC0415  (here, since it loads slowly and good graphs never need it)

    edges = ((source, id) for id in stuck for source in reads[id] if source in stuck)
    knots = networkx.strongly_connected_components(networkx.DiGraph(edges))
    order = {id: index for index, id in enumerate(graph.nodes)}
    found = [
        _rotated(_walk(knot, reads), order)
        for knot in knots
        if len(knot) > 1 or any(id in reads[id] for id in knot)
    ]
    return sorted(found, key=lambda members: order[members[0]])


def _stuck(reads: Mapping[str, Iterable[str]]) -> set[str]:
    """The nodes that are in a cycle or behind one: what is left once every node that can run has run."""
    waiting = {id: len(tuple(sources)) for id, sources in reads.items()}
    readers: dict[str, list[str]] = {id: [] for id in reads}
    for id, from_ids in reads.items():
        for source in from_ids:
            readers[source].append(id)
    ready = [id for id, count in waiting.items() if count == 0]
    for id in ready:  # grows while it is read
        for reader in readers[id]:
            waiting[reader] -= 1
            if waiting[reader] == 0:
                ready.append(reader)
    return set(reads) - set(ready)


def _walk(knot: set[str], reads: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    # Within a knot every node reads another of it, so going backwards must come round.
    path: dict[str, None] = {}
    id = min(knot)
    while id not in path:
        path[id] = None
        id = next(source for source in reads[id] if source in knot)
    backwards = list(path)
    return tuple(reversed(backwards[backwards.index(id) :]))


def _rotated(members: tuple[str, ...], order: Mapping[str, int]) -> tuple[str, ...]:
    first = members.index(min(members, key=order.__getitem__))
    return members[first:] + members[:first]
