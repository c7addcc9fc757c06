"""ComfyUI's API prompts: `{id: {class_type, inputs}}`, also as clients post them, under `prompt`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.formats.json_text import one_line, parse
from engine.formats.nodes import read_nodes, write_node
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry

# A fingerprint that ComfyUI left from an earlier run: trusting it would hide a changed file.
IGNORED = ("is_changed",)

# What ComfyUI's editor sends for a button on the node; no node takes it.
BUTTONS = {"LoadImage": "upload", "LoadImageMask": "upload"}


def read_prompt(text: str | bytes) -> tuple[Graph, list[Problem]]:
    """The graph in an API prompt. Its links name outputs by index; `named_links` names them."""
    document = parse(text)
    return (Graph(), [document]) if isinstance(document, Unreadable) else graph_of(document)


def graph_of(document: object) -> tuple[Graph, list[Problem]]:
    """The graph in a prompt that is parsed already."""
    match document:
        case {"prompt": Mapping() as prompt}:
            nodes, problems = read_nodes(prompt, "prompt", IGNORED)
        case _:
            nodes, problems = read_nodes(document, "the file", IGNORED)
    return Graph({id: _without_button(node) for id, node in nodes.items()}), problems


def write_prompt(graph: Graph, registry: Registry) -> str:
    """The API prompt for a graph, on one line of ASCII. The registry tells the index of each output."""
    return one_line(prompt_of(graph, registry), ascii=True)


def prompt_of(graph: Graph, registry: Registry) -> dict[str, object]:
    """The API prompt for a graph, as JSON values. An output that the registry does not know keeps its name."""
    indexes = {
        id: {output.name: index for index, output in enumerate(registry.specs[node.kind].outputs)}
        for id, node in graph.nodes.items()
        if node.kind in registry.specs
    }
    return {id: write_node(_with_indexes(node, indexes)) for id, node in graph.nodes.items()}


def _with_indexes(node: Node, indexes: Mapping[str, Mapping[str, int]]) -> Node:
    inputs = {
        name: Link(value.node, indexes.get(value.node, {}).get(str(value.output), value.output))
        if isinstance(value, Link)
        else value
        for name, value in node.inputs.items()
    }
    return replace(node, inputs=inputs)


def _without_button(node: Node) -> Node:
    button = BUTTONS.get(node.kind)
    if button is None or isinstance(node.inputs.get(button), Link):
        return node
    return replace(node, inputs={name: value for name, value in node.inputs.items() if name != button})
