"""What the node of a subgraph says in a workflow file: the values of the widgets that it shows for what is within."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.formats.comfy_sheet import ENTRY, Item, Sheet, Slot
from engine.formats.comfy_widgets import SEEDS, Entry, named_values
from engine.graph.literals import freeze
from engine.graph.spec import Literal_


@dataclass(frozen=True, slots=True)
class Promoted:
    """Values and what is to happen to seeds, by the index of the subgraph's input that each is for."""

    values: Mapping[int, Literal_]
    controls: Mapping[int, str]


def promoted(item: Item, inside: Sheet) -> Promoted:
    """The values of a subgraph node's own widgets."""
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
    found = named_values(values, tuple(layout))
    return Promoted(
        {int(index): freeze(value) for index, value in found.by_name.items() if value is not None},
        {int(index): control for index, control in found.controls.items()},
    )


def socket_of(item: Item, inside: Sheet, index: int) -> Slot | None:
    """The socket of a subgraph's node that stands for an input of the subgraph."""
    named = [slot for slot in item.inputs if slot.name == inside.inputs[index].name]
    if named:
        return named[0]
    return item.inputs[index] if len(item.inputs) == len(inside.inputs) else None


def _feed_widgets(inside: Sheet) -> set[int]:
    """The inputs of a subgraph that lead to a widget in it, by index."""
    sockets = [slot for item in inside.items.values() for slot in item.inputs if slot.widget is not None]
    wires = [
        inside.wires[slot.link] for slot in sockets if slot.link is not None and slot.link in inside.wires
    ]
    return {wire.slot for wire in wires if wire.source == ENTRY}
