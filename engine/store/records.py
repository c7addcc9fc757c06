"""What the queue and the history hold, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

RunStatus: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled", "poisoned"]
OVER: tuple[RunStatus, ...] = ("done", "failed", "cancelled", "poisoned")


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that somebody asks for.

    Args:
        id: Chosen by the client or made by the server; unique.
        graph: The graph's JSON as it will be run and shown in the history.
        extra: JSON of what came beside it, without secrets.
        client: ComfyUI's client id, or empty.
        targets: The ids of the effect nodes to run, in the graph's order.
        number: Where in the queue (lower is earlier), if the client says; else behind all, or before all with `front`.
        priority: Higher goes first, whatever the number.
        batch: Names runs that belong together.
        key: The client's idempotency key: a second run with it is not made, the first one is answered.
        parent: The id of the run that this one was changed from, if the client says; it need not be known.
    """

    id: str
    graph: bytes
    extra: bytes = b"{}"
    client: str = ""
    targets: tuple[str, ...] = ()
    number: float | None = None
    front: bool = False
    priority: int = 0
    batch: str = ""
    key: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture as clients ask `/view` for it."""

    filename: str
    subfolder: str
    type: str


@dataclass(frozen=True, slots=True)
class Run:
    """A run as the queue or the history shows it, without its graph. Times are Unix seconds.

    `reason` says why it is not done: the error, in a sentence. `node` and `exit_code` are the last ones seen of a
    worker that died. `parent` is the run that it was changed from, `picture` the first one that it made; both are
    looked up only where runs are shown to people.
    """

    id: str
    number: float
    priority: int
    status: RunStatus
    attempt: int
    client: str
    batch: str
    targets: tuple[str, ...]
    created: float
    started: float | None = None
    ended: float | None = None
    cancelling: bool = False
    reason: str = ""
    node: str | None = None
    exit_code: int | None = None
    parent: str | None = None
    picture: Shot | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that a worker is to carry out now; `attempt` fences off whatever an earlier attempt still does."""

    run: Run
    graph: bytes
    extra: bytes


@dataclass(frozen=True, slots=True)
class Artifact:
    """A published file of a run: where it lies, how many bytes it has and their SHA-256."""

    node: str
    index: int
    folder: str
    name: str
    media_type: str
    size: int = 0
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `document` is the JSON that the history keeps of it (outputs, messages, timings).

    `timeline` says when what was done, packed; empty where nobody has taken note.
    """

    status: Literal["done", "failed", "cancelled"]
    document: bytes = b"{}"
    artifacts: tuple[Artifact, ...] = ()
    reason: str = ""
    timeline: bytes = b""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Events of one attempt that belong together: those numbered `first` to `last`, as the JSON array `events`."""

    attempt: int
    first: int
    last: int
    events: bytes


@dataclass(frozen=True, slots=True)
class QueueState:
    """Whether runs are started: "open", or paused by a person or by a full disk; `reason` is a sentence."""

    state: Literal["open", "paused", "disk full"] = "open"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """A run that is over, with what the history keeps of it."""

    run: Run
    graph: bytes
    extra: bytes
    document: bytes
