"""Graphs written as ComfyUI editor workflows. One that was read from such a file gives that file again.

What ComfyUI's editor has no place for (a literal for a mere socket, an input left to its default) is kept in a node's
`properties` under `weft`, so that a graph that is written and read again is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.formats.comfy_meta import WORKFLOW
from engine.formats.comfy_patch import patched
from engine.formats.comfy_sheet import pair
from engine.formats.comfy_types import comfy_type, input_type, sections
from engine.formats.comfy_versions import Version, as_version
from engine.formats.comfy_widgets import Entry, default_of, is_widget, layout_of
from engine.formats.comfy_workflow import OWN
from engine.formats.layout import layered
from engine.formats.nodes import thaw, write_value
from engine.graph.graph import Graph, Link, Node
from engine.graph.registry import Registry
from engine.graph.spec import Literal_, NodeSpec

HEAD, ROW, WIDTH = 50, 24, 270  # the height of a node's title and of each of its rows, and how wide it is
MOST_OUTPUTS = 256  # of a node of an unknown kind: its outputs are written up to the highest that is used


def workflow_of(graph: Graph, registry: Registry, version: Version | None = None) -> dict[str, object]:
    """The editor workflow for a graph, as JSON values.

    A graph that was read from a workflow gives that workflow, with what was changed since: values, titles and places.
    Where more was changed, a new workflow is made of the graph as it is, without subgraphs.

    Args:
        graph: The graph.
        registry: The known nodes, for the order of their widgets.
        version: The format's version; None leaves that of the file it was read from, or takes 0.4.
    """
    kept = graph.meta.get(WORKFLOW)
    if isinstance(kept, Mapping):
        document = patched(kept, graph, registry)
        if document is not None:
            return document if version is None else as_version(document, version)
    return as_version(_new_workflow(graph, registry), version or "0.4")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is known of a kind of node, looked up once for all nodes of it.

    `sockets` are pairs of name and type with whether it is a widget's, `defaults` are those of the inputs that have
    one, `indexes` tells the index of an output from its name or its index.
    """

    layout: tuple[Entry, ...] = ()
    sockets: tuple[tuple[str, str, bool], ...] = ()
    known: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    defaults: Mapping[str, Literal_] = field(default_factory=dict)
    outputs: tuple[tuple[str, str], ...] = ()
    indexes: Mapping[str | int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Links:
    """The links of the new workflow while it is being written: rows by id, and the ids at each output and input."""

    rows: list[list[object]] = field(default_factory=list)
    at_output: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    at_input: dict[tuple[str, str], int] = field(default_factory=dict)


def _new_workflow(graph: Graph, registry: Registry) -> dict[str, object]:
    names = {node.kind for node in graph.nodes.values()}
    kinds = {name: _kind(registry.specs[name]) if name in registry else _Kind() for name in names}
    links = _links(graph, kinds)
    heights = {id: _size(node, kinds[node.kind])[1] for id, node in graph.nodes.items()}
    places = layered(graph, heights)
    nodes = [
        {**_node(id, node, kinds[node.kind], links, places[id]), "order": order}
        for order, (id, node) in enumerate(graph.nodes.items())
    ]
    numbers = [id for node in nodes if isinstance(id := node["id"], int)]
    notes = list(_notes(graph.meta.get("notes"), max(numbers, default=0) + 1, len(nodes)))
    return {
        "last_node_id": max(numbers, default=0) + len(notes),
        "last_link_id": len(links.rows),
        "nodes": [*nodes, *notes],
        "links": links.rows,
        "groups": list(_groups(graph.meta.get("groups"))),
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _kind(spec: NodeSpec) -> _Kind:
    required, optional = sections(spec)
    layout = tuple(entry for entry in layout_of(spec) if not entry.forced)
    names = [output.name for output in spec.outputs]
    defaults = {input.name: default_of(input) for input in spec.inputs}
    return _Kind(
        layout=layout,
        sockets=tuple(
            (input.name, input_type(input, spec), is_widget(input, spec)) for input in (*required, *optional)
        ),
        known=frozenset(defaults),
        shown=frozenset(entry.name for entry in layout if entry.part == "value" and entry.sent),
        defaults={name: value for name, value in defaults.items() if value is not None},
        outputs=tuple((output.label or output.name, comfy_type(output.type)) for output in spec.outputs),
        indexes={**{index: index for index in range(len(names))}, **{n: i for i, n in enumerate(names)}},
    )


def _links(graph: Graph, kinds: Mapping[str, _Kind]) -> _Links:
    links = _Links()
    for id, node in graph.nodes.items():
        for slot, (name, _, _) in enumerate(_sockets(node, kinds[node.kind])):
            value = node.inputs.get(name)
            source = graph.nodes.get(value.node) if isinstance(value, Link) else None
            if not isinstance(value, Link) or source is None:
                continue
            output = _index(value, kinds[source.kind])
            if output is None:
                continue
            outputs = kinds[source.kind].outputs
            type = outputs[output][1] if output < len(outputs) else "*"
            number = len(links.rows) + 1
            links.rows.append([number, _id(value.node), output, _id(id), slot, type])
            links.at_input[id, name] = number
            links.at_output.setdefault(value.node, {}).setdefault(output, []).append(number)
    return links


def _node(id: str, node: Node, kind: _Kind, links: _Links, place: tuple[float, float]) -> dict[str, object]:
    used = links.at_output.get(id, {})
    outputs = [*kind.outputs, *[("", "*")] * (max(used, default=-1) + 1 - len(kind.outputs))]
    connected = {name: links.at_input.get((id, name)) for name in node.inputs}
    own = _noted(node, kind, connected)
    written: dict[str, object] = {
        "id": _id(id),
        "type": node.kind,
        "pos": list(pair(node.meta.get("position")) or place),
        "size": list(pair(node.meta.get("size")) or _size(node, kind)),
        "flags": {"collapsed": True} if node.meta.get("collapsed") else {},
        "mode": 0,
        "inputs": [
            _socket(name, type, connected.get(name), widget=widget)
            for name, type, widget in _sockets(node, kind)
        ],
        "outputs": [
            {"name": name, "type": type, "links": used.get(slot)} for slot, (name, type) in enumerate(outputs)
        ],
        "properties": {"Node name for S&R": node.kind, **({OWN: own} if own else {})},
        "widgets_values": [_value(entry, node, kind) for entry in kind.layout],
    }
    marks = {"title": node.title, "color": node.meta.get("color"), "bgcolor": node.meta.get("background")}
    return {**written, **{key: value for key, value in marks.items() if isinstance(value, str)}}


def _socket(name: str, type: str, link: int | None, *, widget: bool) -> dict[str, object]:
    socket: dict[str, object] = {"name": name, "type": type, "link": link}
    return {**socket, "widget": {"name": name}} if widget else socket


def _sockets(node: Node, kind: _Kind) -> Iterator[tuple[str, str, bool]]:
    """The sockets of a node: name, type, and whether it is a widget's. A widget has one only where a link needs it."""
    for name, type, widget in kind.sockets:
        if not widget or isinstance(node.inputs.get(name), Link):
            yield name, type, widget
    for name, value in node.inputs.items():
        if isinstance(value, Link) and name not in kind.known:
            yield name, "*", False


def _noted(node: Node, kind: _Kind, connected: Mapping[str, int | None]) -> dict[str, object]:
    """What of the node has no place among the widgets' values or among the links."""
    # null in a file means that a widget has none, so a null that was meant is kept apart.
    apart = {
        name: write_value(value)
        for name, value in node.inputs.items()
        if connected[name] is None and (isinstance(value, Link) or name not in kind.shown or value is None)
    }
    absent = [name for name in kind.shown if name not in node.inputs and name in kind.defaults]
    return {key: value for key, value in {"inputs": apart, "absent": sorted(absent)}.items() if value}


def _value(entry: Entry, node: Node, kind: _Kind) -> object:
    match entry.part:
        case "control":
            controls = node.meta.get("controls")
            return controls.get(entry.name, "fixed") if isinstance(controls, Mapping) else "fixed"
        case "filter":
            return ""
        case "upload":
            return "image"
    value = node.inputs.get(entry.name)
    return thaw(kind.defaults.get(entry.name) if isinstance(value, Link) or value is None else value)


def _index(link: Link, source: _Kind) -> int | None:
    """The index of the output that a link comes from, if one is known."""
    if link.output in source.indexes:
        return source.indexes[link.output]
    known = isinstance(link.output, int) and 0 <= link.output < MOST_OUTPUTS
    return int(link.output) if known else None


def _size(node: Node, kind: _Kind) -> tuple[float, float]:
    widgets = len(kind.layout) if kind.known else len(node.inputs)
    rows = max(sum(1 for _ in _sockets(node, kind)), len(kind.outputs), 1) + widgets
    return WIDTH, HEAD + ROW * rows


def _id(id: str) -> int | str:
    # ComfyUI's editor counts its nodes; whatever is no such number stays a text.
    whole = id.isascii() and id.isdecimal() and len(id) < 16 and str(int(id)) == id
    return int(id) if whole else id


def _notes(notes: Literal_, number: int, order: int) -> Iterator[dict[str, object]]:
    for index, note in enumerate(notes if isinstance(notes, tuple) else ()):
        if isinstance(note, Mapping):
            yield {
                "id": number + index,
                "type": "MarkdownNote" if note.get("markdown") else "Note",
                "pos": list(pair(note.get("position")) or (0, 0)),
                "size": list(pair(note.get("size")) or (210, 90)),
                "flags": {},
                "order": order + index,
                "mode": 0,
                "inputs": [],
                "outputs": [],
                "properties": {},
                "widgets_values": [note.get("text", "")],
            }


def _groups(groups: Literal_) -> Iterator[dict[str, object]]:
    for group in groups if isinstance(groups, tuple) else ():
        if not isinstance(group, Mapping):
            continue
        place, size = pair(group.get("position")), pair(group.get("size"))
        if place and size:
            color = {"color": group["color"]} if "color" in group else {}
            yield {"title": group.get("title", ""), "bounding": [*place, *size], **color}
