"""One sheet of a drawing as ComfyUI's files have it: nodes with their widgets' values in a row, rows of links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.formats.comfy_colors import colors_of
from engine.formats.comfy_meta import MODES
from engine.formats.comfy_shapes import Shape
from engine.formats.comfy_sheet import ENTRY, EXIT, listed, pair
from engine.formats.comfy_values import OWN
from engine.formats.comfy_widgets import Entry
from engine.formats.layout import layered
from engine.formats.nodes import thaw, write_value
from engine.formats.scopes import INPUTS, REROUTE, VALUE
from engine.graph.graph import Graph, InputValue, Link, Node, Subgraph
from engine.graph.spec import Literal_

HEAD, ROW, WIDTH = 50, 24, 270  # the height of a node's title and of each of its rows, and how wide it is
MOST_OUTPUTS = 256  # of a node of an unknown kind: its outputs are written up to the highest that is used
NUMBERS = {mode: number for number, mode in MODES.items()}
PRIMITIVE = Shape("PrimitiveNode", outputs=(("", "*"),), indexes={0: 0, VALUE: 0})


@dataclass(slots=True)
class Written:
    """A sheet in the words of a file: nodes, rows of links, groups; the ends of links by ports; where it ends."""

    nodes: list[dict[str, object]] = field(default_factory=list)
    links: list[list[object]] = field(default_factory=list)
    groups: list[dict[str, object]] = field(default_factory=list)
    entering: dict[str, list[int]] = field(default_factory=dict)
    leaving: dict[int, list[int]] = field(default_factory=dict)
    last_node: int = 0
    left: tuple[float, float] = (0, 0)
    right: tuple[float, float] = (0, 0)
    at_output: dict[str, dict[int, list[int]]] = field(default_factory=dict)
    at_input: dict[tuple[str, str], int] = field(default_factory=dict)


def write_sheet(sheet: Subgraph, shapes: Mapping[str, Shape]) -> Written:
    """The sheet in the words of a file."""
    written = Written()
    own = {id: _shape(node, shapes) for id, node in sheet.nodes.items()}
    _write_links(sheet, own, written)
    behind = {port.name: port.meta["default"] for port in sheet.inputs if "default" in port.meta}
    places = layered(Graph(sheet.nodes), {id: _size(node, own[id])[1] for id, node in sheet.nodes.items()})
    for order, (id, node) in enumerate(sheet.nodes.items()):
        place = pair(node.meta.get("position")) or places[id]
        written.nodes.append({**_node(id, node, own[id], written, place, behind), "order": order})
        written.left = min(written.left[0], place[0] - WIDTH), min(written.left[1], place[1])
        written.right = max(written.right[0], place[0] + 2 * WIDTH), min(written.right[1], place[1])
    numbers = [number for node in written.nodes if isinstance(number := node["id"], int)]
    notes = list(_notes(sheet.meta.get("notes"), max(numbers, default=0) + 1, len(written.nodes)))
    written.nodes += notes
    written.last_node = max(numbers, default=0) + len(notes)
    written.groups = list(_groups(sheet.meta.get("groups")))
    return written


def _shape(node: Node, shapes: Mapping[str, Shape]) -> Shape:
    # A reroute that has a value is what ComfyUI's editor calls a primitive.
    valued = node.kind == REROUTE and VALUE in node.inputs and not isinstance(node.inputs[VALUE], Link)
    return PRIMITIVE if valued else shapes[node.kind]


def _write_links(sheet: Subgraph, shapes: Mapping[str, Shape], written: Written) -> None:
    for id, node in sheet.nodes.items():
        for slot, (name, type, _) in enumerate(_sockets(node, shapes[id])):
            value = node.inputs.get(name)
            number = _write_link(sheet, shapes, written, value, _id(id), slot, type)
            if number is not None:
                written.at_input[id, name] = number
    for index, port in enumerate(sheet.outputs):
        number = _write_link(sheet, shapes, written, port.source, int(EXIT), index, "*")
        if number is not None:
            written.leaving[index] = [number]


def _write_link(
    sheet: Subgraph,
    shapes: Mapping[str, Shape],
    written: Written,
    value: InputValue,
    target: int | str,
    slot: int,
    wanted: str,
) -> int | None:
    """Write one link, if its source can be said in a file; gives its number."""
    if not isinstance(value, Link):
        return None
    number = len(written.links) + 1
    if value.node == INPUTS:
        names = [port.name for port in sheet.inputs]
        if value.output not in names:
            return None
        index = names.index(str(value.output))
        written.links.append([number, int(ENTRY), index, target, slot, wanted])
        written.entering.setdefault(names[index], []).append(number)
        return number
    source = shapes.get(value.node)
    output = None if source is None else _index(value, source)
    if source is None or output is None:
        return None
    type = source.outputs[output][1] if output < len(source.outputs) else "*"
    written.links.append([number, _id(value.node), output, target, slot, type])
    written.at_output.setdefault(value.node, {}).setdefault(output, []).append(number)
    return number


def _node(
    id: str,
    node: Node,
    shape: Shape,
    written: Written,
    place: tuple[float, float],
    behind: Mapping[str, Literal_],
) -> dict[str, object]:
    used = written.at_output.get(id, {})
    outputs = [*shape.outputs, *[("", "*")] * (max(used, default=-1) + 1 - len(shape.outputs))]
    connected = {name: written.at_input.get((id, name)) for name in node.inputs}
    own = {} if shape.always or node.kind == REROUTE else _noted(node, shape, connected)
    flags = {key: True for key in ("collapsed", "pinned") if node.meta.get(key)}
    told: dict[str, object] = {
        "id": _id(id),
        "type": shape.type,
        "pos": list(place),
        "size": list(pair(node.meta.get("size")) or _size(node, shape)),
        "flags": flags,
        "mode": NUMBERS.get(str(node.meta.get("mode")), 0),
        "inputs": [
            _socket(name, type, connected.get(name), widget=widget)
            for name, type, widget in _sockets(node, shape)
        ],
        "outputs": [
            {"name": name, "type": type, "links": used.get(slot)} for slot, (name, type) in enumerate(outputs)
        ],
        "properties": {"Node name for S&R": shape.type, **({OWN: own} if own else {})},
        "widgets_values": _values(node, shape, behind),
    }
    title = {} if node.title is None else {"title": node.title}
    return {**told, **title, **colors_of(node.meta)}


def _values(node: Node, shape: Shape, behind: Mapping[str, Literal_]) -> list[object]:
    if shape is PRIMITIVE:
        return [write_value(node.inputs[VALUE]), "fixed"]
    return [_value(entry, node, shape, behind) for entry in shape.layout]


def _value(entry: Entry, node: Node, shape: Shape, behind: Mapping[str, Literal_]) -> object:
    match entry.part:
        case "control":
            controls = node.meta.get("control")
            return controls.get(entry.name, "fixed") if isinstance(controls, Mapping) else "fixed"
        case "filter":
            return ""
        case "upload":
            return "image"
    value = node.inputs.get(entry.name)
    if isinstance(value, Link) and value.node == INPUTS and value.output in behind:
        return thaw(behind[str(value.output)])
    return thaw(shape.defaults.get(entry.name) if isinstance(value, Link) or value is None else value)


def _socket(name: str, type: str, link: int | None, *, widget: bool) -> dict[str, object]:
    socket: dict[str, object] = {"name": name, "type": type, "link": link}
    return {**socket, "widget": {"name": name}} if widget else socket


def _sockets(node: Node, shape: Shape) -> Iterator[tuple[str, str, bool]]:
    """The sockets of a node: name, type, and whether it is a widget's. A widget has one only where a link needs it."""
    for name, type, widget in shape.sockets:
        if not widget or shape.always or isinstance(node.inputs.get(name), Link):
            yield name, type, widget
    for name, value in node.inputs.items():
        if isinstance(value, Link) and name not in shape.known:
            yield name, "*", False


