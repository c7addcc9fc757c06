"""ComfyUI's editor workflows (0.4 and 1.0), read as graphs: what their editor would send to be run.

Nodes of subgraphs and groups are named by their path ("12:5:3"); notes, reroutes, primitives, muted and bypassed nodes
are gone. The workflow itself stays in the graph's meta, for whoever wants to have it back.

Where it differs from ComfyUI's editor: `{a|b}` in texts and `%...%` in file names are left as they are; a muted or
bypassed subgraph is so as a whole, even where the file says otherwise of the nodes in it; and a bypassed node hands on
only what is linked to it, by its own types and not by those of whoever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.formats.comfy_drawing import drawing_of
from engine.formats.comfy_meta import WORKFLOW, sheet_meta
from engine.formats.comfy_sheet import Raw
from engine.formats.comfy_sheets import ROOT, sheets_of
from engine.formats.flatten import flattened, is_flat
from engine.formats.json_text import kind_of
from engine.formats.scopes import all_nodes, opened
from engine.graph.graph import Drawing, Graph, Node
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry
from engine.graph.spec import Literal_

LAID_OUT = ("position", "size", "color", "background", "collapsed", "pinned")


def graph_of(document: object, registry: Registry) -> tuple[Graph, list[Problem]]:
    """The graph that a workflow stands for, and what of it cannot be read.

    A kind of node that the registry does not know keeps its links, and its values as far as the file names them.
    """
    drawn, problems = drawn_in(document, registry)
    graph, wrong = flattened(drawn, registry)
    return graph, problems + wrong


def drawn_in(document: object, registry: Registry) -> tuple[Graph, list[Problem]]:
    """The same as it was drawn: `flattened` gives the nodes that run."""
    if not isinstance(document, Mapping):
        return Graph(), [Unreadable("the file", "a workflow (an object)", kind_of(document))]
    sheets, problems = sheets_of(document, registry)
    drawing = drawing_of(sheets, registry)
    meta = {**sheet_meta(sheets.by_id[ROOT]), WORKFLOW: freeze(document)}
    if is_flat(drawing.nodes, drawing.subgraphs):
        return Graph(drawing.nodes, meta), problems
    return Graph({}, meta, drawing), problems


def with_workflow(graph: Graph, document: Raw) -> Graph:
    """The graph of a picture with the layout of the workflow that the picture carries beside it."""
    drawn, _ = drawn_in(document, Registry({}))
    if graph.drawing is not None:
        return replace(graph, meta={**drawn.meta, **graph.meta})
    root, _ = opened(drawn.drawing or Drawing(drawn.nodes))
    layout = {scope.prefix + id: _layout(node) for scope, id, node in all_nodes(root)}
    nodes = {id: replace(node, meta={**layout.get(id, {}), **node.meta}) for id, node in graph.nodes.items()}
    return Graph(nodes, {**drawn.meta, **graph.meta})


def _layout(node: Node) -> dict[str, Literal_]:
    return {key: value for key, value in node.meta.items() if key in LAID_OUT}
