"""What every backend is: a place where whole runs happen, told apart by nothing that its callers could see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

import msgspec

from engine.graph.problems import Problem
from engine.graph.registry import Registry
from engine.packs.source import PackFailure
from engine.run.events import Event
from engine.run.forecast import Forecast
from engine.run.peeking import Peek

BackendState: TypeAlias = Literal["starting", "idle", "busy", "closed"]
CancelOutcome: TypeAlias = Literal["stopping", "killed", "not running"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One attempt at one run, as plain data: it could be sent to another machine as it is.

    Args:
        graph: The graph's JSON, of any format that Weft reads.
        targets: The ids of the nodes that are run for what they do and are wanted; none means all of them.
        extra: JSON of what the client sent beside the graph (ComfyUI's `extra_data`), without secrets.
        client: Who asked, as ComfyUI's packs know it.
        secrets: Are handed to the nodes that ask for them, and stored nowhere.
        previews: Whether anybody wants to see unfinished pictures.
        explain: Whether the run begins by saying why each node runs or does not.
        checked_with: The stamp of the nodes with which nothing was found wrong with the graph, if it was checked: a
            worker with the same nodes need not check it again.
    """

    run: str
    attempt: int
    graph: bytes
    targets: tuple[str, ...] = ()
    extra: bytes = b"{}"
    client: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    previews: bool = True
    explain: bool = True
    checked_with: str = ""


class Told(msgspec.Struct, frozen=True):  # made for every event: a dataclass takes ten times as long
    """An event of a run's attempt, numbered from 1 without gaps; previews carry the number of the event before them."""

    run: str
    attempt: int
    number: int
    event: Event


class WorkerLost(Exception):
    """The process that carried out a run is gone: how it left, and at which node it was last seen.

    `out_of_memory`: the system killed it for want of memory.
    """

    def __init__(self, exit_code: int | None, node: str | None, *, out_of_memory: bool = False) -> None:
        super().__init__(exit_code, node)
        self.exit_code = exit_code
        self.node = node
        self.out_of_memory = out_of_memory

    def __str__(self) -> str:
        how = "ran out of memory" if self.out_of_memory else f"ended with exit code {self.exit_code}"
        where = f" while '{self.node}' was running" if self.node else ""
        return f"The worker {how}{where}."


@dataclass(frozen=True, slots=True)
class Device:
    """A device and its memory in bytes; `torch` is the version in use, empty while nothing has loaded it."""

    name: str
    kind: Literal["cpu", "cuda"]
    index: int | None = None
    memory_total: int = 0
    memory_free: int = 0
    torch: str = ""


@dataclass(frozen=True, slots=True)
class Packs:
    """What a worker has imported: the nodes it can run, and the packs that failed.

    Packs of the same `stamp` have the same nodes; "" says nothing of them.
    """

    registry: Registry
    failures: tuple[PackFailure, ...] = ()
    stamp: str = ""


@dataclass(frozen=True, slots=True)
class PackCall:
    """An HTTP request for a route that a pack has registered."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class PackAnswer:
    """What the pack answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Backend(Protocol):
    """A place where runs happen, one at a time. All methods belong to one event loop."""

    @property
    def state(self) -> BackendState:
        """What it is doing; "starting" lasts until packs are imported."""

    async def open(self) -> None:
        """Start; returns at once, while packs are being imported."""

    async def ready(self) -> Packs:
        """Wait until it can run something, and tell with which nodes. Raises `WorkerLost` if it cannot start."""

    def run(self, request: RunRequest) -> AsyncIterator[Sequence[Told]]:
        """Carry out a run, giving what happens in portions: whatever has come up since the last one.

        The last event is always a `RunFinished`. Problems of the graph are `GraphInvalid`.

        Raises:
            WorkerLost: the process died; it is being started anew.
            GraphInvalid: the graph cannot be run with the nodes that are really there.
        """

    async def cancel(self, run: str, grace: float) -> CancelOutcome:
        """Stop that run, and no other: at its next step, or after `grace` seconds by ending the process."""

    async def check(self, request: RunRequest) -> list[Problem]:
        """Ask the nodes' own checks of their literals (ComfyUI's VALIDATE_INPUTS)."""

    async def forecast(self, request: RunRequest) -> Forecast:
        """What a run would do: answered while another goes on, and also for a graph that has problems."""

    async def peek(self, request: RunRequest, node: str, output: str | int) -> Peek | None:
        """How the value of an output looks that is kept; None for one that is not. Nothing is run for it."""

    async def device(self) -> Device:
        """The device as it is now."""

    async def free(self, *, models: bool, results: bool) -> None:
        """Let go of models, of kept results, or of both, as soon as no run is going on."""

    async def reload(self, pack: str) -> Packs:
        """Import a pack anew, or for the first time; runs that wait are not touched."""

    async def routes(self) -> tuple[tuple[str, str], ...]:
        """The HTTP routes that packs have registered, as (method, path) in aiohttp's notation."""

    async def answer(self, call: PackCall) -> PackAnswer:
        """Have a pack answer a request for one of its routes."""

    async def close(self, grace: float) -> None:
        """End, after `grace` seconds at the latest; nothing of it stays behind."""
