"""How ComfyUI's files show each kind of node: its sockets, widgets and outputs."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.formats.bypass import KnownPorts
from engine.formats.comfy_types import comfy_type, input_type, sections
from engine.formats.comfy_widgets import Entry, default_of, is_widget, layout_of
from engine.formats.scopes import INPUTS, REROUTE, VALUE, subgraph_id
from engine.graph.graph import Drawing, Link, Node, Subgraph
from engine.graph.registry import Registry
from engine.graph.spec import Literal_, NodeSpec

FAMILY = uuid.UUID(
    "5b6bb1c9-0c35-4a4c-9b0c-1d3f6f6a5d0e"
)  # of the ids that subgraphs get where ours are no such ids


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a kind of node, which ComfyUI calls `type`.

    `sockets` are inputs by name and type, with whether each is a widget's; those of `always` are there even where no
    link needs them. `defaults` are those of the inputs that have one, `indexes` tells the index of an output from its
    name or its index.
    """

    type: str
    layout: tuple[Entry, ...] = ()
    sockets: tuple[tuple[str, str, bool], ...] = ()
    always: bool = False
    known: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    defaults: Mapping[str, Literal_] = field(default_factory=dict)
    outputs: tuple[tuple[str, str], ...] = ()
    indexes: Mapping[str | int, int] = field(default_factory=dict)


def shapes_of(drawing: Drawing, registry: Registry) -> dict[str, Shape]:
    """The shape of every kind of node in a drawing."""
    sheets = [drawing.nodes, *(subgraph.nodes for subgraph in drawing.subgraphs.values())]
    kinds = dict.fromkeys(node.kind for nodes in sheets for node in nodes.values())
    shapes = {kind: _shape(kind, registry) for kind in kinds if subgraph_id(kind) not in drawing.subgraphs}
    widgets = _widgets_of_subgraphs(drawing, shapes)
    ports = KnownPorts(drawing, registry)
    for id, subgraph in drawing.subgraphs.items():
        shapes[f"@{id}"] = _of_subgraph(id, subgraph, ports, widgets[id])
    return shapes


def uuid_of(id: str) -> str:
    """The id of a subgraph as ComfyUI wants one: its own if it is such an id."""
    try:
        return str(uuid.UUID(id)) if len(id) == 36 else str(uuid.uuid5(FAMILY, id))
    except ValueError:
        return str(uuid.uuid5(FAMILY, id))


def _shape(kind: str, registry: Registry) -> Shape:
    if kind in registry:
        return _of_spec(registry.specs[kind])
    if kind == REROUTE:
        sockets = ((VALUE, "*", False),)
        return Shape(
            "Reroute", (), sockets, known=frozenset({VALUE}), outputs=(("", "*"),), indexes={0: 0, VALUE: 0}
        )
    return Shape(subgraph_id(kind) or kind)


def _of_spec(spec: NodeSpec) -> Shape:
    required, optional = sections(spec)
    layout = tuple(entry for entry in layout_of(spec) if not entry.forced)
    names = [output.name for output in spec.outputs]
    defaults = {input.name: default_of(input) for input in spec.inputs}
    return Shape(
        spec.id,
        layout,
        tuple(
            (input.name, input_type(input, spec), is_widget(input, spec)) for input in (*required, *optional)
        ),
        known=frozenset(defaults),
        shown=frozenset(entry.name for entry in layout if entry.part == "value" and entry.sent),
        defaults={name: value for name, value in defaults.items() if value is not None},
        outputs=tuple((output.label or output.name, comfy_type(output.type)) for output in spec.outputs),
        indexes={**{index: index for index in range(len(names))}, **{n: i for i, n in enumerate(names)}},
    )


def _of_subgraph(id: str, subgraph: Subgraph, ports: KnownPorts, widgets: frozenset[str]) -> Shape:
    known = ports.of(Node(f"@{id}"))
    assert known is not None
    names = [name for name, _ in known.outputs]
    return Shape(
        uuid_of(id),
        tuple(Entry(port.name) for port in subgraph.inputs if port.name in widgets),
        tuple((name, comfy_type(type), name in widgets) for name, type in known.inputs),
        always=True,
        known=frozenset(name for name, _ in known.inputs),
        shown=widgets,
        outputs=tuple((name, comfy_type(type)) for name, type in known.outputs),
        indexes={**{index: index for index in range(len(names))}, **{n: i for i, n in enumerate(names)}},
    )


def _widgets_of_subgraphs(drawing: Drawing, shapes: Mapping[str, Shape]) -> dict[str, frozenset[str]]:
    """The inputs of each subgraph that its nodes show as widgets: those that have values, or lead to a widget."""
    found: dict[str, set[str]] = {id: set() for id in drawing.subgraphs}
    through: list[tuple[str, str, str, str]] = []
    for id, subgraph in (("", Subgraph(drawing.nodes)), *drawing.subgraphs.items()):
        for node in subgraph.nodes.values():
            inner = subgraph_id(node.kind)
            for name, value in node.inputs.items():
                if inner in found and not isinstance(value, Link):
                    found[str(inner)].add(name)
                if not isinstance(value, Link) or value.node != INPUTS or id not in found:
                    continue
                if inner in found:
                    through.append((id, str(value.output), str(inner), name))
                elif node.kind in shapes and any(
                    name == s and widget for s, _, widget in shapes[node.kind].sockets
                ):
                    found[id].add(str(value.output))
    for _ in range(len(found)):  # each pass tells the subgraphs around what those within have told
        for id, name, inner, port in through:
            if port in found[inner]:
                found[id].add(name)
    return {id: frozenset(names) for id, names in found.items()}
