"""What nodes themselves say of their inputs (ComfyUI's VALIDATE_INPUTS), asked where the packs' code is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from engine.formats.nodes import thaw
from engine.graph.declared import own_check_of
from engine.graph.edit import only_needed
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Problem, Refused
from engine.graph.registry import Registry
from engine.graph.types import type_text


def own_problems(
    graph: Graph,
    registry: Registry,
    functions: Mapping[str, Callable[..., object]],
    targets: Collection[str] = (),
) -> list[Problem]:
    """What those nodes of a graph do not take that have a check of their own. Unknown nodes are passed over.

    Args:
        graph: Whose nodes to ask.
        registry: Their specs.
        functions: Their code.
        targets: Only what these nodes need is asked; without any, all nodes are.
    """
    asked = {kind for kind in {node.kind for node in graph.nodes.values()} if _is_validated(kind, registry)}
    if asked and targets:
        graph = only_needed(graph, targets)
    return [
        problem
        for id, node in graph.nodes.items()
        if node.kind in asked
        for problem in _refused(id, node, graph, registry, functions[node.kind])
    ]


def _is_validated(kind: str, registry: Registry) -> bool:
    return kind in registry.specs and registry.specs[kind].validated


def _refused(
    id: str, node: Node, graph: Graph, registry: Registry, function: Callable[..., object]
) -> list[Problem]:
    check = own_check_of(function)
    if check is None:
        return []
    literals: dict[str, object] = {}
    linked: dict[str, str] = {}
    for name, value in node.inputs.items():
        if isinstance(value, Link):
            linked[name] = _type(value, graph, registry)
        else:
            literals[name] = thaw(value)
    try:
        return [Refused(id, input, reason) for input, reason in check(literals, linked)]
    except Exception as error:  # the check is the pack's own code
        first = next(iter(node.inputs), "")
        return [Refused(id, first, f"its check failed with {type(error).__name__}: {error}")]


def _type(link: Link, graph: Graph, registry: Registry) -> str:
    source = graph.nodes.get(link.node)
    outputs = registry.specs[source.kind].outputs if source and source.kind in registry.specs else ()
    for index, output in enumerate(outputs):
        if link.output in (index, output.name):
            return type_text(output.type)
    return "*"
