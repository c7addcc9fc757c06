"""ComfyUI's API prompts: `{id: {class_type, inputs}}`, also as clients post them, under `prompt`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeGuard

from engine.formats.json_text import one_line, parse
from engine.formats.nodes import KEYS, read_nodes, thaw, usual_node, write_inputs, write_node
from engine.graph.graph import Graph, Link, Node
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry

# A fingerprint that ComfyUI left from an earlier run: trusting it would hide a changed file.
IGNORED = ("is_changed",)

REST = "comfy"  # where a node's meta keeps what ComfyUI's prompt says beside what Weft knows of a node

# What ComfyUI's editor sends for a button on the node; no node takes it.
BUTTONS = {"LoadImage": "upload", "LoadImageMask": "upload"}


def read_prompt(text: str | bytes) -> tuple[Graph, list[Problem]]:
    """The graph in an API prompt. Its links name outputs by index; `named_links` names them."""
    document = parse(text)
    return (Graph(), [document]) if isinstance(document, Unreadable) else graph_of(document)


def graph_of(document: object) -> tuple[Graph, list[Problem]]:
    """The graph in a prompt that is parsed already. What Weft has no use for is kept for `prompt_of`."""
    raw, where = (document["prompt"], "prompt") if is_posted(document) else (document, "the file")
    known = {id: _known_keys(item) for id, item in raw.items()} if isinstance(raw, Mapping) else raw
    nodes, problems = read_nodes(known, where)
    raws = raw if isinstance(raw, Mapping) else {}
    return Graph({id: _with_the_rest(node, raws[id]) for id, node in nodes.items()}), problems


def plain_node(raw: object) -> Node | None:
    """A node of a prompt if nothing about it is unusual: `graph_of` would read it as this. Else None."""
    if not isinstance(raw, dict) or not raw.keys() <= KEYS or raw.get("class_type") in BUTTONS:
        return None
    return usual_node(raw)


def is_posted(document: object) -> TypeGuard[Mapping[str, object]]:
    """Whether a graph stands under `prompt`, as clients post it; that may also be the id of a node."""
    inner = document.get("prompt") if isinstance(document, Mapping) else None
    return isinstance(inner, Mapping) and not isinstance(inner.get("class_type"), str)


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
    return {id: _written(_with_indexes(node, indexes)) for id, node in graph.nodes.items()}


def _with_indexes(node: Node, indexes: Mapping[str, Mapping[str, int]]) -> Node:
    inputs = {
        name: Link(value.node, indexes.get(value.node, {}).get(str(value.output), value.output))
        if isinstance(value, Link)
        else value
        for name, value in node.inputs.items()
    }
    return replace(node, inputs=inputs)


def _known_keys(item: object) -> object:
    if isinstance(item, dict) and not item.keys() <= KEYS:
        return {key: value for key, value in item.items() if key in KEYS}
    return item


def _with_the_rest(node: Node, raw: Mapping[str, object]) -> Node:
    """The node without its button, and with what only ComfyUI knows of it in its meta."""
    if node.kind not in BUTTONS and raw.keys() <= KEYS:
        return node
    button = BUTTONS.get(node.kind, "")
    if isinstance(node.inputs.get(button), Link):
        button = ""
    pressed = {name: value for name, value in node.inputs.items() if name == button}
    keys = {key: value for key, value in raw.items() if key not in KEYS and key not in IGNORED}
    if not (pressed or keys):
        return node
    inputs = {name: value for name, value in node.inputs.items() if name != button}
    rest = {**keys, "inputs": write_inputs(pressed)}
    return replace(node, inputs=inputs, meta={**node.meta, REST: freeze(rest)})


def _written(node: Node) -> dict[str, object]:
    rest = node.meta.get(REST)
    if not isinstance(rest, Mapping):
        return write_node(node)
    meta = {key: value for key, value in node.meta.items() if key != REST}
    written = write_node(replace(node, meta=meta))
    more = {key: thaw(value) for key, value in rest.items()}
    pressed = more.pop("inputs", None)
    inputs = {**write_inputs(node.inputs), **(pressed if isinstance(pressed, dict) else {})}
    return {**written, "inputs": inputs, **more}
