"""Why a node runs, or does not: what differs from the last run of the same graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from engine.graph.graph import Link
from engine.graph.registry import Registry
from engine.run.fingerprints import ALWAYS, WHOLE
from engine.run.plan import Plan
from engine.run.record import NodeRecord, Record, key_of, looks_the_same, records

LONGEST_WAY = (
    6  # nobody reads more, and a chain of ten thousand nodes would have ways of fifty million steps in all
)


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
    changes = _Changes(plan, old, records(plan, registry, device))
    for id in plan.steps:
        if id in plan.cached:
            yield id, FromCache()
        elif id not in old:
            yield id, FirstRun()
        elif key_of(old, id) == plan.keys[id]:
            yield id, AlwaysRuns() if registry[plan.graph.nodes[id].kind].effect else NotKept()
        else:
            change = changes.of(id)
            yield id, UpstreamChanged(_way_up(change)) if isinstance(change, _Above) else change


class _Above(NamedTuple):
    """A change that lies above a node: the first nodes on the way up to it, and where it is."""

    way: tuple[str, ...]
    origin: str


class _Changes:
    """What is otherwise about the nodes that were there before and now have another key; found when asked for."""

    def __init__(self, plan: Plan, old: Record, new: Record) -> None:
        self.plan = plan
        self.old = old
        self.new = new
        self.found: dict[str, Why | _Above] = {}

    def of(self, id: str) -> Why | _Above:
        """What is otherwise about a node. It goes up as far as it has to, one node after the other."""
        way = [id]
        while way:
            id = way[-1]
            own = None if looks_the_same(id, self.old, self.new) else self.own(id)
            source = self.source_that_differs(id) if own is None else None
            if source is None:
                self.found[id] = own or _declared_otherwise(self.new[id])
            elif source in self.old and source not in self.found:
                way.append(source)
                continue
            else:
                above = self.found.get(source)
                if isinstance(above, _Above):
                    self.found[id] = _Above((source, *above.way[: LONGEST_WAY - 1]), above.origin)
                else:
                    self.found[id] = _Above((source,), source)
            way.pop()
        return self.found[id]

    def own(self, id: str) -> Why | None:
        """What is otherwise about the node itself."""
        return _own_change(self.old[id], self.new[id], self.old, self.new)

    def source_that_differs(self, id: str) -> str | None:
        """The first node that it reads and that is not what it was."""
        for value in self.plan.graph.nodes[id].inputs.values():
            if isinstance(value, Link) and value.node in self.plan.keys and self.differs(value.node):
                return value.node
        return None

    def differs(self, id: str) -> bool:
        """Whether a node was not there or had another key."""
        return id not in self.old or key_of(self.old, id) != self.plan.keys[id]


def _way_up(change: _Above) -> tuple[str, ...]:
    """The nodes by which a change is reached, the one that changed last."""
    return change.way if change.way[-1] == change.origin else (*change.way, change.origin)


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
    return (
        was[1] == link[1] and was[0] in old and link[0] in new and key_of(old, was[0]) == key_of(new, link[0])
    )


def _link_text(link: tuple[str, str] | None) -> str:
    return f"node {link[0]}, {link[1]}" if link else "left out"


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."
