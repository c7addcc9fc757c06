"""Weft's own file: ComfyUI's API prompt under `nodes`, with what the editor keeps beside it.

    {"weft": 1, "nodes": {"3": {"class_type": "KSampler", "inputs": {"seed": 7, "model": ["4", "model"]},
                                "_meta": {"title": "Sample", "position": [40, 80]}}}, "groups": [...]}

Every other key of the file (groups, subgraphs, exposed inputs) is the graph's `meta`, every other key of a node's
`_meta` the node's.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.formats.json_text import kind_of, one_line, parse, pretty
from engine.formats.migrations import VERSION, migrate
from engine.formats.nodes import read_nodes, thaw, write_node
from engine.graph.graph import Graph
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable

OWN_KEYS = ("weft", "nodes")


def read_graph(text: str | bytes) -> tuple[Graph, list[Problem]]:
    """The graph in a file of Weft's own format, as far as it can be read, and what is wrong with the rest."""
    document = parse(text)
    return (Graph(), [document]) if isinstance(document, Unreadable) else graph_of(document)


def graph_of(document: object) -> tuple[Graph, list[Problem]]:
    """The graph in a document that is parsed already."""
    if not isinstance(document, Mapping):
        return Graph(), [Unreadable("the file", "an object", kind_of(document))]
    current = migrate(document)
    if isinstance(current, Unreadable):
        return Graph(), [current]
    nodes, problems = read_nodes(current.get("nodes"), "nodes")
    meta = {key: freeze(value) for key, value in current.items() if key not in OWN_KEYS}
    return Graph(nodes, meta), problems


def write_graph(graph: Graph) -> str:
    """The file for a graph, for people to read: an input per line. The same graph always gives the same text."""
    return pretty(document_of(graph), depth=4) + "\n"


def write_compact(graph: Graph) -> str:
    """The same on a single line of ASCII, as pictures carry it."""
    return one_line(document_of(graph), ascii=True)


def document_of(graph: Graph) -> dict[str, object]:
    """The graph as JSON values."""
    nodes = {id: write_node(node) for id, node in graph.nodes.items()}
    meta = {key: thaw(value) for key, value in graph.meta.items() if key not in OWN_KEYS}
    return {"weft": VERSION, "nodes": nodes, **meta}
