"""Which of a prompt's outputs can run: what each of them needs, and whether that is in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.graph.graph import Graph, Link
from engine.graph.problems import Problem, UnknownNode
from engine.graph.registry import Registry


@dataclass(frozen=True, slots=True)
class Outputs:
    """The nodes that are run for what they do, in the prompt's order, and which of them each node is needed for.

    `needed_for` has a set as the bits of a number: bit i is `ids[i]`. Ten thousand outputs of a chain of ten thousand
    nodes would be a hundred million entries otherwise.
    """

    ids: tuple[str, ...]
    needed_for: Mapping[str, int]

    def of(self, node: str) -> list[str]:
        """The outputs that need a node, in the prompt's order."""
        bits = self.needed_for.get(node, 0)
        return [id for index, id in enumerate(self.ids) if bits >> index & 1] if bits else []


def wanted_outputs(graph: Graph, registry: Registry, only: Collection[str] | None) -> tuple[str, ...]:
    """The output nodes, or the nodes that are in `only`, whatever they are: one can run a graph as far as any node."""
    specs = registry.specs
    if only is not None:
        named = set(only)
        return tuple(id for id, node in graph.nodes.items() if id in named and node.kind in specs)
    kinds = {node.kind for node in graph.nodes.values()}
    effects = {kind for kind in kinds if kind in specs and specs[kind].effect}
    return tuple(id for id, node in graph.nodes.items() if node.kind in effects)


def outputs_of(graph: Graph, ids: Sequence[str]) -> Outputs:
    """What each of these outputs needs."""
    sources = {
        id: {value.node for value in node.inputs.values() if isinstance(value, Link)}
        for id, node in graph.nodes.items()
    }
    readers = dict.fromkeys(sources, 0)
    for read in sources.values():
        for source in read:
            if source in readers:
                readers[source] += 1
    bits = {id: 1 << index for index, id in enumerate(ids)}
    # Readers before what they read, so that each node is done once; what lies behind a cycle is left over.
    ready = deque(id for id, count in readers.items() if count == 0)
    while ready:
        id = ready.popleft()
        for source in sources[id]:
            if source in readers:
                bits[source] = bits.get(source, 0) | bits.get(id, 0)
                readers[source] -= 1
                if readers[source] == 0:
                    ready.append(source)
    _spread(bits, sources, [id for id, count in readers.items() if count])
    return Outputs(tuple(ids), bits)


def bad_outputs(outputs: Outputs, problems: Sequence[Problem]) -> frozenset[str]:
    """The outputs that something is wrong with, at them or at what they need."""
    bits = 0
    for problem in problems:
        if problem.node is not None:
            bits |= outputs.needed_for.get(problem.node, 0)
    return frozenset(id for index, id in enumerate(outputs.ids) if bits >> index & 1)


def good_targets(
    graph: Graph, registry: Registry, problems: Sequence[Problem], only: Collection[str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The output nodes that can run, and those that cannot, both in the prompt's order.

    Args:
        graph: The prompt.
        registry: The known nodes.
        problems: What is wrong with it.
        only: The output nodes that are asked for (`partial_execution_targets`); None means all.
    """
    outputs = outputs_of(graph, wanted_outputs(graph, registry, only))
    bad = bad_outputs(outputs, problems)
    return tuple(id for id in outputs.ids if id not in bad), tuple(id for id in outputs.ids if id in bad)


def loose_ends(graph: Graph, problems: Sequence[Problem]) -> tuple[str, ...]:
    """The nodes of unknown kinds that nothing reads: any of them may be an output that is meant to run."""
    unknown = [problem.node for problem in problems if isinstance(problem, UnknownNode)]
    if not unknown:
        return ()
    read = {
        value.node
        for node in graph.nodes.values()
        for value in node.inputs.values()
        if isinstance(value, Link)
    }
    return tuple(id for id in unknown if id not in read)


def _spread(bits: dict[str, int], sources: Mapping[str, Collection[str]], left: Sequence[str]) -> None:
    """Around cycles, hand bits on until nothing changes."""
    waiting = deque(left)
    queued = set(left)
    while waiting:
        id = waiting.popleft()
        queued.discard(id)
        for source in sources[id]:
            more = bits.get(source, 0) | bits.get(id, 0)
            if source in sources and more != bits.get(source, 0):
                bits[source] = more
                if source not in queued:
                    queued.add(source)
                    waiting.append(source)
