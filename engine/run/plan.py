"""What has to be done for a graph, decided beforehand and purely.

What the wanted outputs do not need is left out, and so is everything above a node whose result the cache has: it is
neither run nor loaded. Lazy inputs are weak: what only they lead to joins when a node asks for it (`plan_more`).
When a value may be dropped follows from counting its readers, which the executor does, since readers may join later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.graph.graph import Graph, Link
from engine.graph.growing import possible_inputs
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec
from engine.run.keys import Fingerprints
from engine.run.order import in_order

Target: TypeAlias = Link | str
"""An output whose value is wanted, or the id of a node that is to be run for what it does."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The steps for a graph.

    `steps` are the nodes to run or, if they are among the `cached`, to take from the cache, each behind those it
    reads. `wanted` are the nodes whose results were asked for. `keys` names the result of every node of the graph,
    and `outside` is what they read beside their inputs.
    """

    graph: Graph
    keys: Mapping[str, str]
    outside: Fingerprints
    targets: tuple[Link, ...]
    wanted: tuple[str, ...]
    steps: tuple[str, ...]
    cached: frozenset[str]

    @property
    def will_run(self) -> tuple[str, ...]:
        """The steps that the cache does not have."""
        return tuple(id for id in self.steps if id not in self.cached)


def plan(
    graph: Graph,
    registry: Registry,
    keys: dict[str, str],
    has: Callable[[str], bool],
    targets: Iterable[Target] = (),
    outside: Fingerprints | None = None,
) -> Plan:
    """What to do for some targets, or for all nodes that are run for what they do where none are named.

    Args:
        graph: A graph without problems.
        registry: The specs of its nodes.
        keys: Its nodes' keys, each node behind those it reads.
        has: Whether the cache has the result of a key.
        targets: The outputs whose values are wanted, and the nodes that are to be run.
        outside: What the keys were made with.
    """
    targets = tuple(targets)
    wanted = wanted_nodes(graph, registry, targets)
    weak = _Weak(registry)
    nodes = graph.nodes
    needed = set(wanted)
    steps: list[str] = []
    cached: list[str] = []
    for id in reversed(keys):  # readers come before what they read
        if id in needed:
            steps.append(id)
            if has(keys[id]):
                cached.append(id)
            else:
                node = nodes[id]
                lazy = weak[node.kind]
                for name, value in node.inputs.items():
                    if value.__class__ is Link and name not in lazy:
                        needed.add(value.node)
    steps.reverse()
    links = tuple(target for target in targets if isinstance(target, Link))
    return Plan(graph, keys, outside or {}, links, wanted, tuple(steps), frozenset(cached))


def spared(plan: Plan, registry: Registry) -> tuple[str, ...]:
    """The nodes that need not run, in the graph's order: those from the cache, and all that only these would need."""
    if not plan.cached:
        return ()
    nodes, weak, runs = plan.graph.nodes, _Weak(registry), set(plan.will_run)
    found = set(plan.cached)
    todo = list(found)
    while todo:
        node = nodes[todo.pop()]
        lazy = weak[node.kind]
        for name, value in node.inputs.items():
            if value.__class__ is not Link or name in lazy:
                continue
            source = value.node
            if source not in found and source not in runs and source in nodes:
                found.add(source)
                todo.append(source)
    return tuple(id for id in nodes if id in found)


def plan_more(
    graph: Graph, registry: Registry, wanted: Iterable[str], is_there: Callable[[str], bool]
) -> tuple[list[str], set[str]]:
    """The steps for some more nodes, and which of them are there already, so that nothing above them is needed.

    It looks only at what it plans, not at the whole graph.
    """
    there: set[str] = set()
    weak = _Weak(registry)
    nodes = graph.nodes

    def reads(id: str) -> list[str]:
        if id in there:
            return []
        if is_there(id):
            there.add(id)
            return []
        lazy = weak[nodes[id].kind]
        return [
            value.node
            for name, value in nodes[id].inputs.items()
            if value.__class__ is Link and value.node in nodes and name not in lazy
        ]

    return in_order(wanted, reads), there


def wanted_nodes(graph: Graph, registry: Registry, targets: Collection[Target]) -> tuple[str, ...]:
    """The nodes that the targets are or are outputs of; without targets, those that are run for what they do."""
    if not targets:
        return effects(graph, registry)
    return tuple(dict.fromkeys(target if isinstance(target, str) else target.node for target in targets))


def effects(graph: Graph, registry: Registry) -> tuple[str, ...]:
    """The nodes that are run for what they do."""
    kinds = {id for id in {node.kind for node in graph.nodes.values()} if registry.specs[id].effect}
    return tuple(id for id, node in graph.nodes.items() if node.kind in kinds)


class _Weak(dict[str, frozenset[str]]):
    """The inputs of the kinds met so far whose links do not ask for a value: lazy ones and raw links."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry

    def __missing__(self, kind: str) -> frozenset[str]:
        names = self[kind] = self.registry.once(_weak_inputs, kind)
        return names


def _weak_inputs(spec: NodeSpec) -> frozenset[str]:
    return frozenset(input.name for input in possible_inputs(spec) if input.lazy or input.raw_link)
