"""What the links of one sheet of a workflow come from, in the words of a drawing: names of ports, and values.

Links are followed within the sheet no further than needs be: a primitive gives its value, and what leads nowhere gives
nothing, so that a widget keeps its own value. All else is for `flatten` to follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.formats.comfy_reroutes import Reroutes, reroutes_of
from engine.formats.comfy_sheet import ALWAYS, ENTRY, MUTED, Item, Sheet, Slot, Wire, listed
from engine.formats.comfy_sheets import Sheets
from engine.formats.comfy_virtual import PRIMITIVE, REROUTES, VIRTUAL
from engine.formats.follow import Given
from engine.formats.scopes import INPUTS, VALUE
from engine.graph.graph import Link
from engine.graph.literals import freeze
from engine.graph.registry import Registry


@dataclass(frozen=True, slots=True)
class Cut:
    """A link from a muted primitive: the input is left without anything, even without its own widget's value."""


Source: TypeAlias = Link | Given | Cut | None


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet with what its links lead to.

    `inputs` are the names of its ports if it is a subgraph, `outputs` those of the nodes that stand for subgraphs.
    `virtual` are the nodes that live in the browser alone, `reroutes` the points on links, `points` their ids as nodes.
    """

    sheet: Sheet
    inputs: Sequence[str]
    outputs: Mapping[str, Sequence[str]]
    virtual: frozenset[str]
    reroutes: Reroutes
    points: Mapping[str, str]
    _found: dict[str, Source] = field(default_factory=dict)

    def source(self, link: str | None) -> Source:
        """What a link of the sheet brings; None if it leads nowhere."""
        wire = self.sheet.wires.get(link) if link is not None else None
        if wire is None or link is None:
            return None
        found = self.direct(wire)
        point = self.reroutes.last.get(link)
        return Link(self.points[point], VALUE) if point is not None and isinstance(found, Link) else found

    def direct(self, wire: Wire) -> Source:
        """The same past the points on the link."""
        item = self.sheet.items.get(wire.source)
        if item is None:
            enters = wire.source == ENTRY and 0 <= wire.slot < len(self.inputs)
            return Link(INPUTS, self.inputs[wire.slot]) if enters else None
        if item.id in self.outputs:
            names = self.outputs[item.id]
            return Link(item.id, names[wire.slot]) if 0 <= wire.slot < len(names) else None
        if item.id not in self.virtual:
            return Link(item.id, wire.slot)
        if item.kind == PRIMITIVE:
            return _value(item)
        leads = item.kind in REROUTES and (item.mode == MUTED or self._leads_somewhere(item))
        return Link(item.id, VALUE) if leads else None

    def _leads_somewhere(self, item: Item) -> bool:
        """Whether anything comes to a reroute. Each reroute of a row is asked once."""
        passed: list[str] = []
        at: Item | None = item
        found: Source = None
        while at is not None and at.id not in self._found:
            self._found[at.id] = None  # reroutes in a ring lead nowhere
            passed.append(at.id)
            slot = handed_on(at)
            wire = self.sheet.wires.get(slot.link) if slot and slot.link is not None else None
            before = self.sheet.items.get(wire.source) if wire else None
            is_reroute = before is not None and before.id in self.virtual and before.kind in REROUTES
            if not is_reroute or (before is not None and before.mode == MUTED):
                found = self.direct(wire) if wire else None
                at = None
            else:
                at = before
        if at is not None:
            found = self._found[at.id]
        self._found.update(dict.fromkeys(passed, found))
        return found is not None


def page_of(id: str, sheets: Sheets, registry: Registry) -> Page:
    """A sheet with what its links lead to."""
    sheet, stand_for = sheets.by_id[id], sheets.instances[id]
    virtual = {i.id for i in sheet.items.values() if i.kind in VIRTUAL and i.kind not in registry}
    reroutes = reroutes_of(sheet)
    points: dict[str, str] = {}
    taken = set(sheet.items)
    for point in reroutes.points:
        name = f"reroute-{point}"
        while name in taken:
            name += "-"
        taken.add(name)
        points[point] = name
    return Page(
        sheet,
        names_of(sheet.inputs),
        {item: names_of(sheets.by_id[inner].outputs) for item, inner in stand_for.items()},
        frozenset(virtual - stand_for.keys()),
        reroutes,
        points,
    )


def names_of(slots: Sequence[Slot]) -> tuple[str, ...]:
    """The names of ports, each made to be there once."""
    names: dict[str, None] = {}
    for slot in slots:
        name, number = slot.name, 1
        while name in names:
            number += 1
            name = f"{slot.name} {number}"
        names[name] = None
    return tuple(names)


def handed_on(item: Item) -> Slot | None:
    """The socket whose value a reroute hands on."""
    return next(iter(item.inputs), None)


def _value(item: Item) -> Source:
    if item.mode != ALWAYS:
        return Cut() if item.mode == MUTED else None
    values = listed(item.values)
    return Given(freeze(values[0])) if values and values[0] is not None else None
