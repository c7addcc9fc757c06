"""The messages of a websocket, one class each: ComfyUI's fields in ComfyUI's order, Weft's own behind them.

`at` is the place of a message among those of its run, "attempt.number", from which a client can ask for what it
missed. What has no place (previews, progress_state) is never repeated. Nothing here knows who is listening.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

Ui: TypeAlias = Mapping[str, object]


class ExecInfo(msgspec.Struct, frozen=True):
    """How many runs wait or run."""

    queue_remaining: int


class QueueStatus(msgspec.Struct, frozen=True):
    """What ComfyUI puts around it."""

    exec_info: ExecInfo


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """`status`: goes to everybody whenever the queue changes. `sid` is in the first one of a connection only.

    `queue` is there while the queue is not open: "paused" or "disk full", and why.
    """

    status: QueueStatus
    sid: str | None = None
    queue: str | None = None
    reason: str | None = None


class ExecutionStart(msgspec.Struct, frozen=True):
    """`execution_start`: a worker has the run."""

    prompt_id: str
    timestamp: int
    at: str


class ExecutionCached(msgspec.Struct, frozen=True):
    """`execution_cached`: these nodes need not run."""

    nodes: list[str]
    prompt_id: str
    timestamp: int
    at: str


class Executing(msgspec.Struct, frozen=True):
    """`executing`: a node begins."""

    node: str
    display_node: str
    prompt_id: str
    at: str


class ExecutingNothing(msgspec.Struct, frozen=True):
    """`executing` with no node: the run is over, and the history has it."""

    node: None
    prompt_id: str
    at: str


class StillExecuting(msgspec.Struct, frozen=True):
    """`executing` for a client that has just come: this node is at work."""

    node: str


class Progress(msgspec.Struct, frozen=True):
    """`progress`: how far a node is."""

    value: float
    max: float
    prompt_id: str
    node: str
    at: str


class NodeState(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node in `progress_state`; `cached`, `seconds` and `size` (bytes of its values) once it has finished."""

    value: float
    max: float
    state: Literal["running", "finished"]
    node_id: str
    prompt_id: str
    display_node_id: str
    parent_node_id: str | None
    real_node_id: str
    cached: bool = False
    seconds: float = 0.0
    size: int = 0


class ProgressState(msgspec.Struct, frozen=True):
    """`progress_state`: the nodes that run, and those that have finished since the message before."""

    prompt_id: str
    nodes: dict[str, NodeState]


class Executed(msgspec.Struct, frozen=True):
    """`executed`: what a node shows. None for a node from the cache that shows nothing."""

    node: str
    display_node: str
    output: Ui | None
    prompt_id: str
    at: str


class ExecutionError(msgspec.Struct, frozen=True):
    """`execution_error`: a node failed. `node_path` is the inner node where it stands in an expansion.

    `error_id` stands in the server's log too; `inputs` in `current_inputs` are short.
    """

    prompt_id: str
    node_id: str | None
    node_type: str
    executed: list[str]
    exception_message: str
    exception_type: str
    traceback: list[str]
    current_inputs: dict[str, list[str]]
    current_outputs: list[str]
    timestamp: int
    node_path: str | None
    hint: str
    error_id: str
    at: str


class ExecutionInterrupted(msgspec.Struct, frozen=True):
    """`execution_interrupted`: somebody ended the run; `node_id` was at work then."""

    prompt_id: str
    node_id: str | None
    node_type: str
    executed: list[str]
    timestamp: int
    at: str


class ExecutionSuccess(msgspec.Struct, frozen=True):
    """`execution_success`: the run is done."""

    prompt_id: str
    timestamp: int
    at: str


class WorkerLost(msgspec.Struct, frozen=True):
    """`worker_lost`: the process that carried out the run is gone; if `again`, the run will be tried again."""

    prompt_id: str
    attempt: int
    node: str | None
    exit_code: int | None
    reason: str
    again: bool
    at: str


class Meta(msgspec.Struct, frozen=True):
    """Whose output it is, in the history's `meta`."""

    node_id: str
    display_node: str
    parent_node: str | None
    real_node_id: str


class PictureMeta(msgspec.Struct, frozen=True):
    """What stands before the picture in a binary frame of kind 4."""

    node_id: str
    prompt_id: str
    display_node_id: str
    parent_node_id: str | None
    real_node_id: str
    image_type: str


# What comes with each kind of message, as `/openapi.json` tells it; packs send kinds of their own beside them.
DATA: Mapping[str, tuple[object, ...]] = {
    "status": (Status,),
    "feature_flags": (dict[str, object],),
    "logs": (dict[str, object],),
    "execution_start": (ExecutionStart,),
    "execution_cached": (ExecutionCached,),
    "executing": (Executing, ExecutingNothing, StillExecuting),
    "progress": (Progress,),
    "progress_state": (ProgressState,),
    "executed": (Executed,),
    "execution_error": (ExecutionError,),
    "execution_interrupted": (ExecutionInterrupted,),
    "execution_success": (ExecutionSuccess,),
    "worker_lost": (WorkerLost,),
}


class Message(msgspec.Struct, frozen=True):
    """A message as it goes out."""

    type: str
    data: object


_encode = msgspec.json.Encoder().encode


def written(kind: str, data: object) -> bytes:
    """The message's JSON."""
    return _encode(Message(kind, data))


def queue_status(remaining: int, sid: str | None = None) -> Status:
    """The status of a queue with so many runs in it."""
    return Status(QueueStatus(ExecInfo(remaining)), sid)
