"""ComfyUI's old group nodes (`workflow>Name`, defined in `extra.groupNodes`), turned into subgraphs.

A group names its inner nodes by their index. What of them is not connected inside is a socket or a widget of the group,
and the group's own values stand for those of the inner widgets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeGuard

from engine.formats.comfy_sheet import (
    ENTRY,
    EXIT,
    Item,
    Raw,
    Sheet,
    Wire,
    listed,
    number,
    read_sheet,
)
from engine.formats.comfy_widgets import Entry, layout_of, named_values
from engine.graph.problems import Problem
from engine.graph.registry import Registry

PREFIXES = ("workflow>", "workflow/")


@dataclass(frozen=True, slots=True)
class _Inside:
    """A group's definition: its nodes, and its links between node indexes and slots."""

    items: Mapping[str, Item]
    links: tuple[tuple[int, int, int, int], ...]
    external: frozenset[tuple[int, int]]
    hidden: frozenset[tuple[str, str, str]]
    connected: frozenset[tuple[int, int]]


def group_name(kind: str) -> str:
    """The name of the group that a kind of node stands for; "" if it is none."""
    return next((kind.removeprefix(prefix) for prefix in PREFIXES if kind.startswith(prefix)), "")


def group_definitions(document: Raw) -> Mapping[str, Raw]:
    """The groups that a workflow defines, by name."""
    extra = document.get("extra")
    groups = extra.get("groupNodes") if isinstance(extra, Mapping) else None
    return {
        str(name): group
        for name, group in (groups.items() if isinstance(groups, Mapping) else ())
        if isinstance(group, Mapping)
    }


def group_sheet(name: str, raw: Raw, node: Item, registry: Registry) -> tuple[Sheet, list[Problem]]:
    """The inside of one group node as a subgraph whose inputs are the node's own sockets."""
    inside, problems = _inside(name, raw)
    valued = _with_values(inside, node, registry)
    entering = _entering(inside, node)
    wires = {
        f"in{index}": Wire(ENTRY, index, str(target), slot) for index, (target, slot) in entering.items()
    }
    wires |= {
        f"{index}": Wire(str(source), slot, str(target), target_slot)
        for index, (source, slot, target, target_slot) in enumerate(inside.links)
    }
    leaving = {
        index: Wire(str(source), slot, EXIT, index) for index, (source, slot) in enumerate(_leaving(inside))
    }
    # What the node itself calls its outputs; some files do not say it.
    inner = [inside.items[wire.source].outputs[wire.slot] for wire in leaving.values()]
    outputs = (*node.outputs, *inner[len(node.outputs) :])
    ends = {(wire.target, wire.target_slot): id for id, wire in wires.items()}
    items = {
        item.id: replace(
            item,
            inputs=tuple(
                replace(slot, link=ends.get((item.id, place))) for place, slot in enumerate(item.inputs)
            ),
        )
        for item in valued
    }
    raw = {"name": group_name(name)}
    return Sheet(items, wires, node.inputs, leaving, outputs=outputs, raw=raw), problems


def _inside(name: str, raw: Raw) -> tuple[_Inside, list[Problem]]:
    # Inner nodes are named by their place, so each gets it as its id.
    numbered = [
        {**entry, "id": index, "order": index} if isinstance(entry, Mapping) else entry
        for index, entry in enumerate(listed(raw.get("nodes")))
    ]
    sheet, problems = read_sheet({"nodes": numbered}, f"group '{name}', ")
    links: list[tuple[int, int, int, int]] = []
    for link in listed(raw.get("links")):
        match [number(part) for part in listed(link)[:4]]:
            # A link that has no source inside is left over from when the group was made.
            case [float(source), float(slot), float(target), float(target_slot)]:
                links.append((int(source), int(slot), int(target), int(target_slot)))
    ports = [[number(part) for part in listed(entry)[:2]] for entry in listed(raw.get("external"))]
    external = frozenset((int(port[0]), int(port[1])) for port in ports if _both(port))
    config = raw.get("config")
    hidden = frozenset(_hidden(config)) if isinstance(config, Mapping) else frozenset()
    connected = frozenset((target, slot) for _, _, target, slot in links)
    return _Inside(sheet.items, tuple(links), external, hidden, connected), problems


def _both(port: list[float | None]) -> TypeGuard[list[float]]:
    return len(port) == 2 and None not in port


