"""A place to run toy nodes in, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.backends.inline import Inline
from engine.graph.declared import spec_of
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.registry import registry_of
from engine.run.cache import Cache, MemoryCache
from engine.run.events import Event, NodeFailed, NodeFinished, NodeStarted, RunFinished
from engine.run.execute import Values
from engine.run.inbox import Inbox
from engine.run.workers import Workers


def workers(**options: Any) -> Workers:
    """Workers with these options; the lab adds its nodes."""
    return Workers(registry_of(()), {}, **options)


@dataclass
class Outcome:
    """The events of a run and the values of its targets."""

    events: list[Event]
    values: Mapping[Link, object]

    @property
    def status(self) -> str:
        last = self.events[-1]
        assert isinstance(last, RunFinished)
        return last.status

    @property
    def started(self) -> list[str]:
        return [event.path for event in self.events if isinstance(event, NodeStarted)]

    @property
    def from_cache(self) -> list[str]:
        return [event.path for event in self.events if isinstance(event, NodeFinished) and event.from_cache]

    @property
    def failures(self) -> list[NodeFailed]:
        return [event for event in self.events if isinstance(event, NodeFailed)]

    @property
    def failure(self) -> NodeFailed:
        (failure,) = self.failures
        return failure

    @property
    def value(self) -> object:
        (value,) = self.values.values()
        return value


@dataclass
class Lab:
    """Runs graphs of these functions, keeping results between runs."""

    functions: Collection[Callable[..., object]]
    cache: Cache = field(default_factory=MemoryCache)
    workers: Workers = field(default_factory=workers)

    @property
    def inline(self) -> Inline:
        specs = [spec_of(function) for function in self.functions]
        by_id = {spec.id: function for spec, function in zip(specs, self.functions, strict=True)}
        return Inline(replace(self.workers, registry=registry_of(specs), functions=by_id), self.cache)

    def run(self, graph: Graph, *targets: str, inbox: Inbox | None = None) -> Outcome:
        """Run a graph for some outputs, each written as `node.output`."""
        return collect(self.inline.run(graph, [link(target) for target in targets], inbox))


def collect(running: Generator[Event, None, Values]) -> Outcome:
    """Run to the end."""
    events: list[Event] = []
    while True:
        try:
            events.append(next(running))
        except StopIteration as end:
            return Outcome(events, end.value)


def graph(**nodes: Node) -> Graph:
    """A graph of nodes by id."""
    return Graph(nodes)


def use(kind: str, /, **inputs: InputValue | str) -> Node:
    """A node; a text like `@a.value` is a link to the output `value` of node `a`."""
    return Node(kind, {name: _input(value) for name, value in inputs.items()})


def link(text: str) -> Link:
    node, _, output = text.rpartition(".")
    return Link(node, int(output) if output.isdigit() else output)


def _input(value: InputValue) -> InputValue:
    return link(value[1:]) if isinstance(value, str) and value.startswith("@") else value
