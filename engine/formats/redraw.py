"""Drawings brought up to date with their graphs: values that were changed since are set where they were drawn.

A value within a subgraph that is used more than once is set in a copy of the subgraph, for that one use.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from engine.formats.scopes import INPUTS, SEPARATOR, subgraph_id
from engine.graph.graph import Drawing, Graph, InputValue, Link, Node, Subgraph

Path = tuple[str, ...]  # the ids that lead to a node through subgraphs


def redrawn(graph: Graph) -> Drawing | None:
    """The drawing that means the graph; None if there is none, or if more than values, titles and meta has changed."""
    drawing = graph.drawing
    if drawing is None or drawing.flat.keys() != graph.nodes.keys():
        return None
    changed = [(id, node) for id, node in graph.nodes.items() if drawing.flat[id] is not node]
    if not changed:
        return drawing
    sheets = _Sheets(drawing)
    for id, node in changed:
        if not _set_node(sheets, tuple(id.split(SEPARATOR)), drawing.flat[id], node):
            return None
    return sheets.drawing(graph)


def _set_node(sheets: _Sheets, path: Path, before: Node, after: Node) -> bool:
    """Set what has changed of a node. False if that cannot be said in the drawing."""
    if before.kind != after.kind:
        return False
    if after.title != before.title or after.meta != before.meta:
        sheets.put(path, replace(sheets.node(path), title=after.title, meta=after.meta))
    for name in {**before.inputs, **after.inputs}:
        if name not in after.inputs:
            node = sheets.node(path)
            kept = {key: value for key, value in node.inputs.items() if key != name}
            sheets.put(path, replace(node, inputs=kept))
        elif name not in before.inputs or not _same(before.inputs[name], after.inputs[name]):
            value = after.inputs[name]
            if isinstance(value, Link):
                return False  # where a link leads within subgraphs is for a person to draw
            _set_value(sheets, path, name, value)
    return True


def _same(old: InputValue, new: InputValue) -> bool:
    """Whether an input is the same as before. A link may have got the name of its output in place of the index."""
    if isinstance(old, Link) and isinstance(new, Link):
        renamed = old.output.__class__ is not new.output.__class__
        return old.node == new.node and (old.output == new.output or renamed)
    return old.__class__ is new.__class__ and old == new


def _set_value(sheets: _Sheets, path: Path, name: str, value: InputValue) -> None:
    """Set a value where it was drawn: at the node, or at the outermost node that has an input for it alone."""
    while len(path) > 1:
        drawn = sheets.node(path).inputs.get(name)
        if not isinstance(drawn, Link) or drawn.node != INPUTS or sheets.readers(path[:-1], drawn) > 1:
            break
        path, name = path[:-1], str(drawn.output)
    node = sheets.node(path)
    sheets.put(path, replace(node, inputs={**node.inputs, name: value}))


@dataclass(slots=True)
class _Sheet:
    """The nodes of a subgraph, or of the drawing itself, while they are being changed."""

    nodes: dict[str, Node]
    subgraph: Subgraph | None


class _Sheets:
    """A drawing while it is being changed; `uses` counts the nodes that stand for each subgraph."""

    def __init__(self, drawing: Drawing) -> None:
        self.root = _Sheet(dict(drawing.nodes), None)
        self.subgraphs = {id: _Sheet(dict(sub.nodes), sub) for id, sub in drawing.subgraphs.items()}
        self.uses: Counter[str] = Counter()
        for sheet in (self.root, *self.subgraphs.values()):
            self._count(sheet)

    def node(self, path: Path) -> Node:
        """The node at the end of a path."""
        return self._sheet(path[:-1]).nodes[path[-1]]

    def put(self, path: Path, node: Node) -> None:
        """Set the node at the end of a path, for no other use of the subgraphs on the way."""
        for depth in range(1, len(path)):
            self._make_own(path[:depth])
        self._sheet(path[:-1]).nodes[path[-1]] = node

    def readers(self, path: Path, link: Link) -> int:
        """How many inputs and outputs within the subgraph of a node read this link."""
        sheet = self._sheet(path)
        assert sheet.subgraph is not None
        within = sum(value == link for node in sheet.nodes.values() for value in node.inputs.values())
        return within + sum(port.source == link for port in sheet.subgraph.outputs)

    def drawing(self, graph: Graph) -> Drawing:
        """The drawing as it is now, which means this graph."""
        subgraphs = {
            id: replace(sheet.subgraph, nodes=sheet.nodes)
            for id, sheet in self.subgraphs.items()
            if sheet.subgraph is not None
        }
        return Drawing(self.root.nodes, subgraphs, graph.nodes)

    def _sheet(self, path: Path) -> _Sheet:
        sheet = self.root
        for id in path:
            sheet = self.subgraphs[subgraph_id(sheet.nodes[id].kind) or ""]
        return sheet

    def _make_own(self, path: Path) -> None:
        """Give a node a copy of its subgraph, if another node stands for it too."""
        instance = self.node(path)
        name = subgraph_id(instance.kind) or ""
        if self.uses[name] == 1:
            return
        number = 2
        while f"{name} {number}" in self.subgraphs:
            number += 1
        copy = f"{name} {number}"
        self.subgraphs[copy] = _Sheet(dict(self.subgraphs[name].nodes), self.subgraphs[name].subgraph)
        self._sheet(path[:-1]).nodes[path[-1]] = replace(instance, kind=f"@{copy}")
        self.uses[name] -= 1
        self.uses[copy] = 1
        self._count(self.subgraphs[copy])

    def _count(self, sheet: _Sheet) -> None:
        kinds = (subgraph_id(node.kind) for node in sheet.nodes.values())
        self.uses.update(name for name in kinds if name is not None)
