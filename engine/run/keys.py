"""Merkle keys: each node's result named by what it depends on. Pure, linear, one hash for a node.

A key is made of the node's kind and version, its literal inputs, the keys of the outputs it reads and the state of
the files it reads. A node's id, title and place are no part of it, but for nodes that are run for what they do (two
equal SaveImage shall write two files) and for those that say so.
"""

from __future__ import annotations

from builtins import id as identity
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypeAlias

from engine.graph.cycles import sources
from engine.graph.graph import Graph, Link, Node
from engine.graph.registry import Registry
from engine.graph.spec import InputSpec, NodeSpec
from engine.graph.types import PortType
from engine.run.literals import PLAIN, as_taken, literal_text
from engine.run.order import in_order

MOST_REMEMBERED = 20_000  # nodes

Fingerprints: TypeAlias = Mapping[str, Mapping[str, str]]
"""What nodes read beside their inputs: by node id, by input name ("" for the whole node), its state as a text."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What links to nodes outside the graph mean, by (node, output), as texts; and what all paths begin with."""

    given: Mapping[tuple[str, str | int], str]
    path: str


NOWHERE = Origin({}, "")


class KeyMemory(dict[int, tuple[Node, dict[str, str], str]]):
    """The keys that nodes had before: a node that is the same, and reads the same, has the same key.

    It serves one registry and one device. By a node's identity it has the node itself, so that nothing else gets that
    identity; what stands in the key for each of its links; and the key.
    """


def keys(
    graph: Graph,
    registry: Registry,
    fingerprints: Fingerprints | None = None,
    device: str = "cpu",
    origin: Origin = NOWHERE,
    memory: KeyMemory | None = None,
) -> dict[str, str]:
    """The key of every node, each behind those it reads. The graph must be free of problems.

    Args:
        graph: Whose nodes to name.
        registry: Their specs.
        fingerprints: The state of what they read beside their inputs.
        device: Part of the key of nodes that compute on the device, since devices round differently.
        origin: For a graph that stands for a node of another one.
        memory: What was found before, for this registry and this device.
    """
    kinds = _Kinds(registry, device)
    known = KeyMemory() if memory is None else memory
    if len(known) > MOST_REMEMBERED:
        known.clear()
    try:
        # Most graphs are written down in an order in which they could be run.
        return _keys(graph, graph.nodes, kinds, fingerprints or {}, origin, known)
    except _NotYetError:
        order = in_order(graph.nodes, sources(graph).__getitem__)
        return _keys(graph, order, kinds, fingerprints or {}, origin, known)


def output_mark(output: str) -> str:
    """What stands behind a node's key where one of its outputs is read."""
    return f"{len(output)}:{output}"


def input_text(
    graph: Graph, registry: Registry, names: Mapping[str, str], origin: Origin, id: str, input: InputSpec
) -> str:
    """What stands in the key of a node for one of its inputs. `names` are the keys of the graph's nodes."""
    value = graph.nodes[id].inputs.get(input.name, input.default)
    if isinstance(value, Link):
        return linked_text(value, graph, registry, names, origin)
    return literal_text(as_taken(input.type, value))


def linked_text(
    link: Link, graph: Graph, registry: Registry, names: Mapping[str, str], origin: Origin
) -> str:
    """What stands in a key for a link. `names` are the keys of the graph's nodes."""
    return _linked(link, names, graph.nodes, _Kinds(registry, ""), origin)


class _NotYetError(Exception):
    """A node stands before one that it reads."""


