"""Wireless links of a pack (SetNode and GetNode), wired: a getter reads its setter, through subgraphs if need be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.formats.comfy_sheet import ENTRY, SETTER, Item, Sheet, Slot, Wire, set_name
from engine.formats.comfy_virtual import GETTER

Instances = Mapping[str, Mapping[str, str]]


def wired(sheets: Mapping[str, Sheet], instances: Instances) -> dict[str, Sheet]:
    """The sheets with a link for every getter whose setter is in the same sheet or in one around it.

    Args:
        sheets: By the ids of their subgraphs; the workflow itself is "".
        instances: For each sheet, the subgraphs that its nodes stand for.
    """
    needs = _needs(sheets, instances)
    return {id: _with_links(id, sheet, needs, instances[id]) for id, sheet in sheets.items()}


def _needs(sheets: Mapping[str, Sheet], instances: Instances) -> dict[str, dict[str, None]]:
    """The wireless links that each subgraph has to be given from outside."""
    needs = {id: dict.fromkeys(_wanted(sheet)) for id, sheet in sheets.items()}
    waiting = [id for id, names in needs.items() if names]
    around: dict[str, list[str]] = {}
    for id, stand_for in instances.items():
        for inner in stand_for.values():
            around.setdefault(inner, []).append(id)
    while waiting:
        inner = waiting.pop()
        for id in around.get(inner, ()):
            missing = [name for name in needs[inner] if name not in sheets[id].setters]
            if any(name not in needs[id] for name in missing):
                needs[id].update(dict.fromkeys(missing))
                waiting.append(id)
    needs[""] = {}  # there is nothing around the workflow itself
    return needs


def _wanted(sheet: Sheet) -> list[str]:
    names = [set_name(item) for item in sheet.items.values() if item.kind == GETTER]
    return [name for name in names if name not in sheet.setters]


def _with_links(
    id: str, sheet: Sheet, needs: Mapping[str, Mapping[str, None]], stand_for: Mapping[str, str]
) -> Sheet:
    inputs = (*sheet.inputs, *(Slot(_port(name)) for name in needs[id]))
    entering = {name: len(sheet.inputs) + index for index, name in enumerate(needs[id])}
    wires = dict(sheet.wires)
    items = dict(sheet.items)

    def reading(item: Item, name: str, socket: str) -> Item:
        """The node with one more socket, which reads this wireless link."""
        if name in sheet.setters:
            source, slot = sheet.setters[name], 0
        elif name in entering:
            source, slot = ENTRY, entering[name]
        else:
            return item
        link = f"{SETTER} {name} {item.id}"
        wires[link] = Wire(source, slot, item.id, len(item.inputs))
        return replace(item, inputs=(*item.inputs, Slot(socket, link=link)))

    for item in sheet.items.values():
        if item.kind == GETTER:
            items[item.id] = reading(item, set_name(item), "value")
        for name in needs.get(stand_for.get(item.id, ""), ()):
            items[item.id] = reading(items[item.id], name, _port(name))
    return replace(sheet, items=items, wires=wires, inputs=inputs)


def _port(name: str) -> str:
    return f"get {name}"
