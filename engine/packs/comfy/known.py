"""The nodes that are loaded in this process, for those adapters that must know of others: by id, spec and function."""

from __future__ import annotations

from collections.abc import Callable

from engine.graph.spec import NodeSpec

_NODES: dict[str, tuple[NodeSpec, Callable[..., object]]] = {}


def learn(spec: NodeSpec, function: Callable[..., object]) -> None:
    """Take note of a node."""
    _NODES[spec.id] = (spec, function)


def unlearn(pack: str) -> None:
    """Forget the nodes of a pack, which is about to be imported anew."""
    for id in [id for id, (spec, _) in _NODES.items() if spec.pack == pack]:
        del _NODES[id]


def known_spec(id: str) -> NodeSpec | None:
    """The spec of a node, if it is loaded."""
    return _NODES[id][0] if id in _NODES else None


def known_function(id: str) -> Callable[..., object] | None:
    """The function of a node, if it is loaded."""
    return _NODES[id][1] if id in _NODES else None


def all_specs() -> dict[str, NodeSpec]:
    """The specs of all nodes that are loaded."""
    return {id: spec for id, (spec, _) in _NODES.items()}
