"""A graph is data: frozen nodes and links by id. Every edit returns a new graph.

A `Graph` is what runs. A `Drawing` is what a person sees of it, where that is more than a graph: subgraphs, reroutes,
muted and bypassed nodes. `engine/formats/flatten.py` makes the one of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.graph.spec import Literal_


@dataclass(frozen=True, slots=True)
class Link:
    """Where a value comes from: a node's id and its output's name (or its index, as ComfyUI writes it)."""

    node: str
    output: str | int


InputValue: TypeAlias = "Link | Literal_"


@dataclass(frozen=True, slots=True)
class Node:
    """One use of a node: its kind (the id of its `NodeSpec`), its inputs, and what the editor keeps of it."""

    kind: str
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    title: str | None = None
    meta: Mapping[str, Literal_] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entrance:
    """An input of a subgraph. Its `meta` has its label, and its `default` if it has one."""

    name: str
    meta: Mapping[str, Literal_] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exit:
    """An output of a subgraph, and the link within it that its value comes from."""

    name: str
    source: Link | None = None
    meta: Mapping[str, Literal_] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Nodes that are used together as one. Its `meta` has its title, help, groups, notes."""

    nodes: Mapping[str, Node]
    inputs: tuple[Entrance, ...] = ()
    outputs: tuple[Exit, ...] = ()
    meta: Mapping[str, Literal_] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Nodes as they were drawn, with those that only an editor knows, and the subgraphs by their ids.

    `flat` is what they were flattened to, by which a later change of the graph is seen.
    """

    nodes: Mapping[str, Node]
    subgraphs: Mapping[str, Subgraph] = field(default_factory=dict)
    flat: Mapping[str, Node] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by id. `meta` keeps what belongs to the editor alone (groups, notes, exposed inputs).

    `drawing` is there if more was drawn than the nodes that run.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    meta: Mapping[str, Literal_] = field(default_factory=dict)
    drawing: Drawing | None = None
