"""Where a link of a workflow really comes from: through subgraphs, reroutes, primitives, muted and bypassed nodes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from engine.formats.comfy_scopes import Scope
from engine.formats.comfy_sheet import BYPASSED, ENTRY, MUTED, SETTER, Item, Slot, Wire, listed, set_name
from engine.graph.graph import Link
from engine.graph.literals import freeze
from engine.graph.spec import Literal_

PRIMITIVE = "PrimitiveNode"
GETTER = "GetNode"
REROUTES = frozenset({"Reroute", "Reroute (rgthree)"})
NOTES = frozenset({"Note", "MarkdownNote"})
SIGNS = frozenset(
    f"{name} (rgthree)"
    for name in (
        "Label",
        "Bookmark",
        "Fast Muter",
        "Fast Bypasser",
        "Fast Groups Muter",
        "Fast Groups Bypasser",
        "Fast Actions Button",
        "Mute / Bypass Relay",
        "Mute / Bypass Repeater",
        "Node Collector",
    )
)
VIRTUAL = frozenset({PRIMITIVE, SETTER, GETTER, *REROUTES, *NOTES, *SIGNS})


@dataclass(frozen=True, slots=True)
class Given:
    """A value that comes along a link instead of a node's output: from a primitive, or a subgraph's own widget."""

    value: Literal_


@dataclass(frozen=True, slots=True)
class Cut:
    """A link from a muted node: the input is left without anything, even without its own widget's value."""


Source: TypeAlias = Link | Given | Cut | None


# Where each place upstream of an input comes from, for those found so far: scope, node, output, and the type wanted.
Found: TypeAlias = "dict[tuple[int, str, int, str], Source]"


def source_of(scope: Scope, slot: Slot, kinds: Collection[str], found: Found) -> Source:
    """What an input of a node in this scope is really given; None if its link leads nowhere.

    Args:
        scope: Where the node is.
        slot: Its input.
        kinds: The kinds of node that are known, so that none of them is taken for one of the browser's own.
        found: The answers so far; this one is added, so that no reroute is passed twice.
    """
    at = _follow(scope, slot.link)
    own: Source = None  # the value of the outermost widget on the way, for a way that ends at one without any
    passed: dict[tuple[int, str, int, str], None] = {}
    while isinstance(at, tuple):
        scope, wire = at
        place = (id(scope), wire.source, wire.slot, slot.type)
        if place in found or place in passed:  # the latter: reroutes in a ring
            at = found.get(place)
            break
        passed[place] = None
        if wire.source == ENTRY and wire.slot in scope.promoted:
            own = Given(scope.promoted[wire.slot])
        at = _step(scope, wire, slot.type, kinds)
    if at is None and own is not None:
        return own
    found.update(dict.fromkeys(passed, at))
    return at


_Step: TypeAlias = "tuple[Scope, Wire] | Source"


def _step(scope: Scope, wire: Wire, wanted: str, kinds: Collection[str]) -> _Step:
    """One step up a link: to the next link, or to what it comes from."""
    if wire.source == ENTRY and scope.outer is not None:
        return _out_of(scope, wire.slot)
    item = scope.sheet.items.get(wire.source)
    if item is None:
        return None
    if item.id in scope.inner:
        inner = scope.inner[item.id]
        leaving = inner.sheet.leaving.get(wire.slot) if inner else None
        return (inner, leaving) if inner and leaving else None
    mode = scope.mode_of(item)
    if mode == MUTED:
        return Cut()
    if mode == BYPASSED:
        through = _bypass(item, wire.slot, wanted)
        return _follow(scope, through.link) if through else None
    if item.kind in VIRTUAL and item.kind not in kinds:
        return _through_virtual(scope, item, wire.slot)
    return Link(scope.prefix + item.id, wire.slot)


def _follow(scope: Scope, link: str | None) -> _Step:
    wire = scope.sheet.wires.get(link) if link is not None else None
    return (scope, wire) if wire else None


def _out_of(scope: Scope, index: int) -> _Step:
    """From an input of a subgraph to what its node is given there."""
    outside = scope.outside(index)
    return _follow(scope.outer, outside.link) if scope.outer is not None and outside is not None else None


def _through_virtual(scope: Scope, item: Item, index: int) -> _Step:
    if item.kind == PRIMITIVE:
        values = listed(item.values)
        return Given(freeze(values[0])) if values and values[0] is not None else None
    if item.kind == GETTER:
        return _set_by(scope, set_name(item))
    through = item.inputs[index] if index < len(item.inputs) else next(iter(item.inputs), None)
    return _follow(scope, through.link) if through else None


def _set_by(scope: Scope, name: str) -> _Step:
    """From a getter to what its setter is given, in the same scope or in one around it."""
    around: Scope | None = scope
    while around is not None:
        if name in around.sheet.setters:
            return _follow(around, around.sheet.setters[name])
        around = around.outer
    return None


def _bypass(item: Item, index: int, wanted: str) -> Slot | None:
    """The input that a bypassed node hands on for an output: one of the wanted type, at best in the same place."""
    inputs = item.inputs
    beside = inputs[index] if index < len(inputs) else None
    if wanted == "*":
        return beside or (inputs[0] if inputs else None)
    given = item.outputs[index].type if index < len(item.outputs) else "*"
    if beside and fit(beside.type, given) and fit(beside.type, wanted):
        return beside
    exact = [slot for slot in inputs if slot.type == wanted]
    return next(iter([*exact, *(slot for slot in inputs if fit(slot.type, wanted))]), None)


def fit(one: str, other: str) -> bool:
    """Whether two types of ComfyUI's editor may be connected: `*` fits all, `A,B` is either, case does not count."""
    if "*" in (one, other):
        return True
    return bool(set(one.lower().split(",")) & set(other.lower().split(",")))
