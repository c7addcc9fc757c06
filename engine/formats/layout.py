"""Places for nodes that have none: layers from left to right, each node right of all that it reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from engine.graph.graph import Graph, Link

COLUMN, GAP = 340.0, 40.0


def layered(graph: Graph, heights: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """The place of each node's upper left corner. Nodes in a cycle stand left, with those that read nothing."""
    layers = layers_of(graph)
    below: dict[int, float] = {}
    places: dict[str, tuple[float, float]] = {}
    for id, layer in layers.items():
        y = below.get(layer, 0.0)
        places[id] = (layer * COLUMN, y)
        below[layer] = y + heights.get(id, 0.0) + GAP
    return places


def layers_of(graph: Graph) -> dict[str, int]:
    """For each node how many links lie on the longest way to it."""
    sources = {
        id: {
            value.node
            for value in node.inputs.values()
            if isinstance(value, Link) and value.node in graph.nodes
        }
        for id, node in graph.nodes.items()
    }
    readers: dict[str, list[str]] = {id: [] for id in graph.nodes}
    waiting_for = {id: len(read) for id, read in sources.items()}
    for id, read in sources.items():
        for source in read:
            readers[source].append(id)
    layers = dict.fromkeys(graph.nodes, 0)
    ready = deque(id for id, count in waiting_for.items() if count == 0)
    while ready:
        id = ready.popleft()
        for reader in readers[id]:
            layers[reader] = max(layers[reader], layers[id] + 1)
            waiting_for[reader] -= 1
            if waiting_for[reader] == 0:
                ready.append(reader)
    return {id: 0 if waiting_for[id] else layer for id, layer in layers.items()}
