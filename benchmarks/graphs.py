"""The cheapest nodes there can be, and large graphs of them: what remains to be measured is the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.api import Graph, Link, Node, node
from engine.graph.declared import spec_of
from engine.graph.edit import with_input
from engine.graph.registry import registry_of
from engine.run.workers import Workers

GRID_WIDTH = 100


@node()
def number(value: int) -> int:
    """A number."""
    return value


@node()
def add(a: int, b: int) -> int:
    """The sum of two numbers."""
    return a + b


@node()
def show(value: int, tag: int = 0) -> None:
    """Take a number, as a node that saves something would."""


FUNCTIONS: dict[str, Callable[..., object]] = {
    spec_of(function).id: function for function in (number, add, show)
}
WORKERS = Workers(registry_of(spec_of(function) for function in FUNCTIONS.values()), FUNCTIONS)


def chain(size: int) -> Graph:
    """A number, sums in a row, and a node that shows the last: `size` nodes."""
    nodes = {"0": Node("Number", {"value": 0})}
    for index in range(1, size - 1):
        nodes[str(index)] = Node("Add", {"a": Link(str(index - 1), "int"), "b": 1})
    nodes[str(size - 1)] = Node("Show", {"value": Link(str(size - 2), "int")})
    return Graph(nodes)


def fan(size: int) -> Graph:
    """A number that `size - 1` nodes show."""
    shown = {str(index): Node("Show", {"value": Link("0", "int"), "tag": index}) for index in range(1, size)}
    return Graph({"0": Node("Number", {"value": 0}), **shown})


def grid(size: int) -> Graph:
    """Sums in rows of a hundred, each of the one before it and the one above it; the last is shown."""
    nodes = {"0": Node("Number", {"value": 1})}
    for index in range(1, size - 1):
        above = Link(str(index - GRID_WIDTH), "int") if index >= GRID_WIDTH else 0
        nodes[str(index)] = Node("Add", {"a": Link(str(index - 1), "int"), "b": above})
    nodes[str(size - 1)] = Node("Show", {"value": Link(str(size - 2), "int")})
    return Graph(nodes)


def with_last_changed(graph: Graph, tag: int) -> Graph:
    """The graph with another literal at its last node."""
    return with_input(graph, next(reversed(list(graph.nodes))), "tag", tag)


def written_backwards(graph: Graph) -> Graph:
    """The same graph with every node in front of those it reads: the worst order to be given."""
    return replace(graph, nodes=dict(reversed(list(graph.nodes.items()))))


SHAPES: dict[str, Callable[[int], Graph]] = {"chain": chain, "fan": fan, "grid": grid}
