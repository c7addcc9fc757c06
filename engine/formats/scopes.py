"""Drawings laid open: each use of a subgraph becomes a scope of its own. Nothing here recurses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.graph.graph import Drawing, Node, Subgraph
from engine.graph.problems import Problem, Unreadable

INPUTS = "@inputs"  # what a link within a subgraph comes from, where it is one of the subgraph's inputs
REROUTE, VALUE = "@reroute", "value"  # a node that only hands on, and the name of its input and of its output
MUTE, BYPASS = "mute", "bypass"  # a node's `mode`, in its meta
SEPARATOR = ":"  # between the ids that lead to a node within subgraphs

DEEPEST = 100  # subgraphs within subgraphs
MOST = 100_000  # nodes that a drawing may unfold to: a few nested subgraphs would otherwise fill any memory


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The drawing itself, or one use of a subgraph in it.

    `instance` is the node of the scope around it that stands for it. `inner` are the scopes in this one, by their
    nodes' ids; None for one that is not unfolded: muted, bypassed, or unknown.
    """

    prefix: str
    nodes: Mapping[str, Node]
    subgraph: Subgraph | None = None
    outer: Scope | None = None
    instance: Node | None = None
    inner: dict[str, Scope | None] = field(default_factory=dict)


def mode_of(node: Node) -> str | None:
    """Whether a node is muted or bypassed; None if it runs."""
    mode = node.meta.get("mode")
    return mode if isinstance(mode, str) else None


def subgraph_id(kind: str) -> str | None:
    """The id of the subgraph that a kind of node stands for; None if it is another kind of node."""
    return kind[1:] if kind.startswith("@") and kind != REROUTE else None


def opened(drawing: Drawing) -> tuple[Scope, list[Problem]]:
    """The scope of the whole drawing, with all others in it.

    A subgraph that contains itself is left out; of a drawing that would unfold to too much, everything is.
    """
    root = Scope("", drawing.nodes)
    problems: list[Problem] = []
    waiting: list[tuple[Scope, tuple[str, ...]]] = [(root, ())]
    count = len(drawing.nodes)
    while waiting:
        scope, around = waiting.pop()
        for id, node in scope.nodes.items():
            name = subgraph_id(node.kind)
            if name is None:
                continue
            scope.inner[id] = None
            if mode_of(node) is not None:
                continue
            path = scope.prefix + id
            subgraph = drawing.subgraphs.get(name)
            bad = _not_unfolded(path, name, around, subgraph)
            if bad is not None or subgraph is None:
                problems += [bad] if bad else []
                continue
            count += len(subgraph.nodes)
            if count > MOST:
                wish = f"at most {MOST} nodes, counting those in subgraphs"
                return Scope("", {}), [Unreadable("the graph", wish, "more")]
            inner = Scope(f"{path}{SEPARATOR}", subgraph.nodes, subgraph, scope, node)
            scope.inner[id] = inner
            waiting.append((inner, (*around, name)))
    return root, problems


def all_nodes(root: Scope) -> Iterator[tuple[Scope, str, Node]]:
    """Every node of every scope, instances and reroutes too. The nodes in a subgraph stand behind its own node."""
    waiting = [(root, iter(root.nodes.items()))]
    while waiting:
        scope, nodes = waiting[-1]
        found = next(nodes, None)
        if found is None:
            waiting.pop()
            continue
        id, node = found
        yield scope, id, node
        inner = scope.inner.get(id)
        if inner is not None:
            waiting.append((inner, iter(inner.nodes.items())))


def _not_unfolded(
    path: str, name: str, around: tuple[str, ...], subgraph: Subgraph | None
) -> Unreadable | None:
    where = f"node {path}"
    if subgraph is None:
        return Unreadable(where, "a subgraph that the file defines", name, path)
    if name in around:
        wish = "a subgraph that does not contain itself"
        return Unreadable(where, wish, f"{subgraph.meta.get('title') or name} inside itself", path)
    if len(around) >= DEEPEST:
        return Unreadable(where, f"at most {DEEPEST} subgraphs within one another", "more", path)
    return None
