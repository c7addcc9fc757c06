"""What a run of a graph would do, as plain data for whoever shows it: nothing is run to find it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from engine.graph.facts import Fact
from engine.graph.problems import Problem
from engine.run.why import (
    AlwaysRuns,
    DeviceChanged,
    FileChanged,
    FirstRun,
    FromCache,
    InputChanged,
    NotKept,
    UpstreamChanged,
    VersionChanged,
    Why,
)

State: TypeAlias = Literal["cached", "runs", "idle"]
Kind: TypeAlias = Literal[
    "first_run", "input", "upstream", "file", "version", "device", "not_kept", "always", "cached"
]
LONGEST = 200  # characters of an old or a new value


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a node runs or does not: the input that differs, what it was and is, or the way up to what differs."""

    kind: Kind
    input: str | None = None
    old: str | None = None
    new: str | None = None
    way: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class NodeForecast:
    """What becomes of a node.

    Args:
        state: Its result is there; it would run; or nothing that is wanted needs it.
        why: In a few words.
        reason: The same as data, where it is known.
        seconds: How long it took the last time.
        peak: What the device held at most while it ran the last time, in bytes.
        size: The bytes of its result, as far as they are or were kept.
        outputs: What will come out of it.
    """

    state: State
    why: str
    reason: Reason | None = None
    seconds: float | None = None
    peak: int | None = None
    size: int | None = None
    outputs: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run would do: each node, by its id in the flat graph, and everything that is wrong."""

    nodes: Mapping[str, NodeForecast]
    problems: tuple[Problem, ...] = ()


def reason_of(why: Why) -> Reason:
    """The reason as data."""
    match why:
        case FirstRun():
            return Reason("first_run")
        case InputChanged(input, old, new):
            return Reason("input", input, _short(old), _short(new))
        case UpstreamChanged(way):
            return Reason("upstream", way=way)
        case FileChanged(input):
            return Reason("file", input or None)
        case VersionChanged(old, new):
            return Reason("version", None, old, new)
        case DeviceChanged(old, new):
            return Reason("device", None, old, new)
        case NotKept():
            return Reason("not_kept")
        case AlwaysRuns():
            return Reason("always")
        case FromCache():
            return Reason("cached")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
