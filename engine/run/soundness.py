"""The part of a graph with problems that could be run all the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from engine.graph.graph import Graph
from engine.graph.problems import Cycle, Problem


def unsound(
    order: Iterable[str], reads: Mapping[str, Collection[str]], problems: Iterable[Problem]
) -> dict[str, str]:
    """The nodes that cannot be run, each with the node whose fault it is: its own, or one above it.

    Args:
        order: The nodes, each behind those it reads; those that wait for one another are left out.
        reads: For each node, the nodes that it reads.
        problems: What is wrong with the graph.
    """
    found: dict[str, str] = {}
    for problem in problems:
        members = problem.members if isinstance(problem, Cycle) else (problem.node,)
        found |= {id: id for id in members if id is not None and id in reads}
    order = list(order)
    for id in order:
        if id not in found:
            faulty = next((source for source in reads[id] if source in found), None)
            if faulty is not None:
                found[id] = found[faulty]
    behind = reads.keys() - set(order) - found.keys()  # they wait for a cycle
    return {**found, **dict.fromkeys(behind, next(iter(found), ""))}


def without(graph: Graph, ids: Collection[str]) -> Graph:
    """The graph without these nodes."""
    if not ids:
        return graph
    return replace(graph, nodes={id: node for id, node in graph.nodes.items() if id not in ids})
