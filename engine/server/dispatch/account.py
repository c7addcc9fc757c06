"""What an attempt at a run has come to so far: from events to messages, and to what the history keeps of it.

It does no IO. What it gives is said by whoever has it (`carrying.py`), to whom and when.
"""

from __future__ import annotations

import itertools
import logging
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from engine.backends.backend import Told
from engine.graph.problems import Problem
from engine.graph.values import PublishedFile
from engine.run.events import (
    NodeBlocked,
    NodeExpanded,
    NodeFailed,
    NodeFinished,
    NodeProgressed,
    NodesExplained,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from engine.run.failure import user_lines
from engine.server.dispatch.progress import Board, Place
from engine.server.dispatch.ui import ui_of
from engine.server.prompts.prompt_shape import kinds_of
from engine.server.telling import messages
from engine.store.records import Claimed

log = logging.getLogger("weft.runs")


class Line(msgspec.Struct, frozen=True):  # made for every message: a dataclass takes ten times as long
    """A message of a run: its place, what it is, and its JSON. `about` is the node whose progress it tells."""

    number: int
    kind: str
    payload: bytes
    about: str | None = None


class NodeAccount(msgspec.Struct, omit_defaults=True):
    """What the history keeps of a node: how long it took, how big its values are, whence they came, and why."""

    seconds: float = 0.0
    size: int = 0
    cached: bool = False
    error: str = ""
    why: str = ""


class StatusDocument(msgspec.Struct, frozen=True):
    """ComfyUI's `status` of a history entry."""

    status_str: Literal["success", "error"]
    completed: bool
    messages: list[tuple[str, object]]


class Weft(msgspec.Struct, frozen=True):
    """What Weft adds to a history entry."""

    attempt: int
    seconds: float
    nodes: dict[str, NodeAccount]


class Document(msgspec.Struct, frozen=True):
    """What the history keeps of a run beside its graph, in ComfyUI's shape."""

    outputs: dict[str, messages.Ui]
    status: StatusDocument
    meta: dict[str, messages.Meta]
    weft: Weft


class Account:
    """Takes events in their order; gives the messages that they are for clients.

    `board` has the progress, `closing` what may only be said once the history has the run.
    """

    def __init__(self, claimed: Claimed) -> None:
        self.claimed = claimed
        self.run = claimed.run.id
        self.attempt = claimed.run.attempt
        self.number = 0
        self.board = Board(self.run)
        self.end: RunFinished | None = None
        self.failure: NodeFailed | None = None
        self.reason = ""
        self.outputs: dict[str, messages.Ui] = {}
        self.files: list[tuple[str, PublishedFile]] = []
        self._targets = frozenset(claimed.run.targets)
        self._places: dict[str, Place] = {}
        self._running: dict[str, str] = {}
        self._executed: list[str] = []
        self._nodes: dict[str, NodeAccount] = {}
        self._meta: dict[str, messages.Meta] = {}
        self._history: list[tuple[str, object]] = []
        self._hear: dict[type, Callable[..., Iterable[Line]]] = {
            RunStarted: self._run_started,
            NodesExplained: self._explained,
            NodeStarted: self._node_started,
            NodeProgressed: self._progressed,
            NodeExpanded: self._expanded,
            NodeFinished: self._finished,
            NodeBlocked: self._blocked,
            NodeFailed: self._failed,
            RunFinished: self._run_finished,
        }

    def begin(self) -> Line:
        """What is said first, before any event."""
        return self._kept("execution_start", messages.ExecutionStart(self.run, _now(), self._at))

    def hear(self, told: Told) -> Iterable[Line]:
        """The messages that an event is. Pictures and what packs say are not among them."""
        self.number = told.number
        hear = self._hear.get(told.event.__class__)
        return () if hear is None else hear(told.event)

    def close(self) -> list[Line]:
        """What is said last: how it ended, and that it has."""
        status = self.end.status if self.end is not None else "failed"
        if status == "done":
            end = self._kept("execution_success", messages.ExecutionSuccess(self.run, _now(), self._at))
        elif status == "cancelled":
            end = self._interrupted()
        else:
            end = self._error()
        self.number += 1
        nothing = messages.ExecutingNothing(None, self.run, self._at)
        return [end, self._line("executing", nothing)]

    def lost(self, node: str | None, exit_code: int | None, reason: str, *, again: bool) -> Line:
        """That the worker is gone."""
        self.number += 1
        gone = messages.WorkerLost(self.run, self.attempt, node, exit_code, reason, again, self._at)
        return self._kept("worker_lost", gone)

    def refuse(self, problems: Iterable[Problem]) -> None:
        """The graph cannot be run with the nodes that are really there."""
        first, *_ = problems = list(problems)
        kind = "" if first.node is None else kinds_of(self.claimed.graph).get(first.node, "")
        sentences = "\n".join(f"{problem.describe()} {problem.hint}" for problem in problems[:20])
        self.fail(NodeFailed(first.node or "", kind, "GraphInvalid", sentences, hint=first.hint))

    def fail(self, failure: NodeFailed) -> None:
        """The attempt ends with this error."""
        self.failure = self.failure or failure
        self.reason = self.reason or f"{failure.error}: {failure.message}"
        self.end = RunFinished("failed", 0.0, 0, 0)

    @property
    def current(self) -> str | None:
        """The node that began last and is still at work."""
        return next(reversed(self._running), None)

    def document(self) -> bytes:
        """What the history keeps."""
        done = self.end is not None and self.end.status == "done"
        seconds = self.end.seconds if self.end is not None else 0.0
        status = StatusDocument("success" if done else "error", done, self._history)
        weft = Weft(self.attempt, round(seconds, 6), self._nodes)
        return msgspec.json.encode(Document(self.outputs, status, self._meta, weft))

    # ---- events

    def _run_started(self, event: RunStarted) -> Iterable[Line]:
        for id in event.cached:
            self._of(id).cached = True
        cached = messages.ExecutionCached(list(event.cached), self.run, _now(), self._at)
        yield self._kept("execution_cached", cached)

    def _explained(self, event: NodesExplained) -> Iterable[Line]:
        for path, why in event.reasons:
            self._of(path).why = why
        return ()

    def _node_started(self, event: NodeStarted) -> Iterable[Line]:
        path = event.path
        place = self.place(path)
        self._running[path] = event.kind
        self.board.begin(place)
        return (self._line("executing", messages.Executing(path, place.shown, self.run, self._at)),)

    def _progressed(self, event: NodeProgressed) -> Iterable[Line]:
        self.board.step(self.place(event.path), event.done, event.total)
        if event.done == 0:
            return ()  # ComfyUI says nothing before the first step
        progress = messages.Progress(event.done, event.total, self.run, event.path, self._at)
        return (Line(self.number, "progress", messages.written("progress", progress), event.path),)

    def _expanded(self, event: NodeExpanded) -> Iterable[Line]:
        shown = self.place(event.path).shown
        for path in event.inner:
            self._places[path] = Place(path, shown, event.path)
        return ()

    def _finished(self, event: NodeFinished) -> Iterable[Line]:
        path = event.path
        self._running.pop(path, None)
        account = self._of(path)
        account.seconds, account.size = round(event.seconds, 6), event.size
        account.cached = event.from_cache
        if not event.from_cache:
            self._executed.append(path)
        elif event.published is None and path not in self._targets:
            return ()  # a value from the cache: nobody has to be told
        place = self.place(path)
        self.board.end(place, cached=event.from_cache, seconds=event.seconds, size=event.size)
        ui = ui_of(event.published) if event.published is not None else None
        if event.published is None or not ui:
            return self._executed_line(place, None) if event.from_cache else ()
        self.outputs[path] = ui
        self.files += ((path, file) for file in event.published.files)
        self._meta[path] = messages.Meta(path, place.shown, place.parent, place.shown)
        return self._executed_line(place, ui)

    def _executed_line(self, place: Place, ui: messages.Ui | None) -> Iterable[Line]:
        executed = messages.Executed(place.path, place.shown, ui, self.run, self._at)
        return (self._line("executed", executed),)

    def _blocked(self, event: NodeBlocked) -> Iterable[Line]:
        place = self.place(event.path)
        if event.path in self._running:
            self.board.end(place, cached=False, seconds=0.0, size=0)
        kind = self._running.pop(event.path, event.kind)
        self._of(event.path).error = f"Blocked: {event.reason}"
        if not event.first or not event.reason:
            return ()
        message = f"Execution Blocked: {event.reason}"
        return (self._problem(NodeFailed(event.path, kind, "ExecutionBlocked", message)),)

    def _failed(self, event: NodeFailed) -> Iterable[Line]:
        self._running.pop(event.path, None)
        self.failure = self.failure or event
        self.reason = self.reason or f"{event.error}: {event.message}"
        self._of(event.path).error = f"{event.error}: {event.message}"
        return ()

    def _run_finished(self, event: RunFinished) -> Iterable[Line]:
        self.end = event
        return ()

    # ---- messages

    def _interrupted(self) -> Line:
        node = self.current
        shown = self.place(node).shown if node is not None else None
        kind = self._running[node] if node is not None else ""
        stopped = messages.ExecutionInterrupted(self.run, shown, kind, self._executed, _now(), self._at)
        return self._kept("execution_interrupted", stopped)

    def _error(self) -> Line:
        failure = self.failure or NodeFailed("", "", "RunFailed", "The run ended without saying why.")
        return self._problem(failure)

    def _problem(self, failure: NodeFailed) -> Line:
        place = self.place(failure.path)
        error_id = secrets.token_hex(8)
        log.warning(
            "Run %s, node %s (%s): %s: %s [%s]\n%s",
            *(self.run, failure.path, failure.kind, failure.error, failure.message, error_id),
            failure.traceback,
        )
        error = messages.ExecutionError(
            prompt_id=self.run,
            node_id=place.shown or None,
            node_type=failure.kind,
            executed=self._executed,
            exception_message=f"{failure.message}\n" + (f"{failure.hint}\n" if failure.hint else ""),
            exception_type=failure.error,
            traceback=user_lines(failure),
            current_inputs={name: [text] for name, text in failure.inputs},
            current_outputs=list(itertools.chain(self._executed, self._running)),
            timestamp=_now(),
            node_path=failure.path if place.parent is not None else None,
            hint=failure.hint,
            error_id=error_id,
            at=self._at,
        )
        return self._kept("execution_error", error)

    def _kept(self, kind: str, data: object) -> Line:
        self._history.append((kind, data))
        return self._line(kind, data)

    def _line(self, kind: str, data: object) -> Line:
        return Line(self.number, kind, messages.written(kind, data))

    @property
    def _at(self) -> str:
        return f"{self.attempt}.{self.number}"

    def place(self, path: str) -> Place:
        """Where a node stands."""
        place = self._places.get(path)
        if place is None:
            place = self._places[path] = Place(path, path)
        return place

    def _of(self, path: str) -> NodeAccount:
        account = self._nodes.get(path)
        if account is None:
            account = self._nodes[path] = NodeAccount()
        return account


def _now() -> int:
    return int(time.time() * 1000)