def _noted(node: Node, shape: Shape, connected: Mapping[str, int | None]) -> dict[str, object]:
    """What of the node has no place among the widgets' values or among the links."""
    # null in a file means that a widget has none, so a null that was meant is kept apart.
    apart = {
        name: write_value(value)
        for name, value in node.inputs.items()
        if connected[name] is None and (isinstance(value, Link) or name not in shape.shown or value is None)
    }
    absent = [name for name in shape.shown if name not in node.inputs and name in shape.defaults]
    return {key: value for key, value in {"inputs": apart, "absent": sorted(absent)}.items() if value}


def _index(link: Link, source: Shape) -> int | None:
    """The index of the output that a link comes from, if one is known."""
    if link.output in source.indexes:
        return source.indexes[link.output]
    known = isinstance(link.output, int) and 0 <= link.output < MOST_OUTPUTS
    return int(link.output) if known else None


def _size(node: Node, shape: Shape) -> tuple[float, float]:
    widgets = len(shape.layout) if shape.known else len(node.inputs)
    rows = max(sum(1 for _ in _sockets(node, shape)), len(shape.outputs), 1) + widgets
    return WIDTH, HEAD + ROW * rows


def _id(id: str) -> int | str:
    # ComfyUI's editor counts its nodes; whatever is no such number stays a text.
    whole = id.isascii() and id.isdecimal() and len(id) < 16 and str(int(id)) == id
    return int(id) if whole else id


def _notes(notes: Literal_, number: int, order: int) -> Iterator[dict[str, object]]:
    for index, note in enumerate(notes if isinstance(notes, tuple) else ()):
        if isinstance(note, Mapping):
            bounds = listed(note.get("bounds"))
            yield {
                "id": number + index,
                "type": "Note" if note.get("plain") else "MarkdownNote",
                "pos": list(pair(bounds) or (0, 0)),
                "size": list(pair(bounds[2:]) or (210, 90)),
                "flags": {},
                "order": order + index,
                "mode": 0,
                "inputs": [],
                "outputs": [],
                "properties": {},
                "widgets_values": [note.get("text", "")],
                **colors_of(note),
            }


def _groups(groups: Literal_) -> Iterator[dict[str, object]]:
    for index, group in enumerate(groups if isinstance(groups, tuple) else (), 1):
        if not isinstance(group, Mapping):
            continue
        bounds = listed(group.get("bounds"))
        place, size = pair(bounds), pair(bounds[2:])
        if place and size:
            color = {key: value for key, value in colors_of(group).items() if key == "color"}
            yield {"id": index, "title": group.get("title", ""), "bounding": [*place, *size], **color}