class _Kind:
    """What is the same in the keys of all nodes of a kind.

    `inputs` holds for each input its name, what stands before its value, what stands for it where it is left out (to
    write a default out is the same), and its type if a literal may have to be turned into another for it. `marks`
    holds what stands behind a node's key in the keys of those who read one of its outputs.
    """

    def __init__(self, spec: NodeSpec) -> None:
        self.spec = spec
        names = tuple(output.name for output in spec.outputs)
        self.prefix = literal_text((spec.id, spec.version, names))
        self.placed = spec.effect or spec.once_per_node
        self.declared = frozenset(input.name for input in spec.inputs) if spec.open_ended else None
        self.marks: dict[str | int, str] = {name: output_mark(name) for name in names}
        self.marks.update(enumerate(map(output_mark, names)))
        self.inputs: list[tuple[str, str, str, PortType | None]] = []
        for input in sorted(spec.inputs, key=lambda input: input.name):
            label = literal_text(input.name)
            omitted = label + literal_text(as_taken(input.type, input.default))
            turns = as_taken(input.type, 1).__class__ is float
            self.inputs.append((input.name, label, omitted, input.type if turns else None))


class _Kinds(dict[str, _Kind]):
    """The kinds met so far."""

    def __init__(self, registry: Registry, device: str) -> None:
        self.registry = registry
        self.on = f"on {device};"

    def __missing__(self, id: str) -> _Kind:
        kind = self[id] = self.registry.once(_Kind, id)
        return kind


def _keys(
    graph: Graph,
    order: Iterable[str],
    kinds: _Kinds,
    fingerprints: Fingerprints,
    origin: Origin,
    known: KeyMemory,
) -> dict[str, str]:
    keys: dict[str, str] = {}
    nodes = graph.nodes
    for id in order:
        node = nodes[id]
        kind = kinds[node.kind]
        links = {
            name: _linked(value, keys, nodes, kinds, origin)
            for name, value in node.inputs.items()
            if value.__class__ is Link
        }
        before = known.get(identity(node))
        if before is not None and before[1] == links and id not in fingerprints:
            keys[id] = before[2]
            continue
        parts = [kind.prefix, kinds.on] if kind.spec.device else [kind.prefix]
        parts += _given(node, kind, links)
        if id in fingerprints:
            parts.append(literal_text(fingerprints[id]))
        if kind.placed:
            parts.append(literal_text(origin.path + id))
        text_of_all = "".join(parts).encode("utf-8", "surrogatepass")
        key = keys[id] = blake2b(text_of_all, digest_size=16).hexdigest()
        if not (kind.placed or id in fingerprints):
            known[identity(node)] = (node, links, key)
    return keys


def _given(node: Node, kind: _Kind, links: Mapping[str, str]) -> list[str]:
    """What a node is given; `links` are what stands for those inputs that are links."""
    inputs = node.inputs
    parts: list[str] = []
    for name, label, omitted, type in kind.inputs:
        if name not in inputs:
            parts.append(omitted)
            continue
        value = inputs[name]
        if value.__class__ is Link:
            parts.append(label)
            parts.append(links[name])
        elif type is None:
            text = PLAIN.get(value.__class__)
            parts.append(label)
            parts.append(text(value) if text else literal_text(value))
        else:
            parts.append(label + literal_text(as_taken(type, value)))  # type: ignore[arg-type]
    return parts if kind.declared is None else parts + _undeclared(node, kind, kind.declared, links)


def _undeclared(node: Node, kind: _Kind, declared: Collection[str], links: Mapping[str, str]) -> list[str]:
    """What an open-ended node is given besides: links, and other values where it sees them."""
    texts: list[str] = []
    for name in sorted(node.inputs.keys() - declared):
        value = node.inputs[name]
        if isinstance(value, Link):
            texts.append(literal_text(name) + links[name])
        elif kind.spec.open_to_literals:
            texts.append(literal_text(name) + literal_text(value))
    return texts


def _linked(
    link: Link, keys: Mapping[str, str], nodes: Mapping[str, Node], kinds: _Kinds, origin: Origin
) -> str:
    key = keys.get(link.node)
    if key is not None:
        return f"@{key}{kinds[nodes[link.node].kind].marks[link.output]}"
    if link.node in nodes:
        raise _NotYetError
    return origin.given[link.node, link.output]
