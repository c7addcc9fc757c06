"""Weft's own file: ComfyUI's API prompt under `nodes`, with what the editor keeps beside it.

    {"weft": 2, "nodes": {"3": {"class_type": "KSampler", "inputs": {"seed": 7, "model": ["4", "model"]},
                                "_meta": {"title": "Sample", "position": [40, 80]}}}, "groups": [...]}

Every other key of the file (groups, notes, exposed inputs) is the graph's `meta`, every other key of a node's `_meta`
the node's. docs/graph-file.md tells all of it. Subgraphs are in `native_subgraphs`.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.formats.flatten import flattened, is_flat
from engine.formats.json_text import kind_of, one_line, parse, pretty
from engine.formats.migrations import VERSION, migrate
from engine.formats.native_subgraphs import bad_ids, bad_modes, read_subgraphs, write_subgraph
from engine.formats.nodes import read_nodes, thaw, write_node
from engine.formats.redraw import redrawn
from engine.graph.graph import Drawing, Graph
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry

OWN_KEYS = ("weft", "nodes", "subgraphs")
HEAD_KEYS = ("title", "description")  # what a person wants to read first


def read_graph(text: str | bytes, registry: Registry | None = None) -> tuple[Graph, list[Problem]]:
    """The graph in a file of Weft's own format, as far as it can be read, and what is wrong with the rest."""
    document = parse(text)
    return (Graph(), [document]) if isinstance(document, Unreadable) else graph_of(document, registry)


def graph_of(document: object, registry: Registry | None = None) -> tuple[Graph, list[Problem]]:
    """The graph in a document that is parsed already. The registry tells what bypassed nodes hand on."""
    drawn, problems = drawn_in(document)
    graph, wrong = flattened(drawn, registry)
    return graph, problems + wrong


def drawn_in(document: object) -> tuple[Graph, list[Problem]]:
    """The same as it was drawn: `flattened` gives the nodes that run."""
    if not isinstance(document, Mapping):
        return Graph(), [Unreadable("the file", "an object", kind_of(document))]
    current = migrate(document)
    if isinstance(current, Unreadable):
        return Graph(), [current]
    nodes, problems = read_nodes(current.get("nodes"), "nodes")
    meta = {key: freeze(value) for key, value in current.items() if key not in OWN_KEYS}
    subgraphs, wrong = read_subgraphs(current["subgraphs"]) if "subgraphs" in current else ({}, [])
    problems += wrong
    if is_flat(nodes, subgraphs):
        return Graph(nodes, meta), problems
    drawing = Drawing(nodes, subgraphs)
    return Graph({}, meta, drawing), [*problems, *bad_ids(drawing), *bad_modes(drawing)]


def write_graph(graph: Graph) -> str:
    """The file for a graph, for people to read: an input per line. The same graph always gives the same text."""
    document = document_of(graph)
    return pretty(document, depth=6 if "subgraphs" in document else 4) + "\n"


def write_compact(graph: Graph) -> str:
    """The same on a single line of ASCII, as pictures carry it."""
    return one_line(document_of(graph), ascii=True)


def document_of(graph: Graph) -> dict[str, object]:
    """The graph as JSON values: as it was drawn, with what was changed since."""
    drawing = redrawn(graph) or Drawing(graph.nodes)
    nodes = {id: write_node(node) for id, node in drawing.nodes.items()}
    subgraphs = {id: write_subgraph(subgraph) for id, subgraph in drawing.subgraphs.items()}
    meta = {key: thaw(value) for key, value in graph.meta.items() if key not in OWN_KEYS}
    head = {key: meta.pop(key) for key in HEAD_KEYS if key in meta}
    inner = {"subgraphs": subgraphs} if subgraphs else {}
    return {"weft": VERSION, **head, "nodes": nodes, **inner, **meta}
