"""What happens during a run, as a closed union of frozen values.

`path` is the node's id; `outer/inner` for a node of the graph that another one turned into by `Expand`, with the
number of the call between them where that other one was mapped over a list.

Every node begins and ends: these two are made by the thousand, and a `Struct` is made ten times as fast as a dataclass.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from engine.graph.values import Published


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The plan is made: which nodes will run, and which need not, in the graph's order."""

    will_run: tuple[str, ...]
    cached: tuple[str, ...]


class NodeStarted(msgspec.Struct, frozen=True):
    """A node begins."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class NodeProgressed:
    """A node that tracks its steps has done `done` of `total`."""

    path: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An encoded picture: "image/jpeg" or "image/png"."""

    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class NodePreviewed:
    """A node offers a look at its unfinished value; behind a backend, the value is a `Picture`."""

    path: str
    value: object


@dataclass(frozen=True, slots=True)
class NodesExplained:
    """Why each of these nodes runs or does not: its path and a sentence."""

    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class NodeTold:
    """A node says something to whoever watches: a text, or a message of a ComfyUI pack for its own client code.

    `kind` is the message's name ("progress_text" for a text); `data` is its JSON or, where `binary` is set, that many
    bytes behind ComfyUI's event number. `client` names one client, or all if it is empty.
    """

    path: str
    kind: str
    data: bytes
    client: str = ""
    binary: int | None = None


@dataclass(frozen=True, slots=True)
class NodeExpanded:
    """A node turned into a subgraph of these nodes."""

    path: str
    inner: tuple[str, ...]


class NodeFinished(msgspec.Struct, frozen=True):
    """A node is done.

    `published` are the files it made, if any; `size` is the bytes of its values, as far as kept, and `peak` what the
    device held at most while it ran, where that is known.
    """

    path: str
    seconds: float
    published: Published | None = None
    from_cache: bool = False
    size: int = 0
    peak: int = 0


@dataclass(frozen=True, slots=True)
class NodeBlocked:
    """A node, or some call of it, was skipped since an input carries `Blocked(reason)`.

    `first`: no node was skipped for it before, so this is where to say why. `kind` is the node's.
    """

    path: str
    reason: str
    first: bool = True
    kind: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class NodeFailed:
    """A node raised, returned the wrong thing or left: what, where, with which inputs, and what to do."""

    path: str
    kind: str
    error: str
    message: str
    inputs: tuple[tuple[str, str], ...] = ()
    frames: tuple[str, ...] = ()
    hint: str = ""
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The last event of every run. `timeline` says when what was done, as `engine.run.timeline` packs it."""

    status: Literal["done", "failed", "cancelled"]
    seconds: float
    ran: int
    cached: int
    timeline: bytes = field(default=b"", repr=False, compare=False)


Event: TypeAlias = (
    RunStarted
    | NodeStarted
    | NodeProgressed
    | NodePreviewed
    | NodesExplained
    | NodeTold
    | NodeExpanded
    | NodeFinished
    | NodeBlocked
    | NodeFailed
    | RunFinished
)
