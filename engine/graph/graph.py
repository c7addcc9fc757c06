"""A graph is data: frozen nodes and links by id. Every edit returns a new graph."""

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
class Graph:
    """Nodes by id. `meta` keeps what belongs to the editor alone (groups, subgraphs, exposed inputs)."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    meta: Mapping[str, Literal_] = field(default_factory=dict)
