"""Places for nodes that have none: layers from left to right, each node right of all that it reads."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from engine.graph.graph import Graph, Link, Node
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec, TextWidget

COLUMN, GAP = 340.0, 40.0
HEAD, ROW, TEXT = (
    60.0,
    28.0,
    90.0,
)  # how high a node's title is, each of its rows, and a text of several lines


def placed(graph: Graph, registry: Registry) -> dict[str, tuple[float, float]]:
    """Places for the nodes that have none, below those that have one."""
    without = [id for id, node in graph.nodes.items() if _place(node) is None]
    if not without:
        return {}
    lone = Graph({id: graph.nodes[id] for id in without})
    heights = {id: height(node, registry.specs.get(node.kind)) for id, node in lone.nodes.items()}
    bottoms = [
        (place[0], place[1] + height(node, registry.specs.get(node.kind)))
        for node in graph.nodes.values()
        if (place := _place(node)) is not None
    ]
    left = min((x for x, _ in bottoms), default=0.0)
    top = max((y + GAP for _, y in bottoms), default=0.0)
    return {id: (x + left, y + top) for id, (x, y) in layered(lone, heights).items()}


def height(node: Node, spec: NodeSpec | None) -> float:
    """About how high a node is in the editor."""
    match node.meta.get("size"):
        case (_, int(high) | float(high)):
            return float(high)
    if spec is None:
        return HEAD + ROW * max(len(node.inputs), 1)
    texts = sum(isinstance(input.widget, TextWidget) and input.widget.multiline for input in spec.inputs)
    return HEAD + ROW * (len(spec.inputs) + len(spec.outputs)) + TEXT * texts


def _place(node: Node) -> tuple[float, float] | None:
    match node.meta.get("position"):
        case (int(x) | float(x), int(y) | float(y)):
            return float(x), float(y)
    return None


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
