"""Which node of a pack is being called, and what is kept for one run: what the adapters of ComfyUI's names ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.packs.comfy.instances import keep_only

KEPT_RUNS = 8  # runs in this process whose expansions are remembered; more than one is rare


class Watcher(Protocol):
    """Who is told of a node: `engine.run.context.Watcher`."""

    def cancel(self) -> None:
        """End the run."""


class RunContext(Protocol):
    """What a node may ask of its run: `engine.run.context.Context`, which this layer does not know."""

    @property
    def node(self) -> str:
        """The path of the node."""

    @property
    def device(self) -> str:
        """Where to compute."""

    @property
    def request(self) -> Mapping[str, object]:
        """What the run was asked for with."""

    @property
    def provenance(self) -> Mapping[str, str]:
        """The texts that files carry."""

    @property
    def watcher(self) -> Watcher:
        """Who is told."""

    def progress(self, done: int, total: int) -> None:
        """Tell of progress; raises when the run is cancelled."""

    def preview(self, value: object) -> None:
        """Offer a look."""

    def tell(self, kind: str, data: bytes, client: str = "", binary: int | None = None) -> None:
        """Send a message."""

    def check_cancelled(self) -> None:
        """Raise when the run is cancelled."""


@dataclass(slots=True)
class RunState:
    """What is kept for one run.

    `inner` are the nodes of expansions in ComfyUI's shape, `parents` the node that turned into each.
    """

    context: RunContext
    request: Mapping[str, object]
    inner: dict[str, dict[str, Any]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    displayed: dict[str, str] = field(default_factory=dict)
    graphs: dict[str, int] = field(default_factory=dict)
    _prompt: Mapping[str, Any] | None = None

    @property
    def prompt(self) -> Mapping[str, Any]:
        """The nodes that were asked for, in the shape of ComfyUI's prompts."""
        if self._prompt is None:
            self._prompt = _prompt_of(self.request, self.context)
        return self._prompt


class Call:
    """A call of a pack's node that is going on. `id` is what the pack knows as the node's UNIQUE_ID."""

    __slots__ = ("_id", "context", "graphs", "index")

    def __init__(self, context: RunContext) -> None:
        self.context = context
        self.index: int | None = None
        self.graphs = 0
        self._id: str | None = None

    @property
    def state(self) -> RunState:
        """What is kept for the run."""
        return state_of(self.context)

    @property
    def id(self) -> str:
        """The node's own id: the last part of its path."""
        if self._id is None:
            path = self.context.node
            self._id = path if "/" not in path or path in self.state.prompt else path.rpartition("/")[2]
        return self._id


CURRENT: ContextVar[Call | None] = ContextVar("call", default=None)
_LAST: list[Call | None] = [None]
_LATEST: list[object] = [None]
_STATES: dict[int, RunState] = {}


def current() -> Call | None:
    """The call that is going on here. Threads that a node has started itself belong to the latest one."""
    return CURRENT.get() or _LAST[0]


def entered(call: Call) -> None:
    """Take note of a call that begins, for threads that it may start."""
    _LAST[0] = call
    if call.context.request is not _LATEST[0]:
        _began(call.context)


def left(call: Call) -> None:
    """Take note of its end."""
    if _LAST[0] is call:
        _LAST[0] = None


def state_of(context: RunContext) -> RunState:
    """What is kept for the run of this context."""
    request = context.request
    known = _STATES.get(id(request))
    if known is not None and known.request is request:
        return known
    state = RunState(context, request)
    while len(_STATES) >= KEPT_RUNS:
        _STATES.pop(next(iter(_STATES)))
    _STATES[id(request)] = state  # it holds the request, whose id is therefore nobody else's
    return state


def _began(context: RunContext) -> None:
    """Take note of a run whose first node of a pack is being called: the objects of other graphs' nodes go."""
    _LATEST[0] = context.request
    prompt = state_of(context).prompt if "prompt" in context.request else {}
    if prompt:
        keep_only(prompt)


def _prompt_of(request: Mapping[str, object], context: RunContext) -> Mapping[str, Any]:
    prompt = request.get("prompt") or context.provenance.get("prompt") or {}
    if isinstance(prompt, str | bytes):
        prompt = json.loads(prompt)
    if isinstance(prompt, Mapping) and isinstance(prompt.get("prompt"), Mapping):
        prompt = prompt["prompt"]  # as a client posted it
    return prompt if isinstance(prompt, Mapping) else {}
