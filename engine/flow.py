"""Graphs from Python: build one by calling nodes, run it, get values back."""

from __future__ import annotations

import warnings
from collections import namedtuple
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import engine
from engine.backends.inline import Inline
from engine.backends.opening import open_inline
from engine.backends.settings import Settings, settings_at
from engine.formats.native import write_graph
from engine.formats.pictures import chunks_of
from engine.formats.read import read_any
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.literals import freeze
from engine.graph.problems import GraphInvalid
from engine.graph.registry import Registry
from engine.graph.spec import NodeSpec
from engine.graph.validate import validate
from engine.packs.source import PackFailure
from engine.run.events import Event, NodeFailed
from engine.run.execute import Values
from engine.run.memory import DeviceWish, DtypeWish

CHECKOUT = Path(engine.__file__).parents[1]


class RunFailed(RuntimeError):
    """A node of the graph failed. `event` tells all of it."""

    def __init__(self, event: NodeFailed) -> None:
        super().__init__(
            f"{event.kind} (node {event.path}): {event.error}: {event.message} {event.hint}".strip()
        )
        self.event = event


class Flow:
    """A graph in the making, and the engine to run it with.

    - Each kind of node is a method that takes the node's inputs by name and gives links to its outputs: a single
      link, or a named tuple of them.
    - A wrong input raises `GraphInvalid` at once, with a hint.
    - Runs share one cache: what has not changed is not computed again.
    - Packs that cannot be imported are warned of, and listed in `failures`.
    - `dtype` is what models' weights are kept in; "auto" is half precision where that is fast.
    - `memory` is how many bytes of the device's memory models and results may take; by default half of it.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        device: DeviceWish = "auto",
        graph: Graph | None = None,
        memory: int | None = None,
        dtype: DtypeWish = "fp32",
    ) -> None:
        self._settings = settings or settings_at(CHECKOUT)
        self._device = device
        self._memory = memory
        self._dtype: DtypeWish = dtype
        self._nodes = dict(graph.nodes) if graph else {}
        self._meta: Mapping[str, Any] = graph.meta if graph else {}
        self._drawing = graph.drawing if graph else None

    @classmethod
    def load(
        cls,
        path: str | Path,
        settings: Settings | None = None,
        device: DeviceWish = "auto",
        memory: int | None = None,
        dtype: DtypeWish = "fp32",
    ) -> Flow:
        """Go on with a graph from a file of any format that Weft reads. Raises `GraphInvalid`."""
        flow = cls(settings, device, memory=memory, dtype=dtype)
        graph, problems = read_any(Path(path), flow._registry)
        if problems:
            raise GraphInvalid(problems)
        flow._nodes, flow._meta, flow._drawing = dict(graph.nodes), graph.meta, graph.drawing
        return flow

    @property
    def graph(self) -> Graph:
        """The graph as it is now."""
        return Graph(dict(self._nodes), self._meta, self._drawing)

    def save(self, path: str | Path) -> None:
        """Write the graph to a file."""
        Path(path).write_text(write_graph(self.graph), "utf-8")

    def __getattr__(self, kind: str) -> Callable[..., Any]:
        if kind.startswith("_"):
            raise AttributeError(kind)
        spec = self._registry.get(kind)
        if spec is None:
            near = " or ".join(self._registry.closest(kind))
            raise AttributeError(f"There is no node {kind}." + (f" Did you mean {near}?" if near else ""))

        def add(**inputs: object) -> Any:
            return self._add(spec, inputs)

        add.__name__, add.__doc__ = kind, spec.help
        return add

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._registry]

    def run(self, *targets: Link) -> Any:
        """Run the graph for these outputs: one value for one, a tuple for several.

        Without targets, run the nodes that save and show things; then nothing is given back.

        Raises:
            GraphInvalid: the graph has problems; all of them are named.
            RunFailed: a node failed; what had finished stays cached.
        """
        with closing(self.events(*targets)) as running:
            values = _values(running)
        if len(targets) == 1:
            return values[targets[0]]
        return tuple(values[link] for link in targets) if targets else None

    def events(self, *targets: Link) -> Generator[Event, None, Values]:
        """The same as a generator of what happens, returning the values; closing it cancels the run."""
        graph = self.graph
        return self._backend.run(graph, targets, provenance=chunks_of(graph, self._registry))

    @property
    def failures(self) -> tuple[PackFailure, ...]:
        """The packs, and the nodes of packs, that could not be imported."""
        return self._opened[1]

    @cached_property
    def _opened(self) -> tuple[Inline, tuple[PackFailure, ...]]:
        backend, failures = open_inline(self._settings, self._device, memory=self._memory, dtype=self._dtype)
        for failure in failures:
            warnings.warn(failure.describe(), stacklevel=2)
        return backend, failures

    @property
    def _backend(self) -> Inline:
        return self._opened[0]

    @property
    def _registry(self) -> Registry:
        return self._backend.workers.registry

    def _add(self, spec: NodeSpec, inputs: Mapping[str, object]) -> Any:
        values = {name: _value(value) for name, value in inputs.items()}
        node, id = Node(spec.id, values), self._free_id()
        # The node with what it reads is all that it can be wrong about.
        beside = {link.node: self._nodes[link.node] for link in values.values() if isinstance(link, Link)}
        wanted = [Link(id, output.name) for output in spec.outputs[:1]]
        found = validate(Graph({**beside, id: node}), self._registry, wanted=wanted)
        if problems := [problem for problem in found if problem.node == id]:
            raise GraphInvalid(problems)
        self._nodes[id] = node
        links = [Link(id, output.name) for output in spec.outputs]
        if len(links) < 2:
            return links[0] if links else None
        names = [output.name for output in spec.outputs]
        outputs = cast("Any", namedtuple)("Outputs", names, rename=True)  # a name may be no Python name
        return outputs(*links)

    def _free_id(self) -> str:
        number = len(self._nodes) + 1
        while str(number) in self._nodes:
            number += 1
        return str(number)


def _values(running: Generator[Event, None, Values]) -> Values:
    while True:
        try:
            event = next(running)
        except StopIteration as end:
            values: Values = end.value
            return values
        if isinstance(event, NodeFailed):
            raise RunFailed(event)


def _value(value: object) -> InputValue:
    return value if isinstance(value, Link) else freeze(value)
