"""Where a link of a drawing really comes from: through subgraphs, reroutes, muted and bypassed nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from engine.formats.bypass import KnownPorts, exit_of, passage
from engine.formats.scopes import BYPASS, INPUTS, MUTE, REROUTE, VALUE, Scope, mode_of, subgraph_id
from engine.graph.graph import Drawing, InputValue, Link, Node
from engine.graph.problems import Problem, UnknownNode, Unreadable
from engine.graph.registry import Registry
from engine.graph.spec import Literal_


@dataclass(frozen=True, slots=True)
class Given:
    """A value that comes along a link instead of a node's output: what a subgraph's own node says, or its default."""

    value: Literal_


Source: TypeAlias = Link | Given | None  # the link names a node by its path; None: nothing comes

_Place: TypeAlias = "tuple[str, str, str | int]"
_Step: TypeAlias = "tuple[Scope, Link] | Source"


class Sources:
    """What the links of a drawing bring. Each place is passed once, so that long rows of reroutes cost little.

    `problems` are the bypassed nodes that somebody reads and of which nobody knows what they hand on.
    """

    def __init__(self, drawing: Drawing, registry: Registry | None) -> None:
        self.problems: list[Problem] = []
        self._registry = registry
        self._ports = KnownPorts(drawing, registry)
        self._found: dict[_Place, Source] = {}
        self._told: set[str] = set()

    def of(self, scope: Scope, link: Link) -> Source:
        """What a link in this scope brings."""
        at: _Step = (scope, link)
        passed: dict[_Place, None] = {}
        while isinstance(at, tuple):
            scope, link = at
            place = (scope.prefix, link.node, link.output)
            if place in self._found or place in passed:  # the latter: reroutes in a ring
                at = self._found.get(place)
                break
            passed[place] = None
            at = self._step(scope, link)
        self._found.update(dict.fromkeys(passed, at))
        return at

    def _step(self, scope: Scope, link: Link) -> _Step:
        """One step up: to the next link, or to what it comes from."""
        if link.node == INPUTS and scope.subgraph is not None:
            return self._from_outside(scope, link.output)
        node = scope.nodes.get(link.node)
        path = scope.prefix + link.node
        if node is None:
            return Link(path, link.output)  # for `validate` to report
        mode = mode_of(node)
        if mode == MUTE:
            return None
        if mode == BYPASS:
            input = self._passage(path, node, link.output)
            return None if input is None else _next(scope, node.inputs[input])
        if node.kind == REROUTE:
            return _next(scope, node.inputs[VALUE]) if VALUE in node.inputs else None
        if subgraph_id(node.kind) is not None:
            inner = scope.inner[link.node]
            source = exit_of(inner.subgraph, link.output) if inner and inner.subgraph else None
            return (inner, source) if inner and source else None
        return Link(path, link.output)

    def _from_outside(self, scope: Scope, input: str | int) -> _Step:
        """From an input of a subgraph to what its node is given there."""
        if scope.outer is not None and scope.instance is not None and input in scope.instance.inputs:
            return _next(scope.outer, scope.instance.inputs[str(input)])
        ports = scope.subgraph.inputs if scope.subgraph else ()
        port = next((port for port in ports if port.name == input), None)
        return Given(port.meta["default"]) if port is not None and "default" in port.meta else None

    def _passage(self, path: str, node: Node, output: str | int) -> str | None:
        """The input that a bypassed node hands on."""
        ports = self._ports.of(node)
        if ports is not None:
            linked = {name for name, value in node.inputs.items() if isinstance(value, Link)}
            return passage(ports, output, linked)
        if path not in self._told:
            self._told.add(path)
            self.problems.append(self._unknown(path, node))
        return None

    def _unknown(self, path: str, node: Node) -> Problem:
        name = subgraph_id(node.kind)
        if name is not None:
            return Unreadable(f"node {path}", "a subgraph that the file defines", name, path)
        if self._registry is None:
            wish = "the known nodes, which tell what a bypassed node hands on"
            return Unreadable(f"node {path}", wish, "none", path)
        return UnknownNode(path, node.kind, self._registry.closest(node.kind), str(node.meta.get("pack", "")))


def _next(scope: Scope, value: InputValue) -> _Step:
    return (scope, value) if isinstance(value, Link) else Given(value)
