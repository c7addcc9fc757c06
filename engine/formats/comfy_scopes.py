"""Workflows laid open: each use of a subgraph or of a group becomes a scope of its own. Nothing here recurses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from engine.formats.comfy_groups import group_definitions, group_name, group_sheet
from engine.formats.comfy_sheet import (
    ALWAYS,
    ENTRY,
    Item,
    Raw,
    Sheet,
    Slot,
    read_sheet,
    subgraphs,
)
from engine.formats.comfy_widgets import SEEDS, Entry, named_values
from engine.graph.literals import freeze
from engine.graph.problems import Problem, Unreadable
from engine.graph.registry import Registry
from engine.graph.spec import Literal_

DEEPEST = 100  # subgraphs within subgraphs
MOST = 100_000  # nodes that a workflow may unfold to: a few nested subgraphs would otherwise fill any memory


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """The workflow itself, or one use of a subgraph in it.

    `instance` is the node of the scope around it that stands for it, `promoted` what that node says for inputs of the
    subgraph, by their index. `mode` is that of the outermost muted or bypassed scope around. `inner` are the scopes in
    this one, by their nodes' ids; None for a subgraph that cannot be unfolded.
    """

    prefix: str
    sheet: Sheet
    mode: int = ALWAYS
    outer: Scope | None = None
    instance: Item | None = None
    promoted: Mapping[int, Literal_] = field(default_factory=dict)
    inner: dict[str, Scope | None] = field(default_factory=dict)

    def mode_of(self, item: Item) -> int:
        """Whether a node runs, is muted, or is bypassed: what is around it decides."""
        return self.mode if self.mode != ALWAYS else item.mode

    def outside(self, index: int) -> Slot | None:
        """The socket of this scope's own node that stands for an input of the subgraph."""
        if self.instance is None or not 0 <= index < len(self.sheet.inputs):
            return None
        sockets, name = self.instance.inputs, self.sheet.inputs[index].name
        named = [slot for slot in sockets if slot.name == name]
        if named:
            return named[0]
        return sockets[index] if len(sockets) == len(self.sheet.inputs) else None


def opened(document: Raw, registry: Registry) -> tuple[Scope, list[Problem]]:
    """The scope of the whole workflow, with all others in it.

    A subgraph that contains itself is left out; of a workflow that would unfold to too much, everything is.
    """
    sheet, problems = read_sheet(document, "")
    definitions, wrong = subgraphs(document)
    groups = group_definitions(document)
    problems += wrong
    root = Scope("", sheet)
    waiting: list[tuple[Scope, tuple[str, ...]]] = [(root, ())]
    count = len(sheet.items)
    while waiting:
        scope, around = waiting.pop()
        for item in scope.sheet.items.values():
            inside = definitions.get(item.kind)
            name = group_name(item.kind)
            if inside is None and name in groups and item.kind not in registry:
                inside, wrong = group_sheet(item.kind, groups[name], item, registry)
                problems += wrong
            if inside is None:
                continue
            count += len(inside.items)
            if count > MOST:
                wish = f"at most {MOST} nodes, counting those in subgraphs"
                return Scope("", Sheet({}, {})), [Unreadable("the workflow", wish, "more")]
            bad = _endless(scope.prefix + item.id, item.kind, around)
            if bad is not None:
                problems.append(bad)
                scope.inner[item.id] = None
                continue
            prefix, promoted = f"{scope.prefix}{item.id}:", _promoted(item, inside)
            inner = Scope(prefix, inside, scope.mode_of(item), scope, item, promoted)
            scope.inner[item.id] = inner
            waiting.append((inner, (*around, item.kind)))
    return root, problems


def all_items(root: Scope) -> Iterator[tuple[Scope, Item]]:
    """Every node of every scope. The nodes in a subgraph stand where its own node stood."""
    waiting = [(root, iter(root.sheet.items.values()))]
    while waiting:
        scope, items = waiting[-1]
        item = next(items, None)
        if item is None:
            waiting.pop()
        elif item.id in scope.inner:
            inner = scope.inner[item.id]
            if inner is not None:
                waiting.append((inner, iter(inner.sheet.items.values())))
        else:
            yield scope, item


def _endless(path: str, kind: str, around: tuple[str, ...]) -> Unreadable | None:
    where = f"node {path}"
    if kind in around:
        return Unreadable(where, "a subgraph that does not contain itself", f"{kind} inside itself", path)
    if len(around) >= DEEPEST:
        return Unreadable(where, f"at most {DEEPEST} subgraphs within one another", "more", path)
    return None


def _promoted(item: Item, inside: Sheet) -> dict[int, Literal_]:
    """The values of a subgraph node's own widgets, by the index of the input that each is for."""
    shown = {slot.name for slot in item.inputs if slot.widget is not None}
    fed = _feed_widgets(inside)
    widgets = [
        (index, slot) for index, slot in enumerate(inside.inputs) if slot.name in shown or index in fed
    ]
    layout: list[Entry] = []
    for index, slot in widgets:
        layout.append(Entry(str(index)))
        if slot.name in SEEDS:
            layout.append(Entry(str(index), "control"))
    values = item.values
    if isinstance(values, Mapping):
        values = {str(index): values[slot.name] for index, slot in widgets if slot.name in values}
    elif isinstance(values, list | tuple) and len(values) == len(widgets):
        layout = [Entry(str(index)) for index, _ in widgets]
    found = named_values(values, tuple(layout)).by_name
    return {int(index): freeze(value) for index, value in found.items() if value is not None}


def _feed_widgets(inside: Sheet) -> set[int]:
    """The inputs of a subgraph that lead to a widget in it, by index."""
    sockets = [slot for item in inside.items.values() for slot in item.inputs if slot.widget is not None]
    wires = [
        inside.wires[slot.link] for slot in sockets if slot.link is not None and slot.link in inside.wires
    ]
    return {wire.slot for wire in wires if wire.source == ENTRY}
