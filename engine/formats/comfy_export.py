"""Graphs written as ComfyUI editor workflows. One that was read from such a file gives that file again.

Others are written as they were drawn, with their subgraphs. What ComfyUI's editor has no place for (a literal for a
mere socket, an input left to its default) is kept in a node's `properties` under `weft`, so that a graph that is
written and read again is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.formats.comfy_export_sheet import Written, write_sheet
from engine.formats.comfy_meta import WORKFLOW
from engine.formats.comfy_patch import patched
from engine.formats.comfy_shapes import Shape, shapes_of, uuid_of
from engine.formats.comfy_sheet import ENTRY, EXIT, listed, pair
from engine.formats.comfy_versions import LINK_KEYS, Version, as_version
from engine.formats.redraw import redrawn
from engine.graph.graph import Drawing, Graph, Subgraph
from engine.graph.registry import Registry
from engine.graph.spec import Literal_

ENDS = 120.0, 60.0  # how large what stands for a subgraph's inputs and outputs is


def workflow_of(graph: Graph, registry: Registry, version: Version | None = None) -> dict[str, object]:
    """The editor workflow for a graph, as JSON values.

    A graph that was read from a workflow gives that workflow, with what was changed since: values, titles and places.
    Where more was changed, a new workflow is made of the graph: as it was drawn, or as it runs.

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


def _new_workflow(graph: Graph, registry: Registry) -> dict[str, object]:
    drawing = redrawn(graph) or Drawing(graph.nodes)
    shapes = shapes_of(drawing, registry)
    written = write_sheet(Subgraph(drawing.nodes, meta=graph.meta), shapes)
    definitions = [_definition(id, subgraph, shapes) for id, subgraph in drawing.subgraphs.items()]
    return {
        "last_node_id": written.last_node,
        "last_link_id": len(written.links),
        "nodes": written.nodes,
        "links": written.links,
        "groups": written.groups,
        **({"definitions": {"subgraphs": definitions}} if definitions else {}),
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _definition(id: str, subgraph: Subgraph, shapes: Mapping[str, Shape]) -> dict[str, object]:
    shape, written = shapes[f"@{id}"], write_sheet(subgraph, shapes)
    labels = [*(port.meta for port in subgraph.inputs), *(port.meta for port in subgraph.outputs)]
    ports = list(_ports(shape, labels, written))
    places = subgraph.meta.get("places")
    ends = places if isinstance(places, Mapping) else {}
    return {
        "id": uuid_of(id),
        "version": 1,
        "state": {
            "lastGroupId": len(written.groups),
            "lastNodeId": written.last_node,
            "lastLinkId": len(written.links),
            "lastRerouteId": 0,
        },
        "revision": 0,
        "config": {},
        "name": str(subgraph.meta.get("title", id)),
        "inputNode": {"id": int(ENTRY), "bounding": [*(pair(ends.get("inputs")) or written.left), *ENDS]},
        "outputNode": {"id": int(EXIT), "bounding": [*(pair(ends.get("outputs")) or written.right), *ENDS]},
        "inputs": ports[: len(subgraph.inputs)],
        "outputs": ports[len(subgraph.inputs) :],
        "widgets": [],
        "nodes": written.nodes,
        "groups": written.groups,
        "links": [dict(zip(LINK_KEYS, listed(row), strict=True)) for row in written.links],
        "extra": {},
    }


def _ports(
    shape: Shape, metas: list[Mapping[str, Literal_]], written: Written
) -> Iterator[dict[str, object]]:
    """The ports of a subgraph, its inputs before its outputs, with the links at each."""
    inputs = [(name, type, written.entering.get(name, [])) for name, type, _ in shape.sockets]
    outputs = [
        (name, type, written.leaving.get(index, [])) for index, (name, type) in enumerate(shape.outputs)
    ]
    for index, ((name, type, links), meta) in enumerate(zip((*inputs, *outputs), metas, strict=True)):
        label = {"label": meta["label"]} if isinstance(meta.get("label"), str) else {}
        yield {"id": f"{shape.type}-{index}", "name": name, "type": type, **label, "linkIds": links}
