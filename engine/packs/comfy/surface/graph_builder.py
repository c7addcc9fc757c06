"""`comfy_execution.graph_utils`: building the graph that a node turns into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.packs.comfy.expansion import is_link
from engine.packs.comfy.running import current

__all__ = ["ExecutionBlocker", "GraphBuilder", "Node", "add_graph_prefix", "is_link"]

from engine.packs.comfy.blocking import ExecutionBlocker


class Node:
    """A node of the graph."""

    def __init__(self, id: str, class_type: str, inputs: Mapping[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = dict(inputs)
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[Any]:
        """A link to one of its outputs."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Set an input; None removes it."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """An input, or None."""
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Show another node at work instead of this one."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        """The node in the shape of a prompt."""
        shown = {} if self.override_display_id is None else {"override_display_id": self.override_display_id}
        return {"class_type": self.class_type, "inputs": dict(self.inputs), **shown}


class GraphBuilder:
    """A graph in the making. Its ids begin with the node's own, so that they are nobody else's."""

    _default_prefix_root = ""
    _default_prefix_call_index = 0
    _default_prefix_graph_index = 0

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = GraphBuilder.alloc_prefix() if prefix is None else prefix
        self.nodes: dict[str, Node] = {}
        self.id_gen = 1

    @classmethod
    def set_default_prefix(cls, prefix_root: str, call_index: int, graph_index: int = 0) -> None:
        """What ids begin with where no node is being called."""
        cls._default_prefix_root = prefix_root
        cls._default_prefix_call_index = call_index
        cls._default_prefix_graph_index = graph_index

    @classmethod
    def alloc_prefix(
        cls, root: str | None = None, call_index: int | None = None, graph_index: int | None = None
    ) -> str:
        """The next beginning of ids."""
        call = current()
        own = (cls._default_prefix_root, cls._default_prefix_call_index, cls._default_prefix_graph_index)
        if call is not None:
            if call.index is None:
                call.index = call.state.graphs.get(call.context.node, 0)
                call.state.graphs[call.context.node] = call.index + 1
            own = (call.id, call.index, call.graphs)
            call.graphs += 1
        else:
            cls._default_prefix_graph_index += 1
        parts = (
            value if value is not None else default
            for value, default in zip((root, call_index, graph_index), own, strict=True)
        )
        return "".join(f"{part}." for part in parts)

    def node(self, class_type: str, id: str | None = None, **kwargs: Any) -> Node:
        """Add a node, or give the one of this id."""
        if id is None:
            id = str(self.id_gen)
            self.id_gen += 1
        full = self.prefix + id
        if full not in self.nodes:
            self.nodes[full] = Node(full, class_type, kwargs)
        return self.nodes[full]

    def lookup_node(self, id: str) -> Node | None:
        """The node that was added under this id."""
        return self.nodes.get(self.prefix + id)

    def finalize(self) -> dict[str, dict[str, Any]]:
        """The graph in the shape of a prompt."""
        return {id: node.serialize() for id, node in self.nodes.items()}

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Put something else wherever an output is read; None removes the input."""
        full = self.prefix + node_id
        for node in self.nodes.values():
            for key, value in list(node.inputs.items()):
                if is_link(value) and value[0] == full and value[1] == index:
                    node.set_input(key, new_value)

    def remove_node(self, id: str) -> None:
        """Take a node out."""
        del self.nodes[self.prefix + id]


def add_graph_prefix(
    graph: Mapping[str, Any], outputs: Any, prefix: str
) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """The graph with a beginning before all its ids, and its outputs likewise."""
    moved: dict[str, Any] = {}
    for id, info in graph.items():
        inputs = {key: _moved(value, prefix) for key, value in info.get("inputs", {}).items()}
        moved[prefix + id] = {**info, "inputs": inputs}
    return moved, tuple(_moved(value, prefix) for value in outputs)


def _moved(value: Any, prefix: str) -> Any:
    return [prefix + value[0], value[1]] if is_link(value) else value
