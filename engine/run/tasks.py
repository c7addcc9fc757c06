"""The nodes of a run, each with what it waits for and who waits for it. Plain data; `state` moves it about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import Any

from engine.graph.graph import Graph, Link
from engine.graph.values import Published
from engine.run.keys import NOWHERE, Origin
from engine.run.kinds import Kind, Lane
from engine.run.result import Result

VALUE = "value"  # the only output of what came in at a node that turned into a graph


NOTHING: Mapping[str, Any] = MappingProxyType({})


class Status(Enum):
    """How far a task is."""

    NEW = auto()  # somebody needs it; what it needs itself is not planned yet
    WAITING = auto()  # for what it reads, for a worker, or at work
    FINISHED = auto()  # its result is there
    DROPPED = auto()  # its result was there, and nobody needed it any more


class Source:
    """A result that is there or will be. `uses` counts those who still need it."""

    __slots__ = ("readers", "result", "status", "uses")

    def __init__(self, result: Result | None = None) -> None:
        self.status = Status.NEW if result is None else Status.FINISHED
        self.result = result
        self.uses = 0
        self.readers: list[Task] = []


class Task(Source):
    """One node that is to run, or whose result is to be taken from the cache.

    `waiting` counts what the task itself waits for. `unasked` are its lazy inputs, and `held` what is kept in case
    they are asked for. `twins` are other nodes of the same key, which this task stands for too. `ready` is since
    when it might have had the device, or 0.
    """

    __slots__ = (
        "announced",
        "from_cache",
        "growth",
        "held",
        "id",
        "inputs",
        "key",
        "kind",
        "lane",
        "links",
        "missed",
        "path",
        "peak",
        "quick",
        "ready",
        "scope",
        "size",
        "started",
        "twins",
        "unasked",
        "waiting",
    )

    def __init__(self, scope: Scope, id: str, kind: Kind, key: str) -> None:
        super().__init__()
        self.scope = scope
        self.id = id
        self.path = scope.path + id
        self.kind = kind
        self.key = key
        self.lane: Lane = kind.lane
        self.inputs: Mapping[str, object] = NOTHING
        self.links: tuple[tuple[str, Source, str], ...] = ()
        self.unasked: Mapping[str, Link] = NOTHING
        self.held: tuple[Source, ...] = ()
        self.twins: tuple[str, ...] = ()
        self.waiting = 0
        self.from_cache = False
        self.missed = False
        self.announced = False
        self.quick = False
        self.size = 0
        self.peak = 0
        self.started = 0.0
        self.ready = 0.0
        self.growth: OpenGrowth | None = None


@dataclass(slots=True)
class Scope:
    """A graph of the run: the one that was given, or one that a node turned into.

    `given` are the inputs of the node that turned into it, and whatever else it gave. `asked` says where links come
    from that lead further out: to inputs that the node has not asked for itself, and to nodes of the graph `around`.
    `origin` holds what stands for all of them in keys.
    """

    graph: Graph
    keys: Mapping[str, str]
    path: str = ""
    origin: Origin = NOWHERE
    depth: int = 0
    tasks: dict[str, Task] = field(default_factory=dict)
    given: Mapping[str | int, Source] = field(default_factory=dict)
    asked: Mapping[tuple[str, str | int], tuple[Scope, Link]] = field(default_factory=dict)
    around: Scope | None = None


@dataclass(slots=True)
class OpenPart:
    """A call that turned into a graph: where its outputs come from, and which files are made there.

    `values` are those outputs that are there already, and `published` is what the node showed itself.
    """

    scope: Scope
    outputs: Mapping[str, Link]
    values: Mapping[str, object]
    published: Published | None
    effects: tuple[str, ...]
    sources: dict[str, tuple[Source, str]] = field(default_factory=dict)
    makers: list[Task] = field(default_factory=list)

    @property
    def wanted(self) -> tuple[str, ...]:
        """The nodes of the graph that have to be run for it."""
        inner = (link.node for link in self.outputs.values() if link.node in self.scope.graph.nodes)
        return tuple(dict.fromkeys((*inner, *self.effects)))


@dataclass(frozen=True, slots=True)
class OpenGrowth:
    """All calls of a node some of which turned into graphs."""

    parts: tuple[Result | OpenPart, ...]
    mapped: bool

    @property
    def open_parts(self) -> list[OpenPart]:
        """The calls that did."""
        return [part for part in self.parts if isinstance(part, OpenPart)]


def value_of(source: Source, output: str) -> object:
    """The value of an output of a result that is there."""
    assert source.result is not None, "a result was dropped while somebody needed it"
    return source.result.outputs[output]


def circle(task: Task) -> list[Task]:
    """Tasks that wait for one another, found by going from one that never finished to what it waits for."""
    path: dict[Task, None] = {}
    while task not in path:
        path[task] = None
        sources = [source for _, source, _ in task.links] + list(task.held if task.growth else ())
        waits = [source for source in sources if isinstance(source, Task) and source.result is None]
        if not waits:
            return []
        task = waits[0]
    tasks = list(path)
    return tasks[tasks.index(task) :]
