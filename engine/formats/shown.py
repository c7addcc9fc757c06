"""Graphs as the editor shows them: whole documents whose links name outputs, with a place for every node.

What a person drew is not flattened; what nobody drew is laid out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from engine.formats.bypass import KnownPorts
from engine.formats.comfy_meta import WORKFLOW
from engine.formats.layout import placed
from engine.formats.native import document_of
from engine.formats.native_subgraphs import is_good_id
from engine.formats.redraw import redrawn
from engine.formats.scopes import INPUTS
from engine.graph.edit import named_links
from engine.graph.graph import Drawing, Graph, InputValue, Link, Node, Subgraph
from engine.graph.registry import Registry
from engine.graph.spec import Literal_

Nodes: TypeAlias = Mapping[str, Node]


def document_for_editor(drawn: Graph, registry: Registry) -> dict[str, object]:
    """The document of a graph as it was drawn (`read.drawn_in`), as JSON values."""
    drawing = drawn.drawing or Drawing(drawn.nodes)
    ports = KnownPorts(drawing, registry)
    ids = {id: _good_ids(nodes) for id, nodes in _sheets(drawing).items()}
    named = _changed(drawing, lambda id, sheet: _with_names(sheet, ports, ids[id]))
    laid_out = _changed(named, lambda _, sheet: _with_places(sheet, registry))
    meta = {key: value for key, value in drawn.meta.items() if key != WORKFLOW}
    if "exposed" in meta:
        meta["exposed"] = _exposed(meta["exposed"], ids[""])
    return document_of(Graph({}, meta, laid_out))


def named(graph: Graph, registry: Registry) -> Graph:
    """The graph with every link naming its output, in its drawing too."""
    flat, drawing = named_links(graph, registry), redrawn(graph)
    if drawing is None:
        return flat
    ports = KnownPorts(drawing, registry)
    drawn = _changed(drawing, lambda _, sheet: _with_names(sheet, ports, {id: id for id in sheet.nodes}))
    return replace(flat, drawing=replace(drawn, flat=flat.nodes))


def _sheets(drawing: Drawing) -> dict[str, Nodes]:
    return {"": drawing.nodes, **{id: subgraph.nodes for id, subgraph in drawing.subgraphs.items()}}


def _changed(drawing: Drawing, change: Callable[[str, Subgraph], Subgraph]) -> Drawing:
    """The drawing with every sheet changed; that of the drawing itself, under "", has no inputs and no outputs."""
    root = change("", Subgraph(drawing.nodes))
    return Drawing(root.nodes, {id: change(id, subgraph) for id, subgraph in drawing.subgraphs.items()})


def _with_names(sheet: Subgraph, ports: KnownPorts, ids: Mapping[str, str]) -> Subgraph:
    """The sheet whose links name outputs, and whose nodes have ids that a document may have."""
    nodes: dict[str, Node] = {}
    for id, node in sheet.nodes.items():
        links: dict[str, InputValue] = {
            name: _named(value, sheet.nodes, ports, ids)
            for name, value in node.inputs.items()
            if isinstance(value, Link)
        }
        nodes[ids[id]] = replace(node, inputs={**node.inputs, **links}) if links else node
    outputs = tuple(
        replace(port, source=_named(port.source, sheet.nodes, ports, ids)) if port.source else port
        for port in sheet.outputs
    )
    return replace(sheet, nodes=nodes, outputs=outputs)


def _named(link: Link, nodes: Nodes, ports: KnownPorts, ids: Mapping[str, str]) -> Link:
    source = ids.get(link.node, link.node)
    text = str(link.output)
    if link.node == INPUTS or link.node not in nodes:
        return Link(source, text)
    known = ports.of(nodes[link.node])
    names = [name for name, _ in known.outputs] if known else []
    # An index may have become a text where its node was unknown.
    by_index = text not in names and text.isascii() and text.isdecimal() and int(text) < len(names)
    return Link(source, names[int(text)] if by_index else text)


def _with_places(sheet: Subgraph, registry: Registry) -> Subgraph:
    places = placed(Graph(sheet.nodes), registry)
    nodes = {
        id: replace(node, meta={"position": places[id], **node.meta}) if id in places else node
        for id, node in sheet.nodes.items()
    }
    return replace(sheet, nodes=nodes)


def _good_ids(nodes: Nodes) -> dict[str, str]:
    """An id that a document may have for each of the nodes: its own if it is one."""
    ids: dict[str, str] = {id: id for id in nodes if is_good_id(id)}
    taken = set(ids)
    for id in nodes:
        if id not in ids:
            good = id.lstrip("@").replace(":", ".").replace("/", ".") or "node"
            while good in taken:
                good += "'"
            taken.add(good)
            ids[id] = good
    return ids


def _exposed(exposed: Literal_, ids: Mapping[str, str]) -> Literal_:
    if not isinstance(exposed, tuple):
        return exposed
    return tuple(
        {**row, "node": ids.get(str(row["node"]), row["node"])}
        if isinstance(row, Mapping) and "node" in row
        else row
        for row in exposed
    )
