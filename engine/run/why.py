"""Why a node runs, or does not: what differs from the last run of the same graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from engine.graph.registry import Registry
from engine.run.fingerprints import ALWAYS, WHOLE
from engine.run.plan import Plan
from engine.run.record import NodeRecord, Record, record

LONGEST_WAY = 50  # a chain of ten thousand nodes would have ways of fifty million steps in all


@dataclass(frozen=True, slots=True)
class FirstRun:
    """There is no result of this node in this graph yet."""

    def describe(self) -> str:
        """Why, in a few words."""
        return "runs for the first time"


@dataclass(frozen=True, slots=True)
class InputChanged:
    """An input has another value, or comes from elsewhere."""

    input: str
    old: str
    new: str

    def describe(self) -> str:
        """Why, in a few words."""
        return f"its input '{self.input}' was {_short(self.old)} and is {_short(self.new)}"


@dataclass(frozen=True, slots=True)
class UpstreamChanged:
    """Something above has changed: the way up, ending with the first node that differs itself."""

    way: tuple[str, ...]

    def describe(self) -> str:
        """Why, in a few words."""
        way = f" (by way of {', '.join(self.way[:-1][:5])})" if len(self.way) > 1 else ""
        return f"node {self.way[-1]} above it has changed{way}"


@dataclass(frozen=True, slots=True)
class FileChanged:
    """A file that it reads has changed; no input is named where the node's own fingerprint says so."""

    input: str

    def describe(self) -> str:
        """Why, in a few words."""
        return f"the file at '{self.input}' has changed" if self.input else "what it reads has changed"


@dataclass(frozen=True, slots=True)
class VersionChanged:
    """The node itself is another one: its version was raised, or another kind took its place."""

    old: str
    new: str

    def describe(self) -> str:
        """Why, in a few words."""
        return f"the node was {self.old} and is {self.new}"


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """It computes on another device."""

    old: str
    new: str

    def describe(self) -> str:
        """Why, in a few words."""
        return f"it computed on {self.old} and does on {self.new}"


@dataclass(frozen=True, slots=True)
class NotKept:
    """Nothing has changed, but its result was not kept, or was given up to make room."""

    def describe(self) -> str:
        """Why, in a few words."""
        return "nothing has changed, but its result was not kept"


@dataclass(frozen=True, slots=True)
class AlwaysRuns:
    """It is run for what it does, or says that it is never the same twice."""

    def describe(self) -> str:
        """Why, in a few words."""
        return "runs every time"


@dataclass(frozen=True, slots=True)
class FromCache:
    """It does not run: its result is there."""

    def describe(self) -> str:
        """Why, in a few words."""
        return "comes from the cache"


Why: TypeAlias = (
    FirstRun
    | InputChanged
    | UpstreamChanged
    | FileChanged
    | VersionChanged
    | DeviceChanged
    | NotKept
    | AlwaysRuns
    | FromCache
)


def explain(plan: Plan, registry: Registry, device: str, before: Record | None) -> Iterator[tuple[str, Why]]:
    """For each step of a plan, why it will run or not, by comparison with the record of the last run."""
    old = before or {}
    new = record(plan, registry, device)
    changes = _changes(plan.keys, old, new)
    for id in plan.steps:
        if id in plan.cached:
            yield id, FromCache()
        elif id not in old:
            yield id, FirstRun()
        elif id not in changes:
            yield id, AlwaysRuns() if registry[new[id].kind].effect else NotKept()
        else:
            change = changes[id]
            yield id, UpstreamChanged(_way_up(change, changes)) if isinstance(change, _Above) else change


@dataclass(frozen=True, slots=True)
class _Above:
    """A change that lies above a node: the node it reads by which it is reached, and where it is."""

    next: str
    origin: str


def _changes(order: Iterable[str], old: Record, new: Record) -> dict[str, Why | _Above]:
    """What is otherwise about each node that was there before; `order` has each behind those it reads."""
    changes: dict[str, Why | _Above] = {}
    for id in order:
        if id not in old or old[id].key == new[id].key:
            continue
        own = _own_change(old[id], new[id], old, new)
        sources = [source for source, _ in new[id].links.values() if _differs(source, old, new)]
        if own is None and sources:
            above = changes.get(sources[0])
            changes[id] = _Above(sources[0], above.origin if isinstance(above, _Above) else sources[0])
        else:
            changes[id] = own or _declared_otherwise(new[id])
    return changes


def _way_up(change: _Above, changes: Mapping[str, Why | _Above]) -> tuple[str, ...]:
    way = [change.next]
    while len(way) < LONGEST_WAY and isinstance(above := changes.get(way[-1]), _Above):
        way.append(above.next)
    return tuple(way if way[-1] == change.origin else [*way, change.origin])


def _declared_otherwise(now: NodeRecord) -> Why:
    kind = f"{now.kind} {now.version}"
    return VersionChanged(kind, f"{kind}, declared otherwise")


def _own_change(before: NodeRecord, now: NodeRecord, old: Record, new: Record) -> Why | None:
    if (before.kind, before.version) != (now.kind, now.version):
        return VersionChanged(f"{before.kind} {before.version}", f"{now.kind} {now.version}")
    for name in dict.fromkeys((*before.literals, *before.links, *now.literals, *now.links)):
        was, link_was = before.literals.get(name), before.links.get(name)
        value, link = now.literals.get(name), now.links.get(name)
        moved = link != link_was and not (link and link_was and _same_output(link_was, link, old, new))
        if value != was or moved:
            return InputChanged(name, was or _link_text(link_was), value or _link_text(link))
    for name in {**before.outside, **now.outside}:
        if before.outside.get(name) != now.outside.get(name):
            return AlwaysRuns() if _is_always(name, now) else FileChanged(name)
    if before.device != now.device:
        return DeviceChanged(before.device, now.device)
    return None


def _is_always(name: str, now: NodeRecord) -> bool:
    return name == WHOLE and now.outside.get(name, "").startswith(ALWAYS)


def _same_output(was: tuple[str, str], link: tuple[str, str], old: Record, new: Record) -> bool:
    return was[1] == link[1] and was[0] in old and link[0] in new and old[was[0]].key == new[link[0]].key


def _differs(id: str, old: Record, new: Record) -> bool:
    return id not in old or old[id].key != new[id].key


def _link_text(link: tuple[str, str] | None) -> str:
    return f"node {link[0]}, {link[1]}" if link else "left out"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
