"""Edits that give a new graph: set an input, find a node by its title, name the outputs of links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.literals import closest, freeze
from engine.graph.registry import Registry
from engine.graph.spec import ChoiceWidget, FileWidget, InputSpec, Literal_, TextWidget


class EditError(ValueError):
    """An edit that names what the graph does not have, or has twice."""


def with_input(graph: Graph, node: str, input: str, value: InputValue) -> Graph:
    """The graph with one input set; `node` is an id."""
    old = graph.nodes[node]
    return replace(graph, nodes={**graph.nodes, node: replace(old, inputs={**old.inputs, input: value})})


def only_needed(graph: Graph, wanted: Iterable[str]) -> Graph:
    """The graph with these nodes and all that they read, directly or not, in the order they stand there.

    What it does not have is left out; links to nodes that are not there stay as they are.
    """
    waiting = list(wanted)
    needed: set[str] = set()
    while waiting:
        id = waiting.pop()
        if id in graph.nodes and id not in needed:
            needed.add(id)
            for value in graph.nodes[id].inputs.values():
                if value.__class__ is Link:
                    waiting.append(value.node)
    if len(needed) == len(graph.nodes):
        return graph
    return replace(graph, nodes={id: node for id, node in graph.nodes.items() if id in needed})


def find_node(graph: Graph, name: str) -> str:
    """The id of the node that a person calls `name`: its id, or a title that no other node has."""
    if name in graph.nodes:
        return name
    titled = [id for id, node in graph.nodes.items() if node.title == name]
    if len(titled) == 1:
        return titled[0]
    if titled:
        raise EditError(f"{len(titled)} nodes are titled '{name}': {', '.join(titled)}. Name one by its id.")
    titles = [node.title for node in graph.nodes.values() if node.title]
    near = closest(name, [*graph.nodes, *titles])
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {_list(graph.nodes)}."
    raise EditError(f"No node has the id or title '{name}'. {hint}")


def with_setting(graph: Graph, registry: Registry, setting: str) -> Graph:
    """The graph with one input set as a person writes it: `NODE.INPUT=VALUE`, NODE being an id or a unique title.

    VALUE is read as the input's type wants it; a text needs no quotes.
    """
    place, equals, text = setting.partition("=")
    name, dot, input = place.rpartition(".")
    if not (equals and dot and name and input):
        raise EditError(f"'{setting}' is not of the form NODE.INPUT=VALUE, e.g. 6.text=\"a red circle\".")
    node = find_node(graph, name)
    spec = registry.specs.get(graph.nodes[node].kind)
    inputs = {input.name: input for input in spec.inputs} if spec else {}
    return with_input(graph, node, input, value_of(text, inputs.get(input)))


def value_of(text: str, spec: InputSpec | None) -> Literal_:
    """The value that a person's text stands for. What does not read as the input's type stays text."""
    match spec.widget if spec else None:
        case TextWidget() | FileWidget():
            return text
        case ChoiceWidget(options):
            return next((option for option in options if str(option) == text), text)
    try:
        return freeze(json.loads(text))
    except ValueError:
        return text


def named_links(graph: Graph, registry: Registry) -> Graph:
    """The graph with every link naming its output. An index that does not exist stays, for `validate` to report."""
    nodes = {id: _with_names(node, graph, registry) for id, node in graph.nodes.items()}
    if all(nodes[id] is node for id, node in graph.nodes.items()):
        return graph
    return replace(graph, nodes=nodes)


def _with_names(node: Node, graph: Graph, registry: Registry) -> Node:
    named = {
        name: Link(value.node, output)
        for name, value in node.inputs.items()
        if isinstance(value, Link) and (output := _output_name(value, graph, registry)) != value.output
    }
    return replace(node, inputs={**node.inputs, **named}) if named else node


def _output_name(link: Link, graph: Graph, registry: Registry) -> str | int:
    if isinstance(link.output, str):
        return link.output
    source = graph.nodes.get(link.node)
    spec = registry.specs.get(source.kind) if source else None
    if spec is None or not 0 <= link.output < len(spec.outputs):
        return link.output
    return spec.outputs[link.output].name


def _list(nodes: Mapping[str, Node]) -> str:
    shown = [f"{id} ({node.title or node.kind})" for id, node in list(nodes.items())[:20]]
    return ", ".join([*shown, "..."] if len(nodes) > 20 else shown) or "none"
