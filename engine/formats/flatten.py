"""Drawings flattened to the graphs that run: subgraphs unfolded, reroutes, muted and bypassed nodes gone.

A node within subgraphs is named by its path ("12:5:3"). Linear in the nodes and links of what is unfolded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.formats.bypass import index_of
from engine.formats.follow import Given, Sources
from engine.formats.scopes import INPUTS, REROUTE, VALUE, Scope, all_nodes, mode_of, opened, subgraph_id
from engine.graph.graph import Drawing, Graph, InputValue, Link, Node, Subgraph
from engine.graph.literals import closest
from engine.graph.problems import DanglingLink, Problem, UnknownInput, UnknownOutput, Unreadable
from engine.graph.registry import Registry


def is_flat(nodes: Mapping[str, Node], subgraphs: Mapping[str, Subgraph]) -> bool:
    """Whether what was drawn is what runs. Nearly all graphs are, so this is quick."""
    return not (
        subgraphs
        or any(kind.startswith("@") for kind in {node.kind for node in nodes.values()})
        or any("mode" in node.meta for node in nodes.values())
    )


def flattened(graph: Graph, registry: Registry | None) -> tuple[Graph, list[Problem]]:
    """The graph with the nodes that run, and what keeps its drawing from being flattened.

    Args:
        graph: A graph as it was drawn. One without a drawing is given back as it is.
        registry: The known nodes, by whose types a bypassed node hands on what it is given.
    """
    if graph.drawing is None:
        return graph, []
    drawing = graph.drawing
    root, problems = opened(drawing)
    sources = Sources(drawing, registry)
    flat: dict[str, Node] = {}
    for scope, id, node in all_nodes(root):
        if mode_of(node) is not None:
            continue
        path = scope.prefix + id
        problems += _bad_links(scope, path, node)
        inner = scope.inner.get(id)
        if inner is not None:
            problems += _bad_ends(inner, path, node)
        elif node.kind != REROUTE and id not in scope.inner:
            flat[path] = _flat(scope, node, sources)
    kept = Drawing(drawing.nodes, drawing.subgraphs, flat)
    return Graph(flat, graph.meta, kept), problems + sources.problems


def _flat(scope: Scope, node: Node, sources: Sources) -> Node:
    inputs: dict[str, InputValue] = {}
    same = True
    for name, value in node.inputs.items():
        if not isinstance(value, Link):
            inputs[name] = value
            continue
        source = sources.of(scope, value)
        same = same and source == value
        if isinstance(source, Link):
            inputs[name] = source
        elif isinstance(source, Given):
            inputs[name] = source.value
    return node if same else replace(node, inputs=inputs)


def _bad_links(scope: Scope, path: str, node: Node) -> Iterator[Problem]:
    """What is wrong with links to what vanishes; `validate` sees all others."""
    for name, value in node.inputs.items():
        if not isinstance(value, Link):
            continue
        if value.node == INPUTS and scope.subgraph is None:
            yield DanglingLink(path, name, INPUTS)
            continue
        names = _outputs(scope, value.node)
        if names is not None and index_of(value.output, names) is None:
            source = INPUTS if value.node == INPUTS else scope.prefix + value.node
            yield UnknownOutput(path, name, source, value.output, names)


def _outputs(scope: Scope, id: str) -> tuple[str, ...] | None:
    """The outputs of what vanishes; None of a node that stays, or that is not there."""
    if id == INPUTS and scope.subgraph is not None:
        return tuple(port.name for port in scope.subgraph.inputs)
    inner = scope.inner.get(id)
    if inner is not None and inner.subgraph is not None:
        return tuple(port.name for port in inner.subgraph.outputs)
    node = scope.nodes.get(id)
    return (VALUE,) if node is not None and node.kind == REROUTE else None


def _bad_ends(inner: Scope, path: str, node: Node) -> Iterator[Problem]:
    """What is wrong between a subgraph and its node: inputs that it does not take, outputs that come from nowhere."""
    assert inner.subgraph is not None
    names = [port.name for port in inner.subgraph.inputs]
    title = str(inner.subgraph.meta.get("title") or subgraph_id(node.kind))
    for name in node.inputs.keys() - set(names):
        yield UnknownInput(path, name, title, closest(name, names), tuple(names))
    for port in inner.subgraph.outputs:
        if port.source is None or port.source.node in inner.nodes:
            known = None if port.source is None else _outputs(inner, port.source.node)
        else:
            known = _outputs(inner, port.source.node) or ()
        if port.source is not None and known is not None and index_of(port.source.output, known) is None:
            found = f"'{port.source.output}' of {port.source.node}"
            where = f"output '{port.name}' of the subgraph {title}"
            yield Unreadable(where, "a link to an output of one of its nodes", found, path)
