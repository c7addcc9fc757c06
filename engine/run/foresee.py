"""What can be known of a graph's values before anything runs: facts, handed on from node to node, and what clashes.

Nothing but the nodes' `facts=` functions is called. What they do not tell is told by the types of their outputs.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, cast

from engine.graph.declared import facts_of
from engine.graph.facts import Clash, Fact, plain_fact
from engine.graph.graph import Graph, Link, Node
from engine.graph.growing import inputs_of
from engine.graph.problems import Clashing
from engine.graph.spec import InputSpec, Literal_, NodeSpec
from engine.run.context import Context
from engine.run.kinds import Kinds
from engine.run.literals import as_taken
from engine.run.workers import Workers

FactsOf: TypeAlias = Mapping[str, Mapping[str, Fact]]
"""By a node's id, by an output's name."""

log = logging.getLogger(__name__)


def foreseen(graph: Graph, order: Iterable[str], workers: Workers) -> tuple[FactsOf, list[Clashing]]:
    """What each output will be like, and where what will come in does not go together.

    Args:
        graph: May have problems: what is missing or unknown is not known, and that is all.
        order: Its nodes, each behind those it reads; those that are left out have no facts.
        workers: The nodes, and where their files lie.
    """
    context = Context(workers.device, inputs=workers.folders, dtype=workers.dtype)
    kinds = _Known(workers, context)
    facts: dict[str, Mapping[str, Fact]] = {}
    clashes: list[Clashing] = []
    for id in order:
        node = graph.nodes[id]
        kind = kinds.get(node.kind) or kinds.meet(node.kind)
        if kind is None:
            continue
        told = kind.ask(node, facts, graph) if kind.function is not None else None
        if isinstance(told, Clash):
            clashes.append(Clashing(id, told.input, told.reason, told.hint))
            told = None
        facts[id] = kind.plain if told is None else dict(zip(kind.plain, told, strict=True))
    return facts, clashes


class _Known(dict[str, "_Kind"]):
    """The kinds met so far that are known."""

    def __init__(self, workers: Workers, context: Context) -> None:
        self.workers = workers
        self.context = context

    def meet(self, id: str) -> _Kind | None:
        spec = self.workers.registry.specs.get(id)
        if spec is None:
            return None
        kind = self[id] = _Kind(spec, self.workers.functions[id], self.workers.kinds, self.context)
        return kind


class _Socket:
    """An input that a function asks for, with all that is the same for every node."""

    def __init__(self, input: InputSpec) -> None:
        self.name = input.name
        self.default = input.default
        self.type = input.type
        self.is_widget = input.widget is not None
        self.turns = as_taken(input.type, 1).__class__ is not int
        self.plain = plain_fact(input.type)
        self.unconnected = self.plain if input.required else None

    def taken(self, value: Literal_) -> Literal_:
        """What a node is given for a literal."""
        return as_taken(self.type, value) if self.turns else value


class _Kind:
    """A kind of node: the facts of its outputs as far as their types tell them, and whom to ask for more."""

    def __init__(
        self, spec: NodeSpec, function: Callable[..., object], kinds: Kinds, context: Context
    ) -> None:
        self.spec = spec
        self.function = facts_of(function)
        self.plain = {output.name: plain_fact(output.type) for output in spec.outputs}
        self.kinds = kinds
        self.names: tuple[str, ...] = ()
        self.given: Mapping[str, object] = {}
        if self.function is not None:
            names = tuple(inspect.signature(self.function).parameters)
            self.names = tuple(name for name in names if name != spec.context)
            self.given = {spec.context: context} if spec.context in names else {}
        self.sockets = () if spec.growing else self._sockets(spec.inputs)

    def _sockets(self, inputs: Iterable[InputSpec]) -> tuple[_Socket, ...]:
        return tuple(_Socket(input) for input in inputs if input.name in self.names)

    def ask(self, node: Node, facts: FactsOf, graph: Graph) -> tuple[Fact, ...] | Clash | None:
        """What the node's function says, if it says something that makes sense."""
        assert self.function is not None
        try:
            sockets = self.sockets or self._sockets(inputs_of(self.spec, node.inputs))
            given = {socket.name: self._input(socket, node, facts, graph) for socket in sockets}
            told = self.function(**given, **self.given)
        except Exception as error:  # it is the author's function
            log.info("Nothing can be foreseen of a %s: %s: %s", self.spec.id, type(error).__name__, error)
            return None
        told = (told,) if isinstance(told, Fact) else told
        if told is None or isinstance(told, Clash):
            return told
        if isinstance(told, tuple) and len(told) == len(self.plain):
            return cast("tuple[Fact, ...]", told)
        log.info("Nothing can be foreseen of a %s: it does not say one Fact for each output", self.spec.id)
        return None

    def _input(self, socket: _Socket, node: Node, facts: FactsOf, graph: Graph) -> object:
        value = node.inputs.get(socket.name, socket.default)
        if not isinstance(value, Link):
            return socket.taken(value) if socket.is_widget else socket.unconnected
        fact = self._linked(value, facts, graph) or socket.plain
        if not socket.is_widget:
            return fact
        return None if fact.value is None else socket.taken(fact.value)

    def _linked(self, link: Link, facts: FactsOf, graph: Graph) -> Fact | None:
        told = facts.get(link.node)
        if told is None:
            return None
        if link.output in told:
            return told[link.output]  # type: ignore[index]  # it is there, so it is a text
        names = self.kinds[graph.nodes[link.node].kind].output_names
        return told.get(names.get(link.output, ""))