def _hidden(config: Raw) -> Iterator[tuple[str, str, str]]:
    """What the group's author has taken off it: inner node, "input" or "output", and its name or index."""
    for node, sides in config.items():
        for side in ("input", "output"):
            ports = sides.get(side) if isinstance(sides, Mapping) else None
            for port, shown in ports.items() if isinstance(ports, Mapping) else ():
                if isinstance(shown, Mapping) and shown.get("visible") is False:
                    yield str(node), side, str(port)


def _entering(inside: _Inside, node: Item) -> dict[int, tuple[int, int]]:
    """For each socket of the group node, by its index, the inner node and the place of its input."""
    open_inputs = [
        (int(item.id), place, slot)
        for item in inside.items.values()
        for place, slot in enumerate(item.inputs)
        if (int(item.id), place) not in inside.connected
        and (item.id, "input", slot.name) not in inside.hidden
    ]
    found: dict[int, tuple[int, int]] = {}
    left = list(open_inputs)
    # By name first, each name once: a second input of the same name is called after its node.
    for index, socket in enumerate(node.inputs):
        for candidate in left:
            item, place, slot = candidate
            titled = f"{_title(inside.items[str(item)])} {slot.name}"
            if socket.name in (slot.name, titled):
                found[index] = (item, place)
                left.remove(candidate)
                break
    rest = [(item, place) for item, place, slot in left if slot.widget is None]
    unnamed = [
        index for index, socket in enumerate(node.inputs) if index not in found and socket.widget is None
    ]
    return {**found, **dict(zip(unnamed, rest, strict=False))}


def _leaving(inside: _Inside) -> list[tuple[int, int]]:
    """The inner outputs that are outputs of the group, in its order."""
    used = {(source, slot) for source, slot, _, _ in inside.links}
    return [
        (int(item.id), place)
        for item in inside.items.values()
        for place in range(len(item.outputs))
        if ((int(item.id), place) not in used or (int(item.id), place) in inside.external)
        and (item.id, "output", str(place)) not in inside.hidden
    ]


def _with_values(inside: _Inside, node: Item, registry: Registry) -> list[Item]:
    """The inner nodes with the group node's values in place of their own."""
    if not isinstance(node.values, list | tuple):
        return list(inside.items.values())
    all_widgets = {item.id: _widgets(item, registry) for item in inside.items.values()}
    for keeps in (_keep_unconverted, _keep_unconnected):
        layouts = {
            id: tuple(entry for entry in entries if keeps(inside, id, entry))
            for id, entries in all_widgets.items()
        }
        if sum(map(len, layouts.values())) == len(node.values):
            break
    else:
        layouts = {
            id: tuple(entry for entry in entries if _keep_unconverted(inside, id, entry))
            for id, entries in all_widgets.items()
        }
    return list(_dealt(inside, layouts, node.values, registry))


def _dealt(
    inside: _Inside, layouts: Mapping[str, Sequence[Entry]], values: Sequence[object], registry: Registry
) -> Iterator[Item]:
    start = 0
    for item in inside.items.values():
        layout = tuple(layouts[item.id])
        mine = values[start : start + len(layout)]
        start += len(layout)
        spec = registry.specs.get(item.kind)
        if spec is None:
            yield replace(item, values=list(mine) or item.values)
        else:
            own = named_values(item.values, layout_of(spec)).by_name
            yield replace(item, values={**own, **named_values(mine, layout).by_name})


def _widgets(item: Item, registry: Registry) -> tuple[Entry, ...]:
    spec = registry.specs.get(item.kind)
    if spec is not None:
        return tuple(entry for entry in layout_of(spec) if not entry.forced)
    return tuple(Entry(f"{index}") for index, _ in enumerate(listed(item.values)))


def _keep_unconverted(inside: _Inside, id: str, entry: Entry) -> bool:
    """Whether a widget of an inner node is one of the group, in files whose sockets of widgets replace them."""
    return not any(slot.name == entry.name for slot in inside.items[id].inputs) and _shown(inside, id, entry)


def _keep_unconnected(inside: _Inside, id: str, entry: Entry) -> bool:
    """The same in files from 1.16 on, where every widget has a socket beside it."""
    slots = inside.items[id].inputs
    taken = any(
        slot.name == entry.name and (int(id), at) in inside.connected for at, slot in enumerate(slots)
    )
    return not taken and _shown(inside, id, entry)


def _shown(inside: _Inside, id: str, entry: Entry) -> bool:
    return (id, "input", entry.name) not in inside.hidden


def _title(item: Item) -> str:
    return str(item.raw.get("title") or item.kind)
