"""The parts of a ComfyUI editor workflow (0.4 and 1.0), typed: its nodes, links and subgraphs.

Old files have slots as texts, and positions as objects; links are arrays in one version and objects in the other.
What a workflow means is in `comfy_links` and `comfy_workflow`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.formats.json_text import kind_of
from engine.graph.problems import Problem, Unreadable

Raw: TypeAlias = Mapping[str, object]

ENTRY, EXIT = "-10", "-20"  # the nodes in a subgraph that stand for its inputs and its outputs
ALWAYS, MUTED, BYPASSED = 0, 2, 4

SETTER = "SetNode"  # with GetNode a pack's wireless links, which exist in the browser only

# Kinds that ComfyUI has renamed.
RENAMED: Mapping[str, str] = {
    "ConditioningAverage ": "ConditioningAverage",
    "SDV_img2vid_Conditioning": "SVD_img2vid_Conditioning",
    "T2IAdapterLoader": "ControlNetLoader",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """An input or an output of a node in a file. `widget`: it is the socket of a widget, of this name."""

    name: str
    type: str = "*"
    link: str | None = None
    widget: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A node of a file: what is known of it without knowing its kind. `values` is its widgets_values."""

    id: str
    kind: str
    mode: int
    inputs: tuple[Slot, ...]
    outputs: tuple[Slot, ...]
    values: object
    raw: Raw


@dataclass(frozen=True, slots=True)
class Wire:
    """A link of a file: from which output of which node, to which input of which."""

    source: str
    slot: int
    target: str
    target_slot: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole workflow, or one subgraph: its nodes in the order ComfyUI would run them, and its links by id.

    `inputs` and `outputs` are those of a subgraph; `leaving` are the links that lead to its outputs, by the output's
    index. `setters` are the nodes that give to wireless links, by the links' names.
    """

    items: Mapping[str, Item]
    wires: Mapping[str, Wire]
    inputs: tuple[Slot, ...] = ()
    leaving: Mapping[int, Wire] = field(default_factory=dict)
    setters: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[Slot, ...] = ()
    raw: Raw = field(default_factory=dict)


def is_workflow(document: object) -> bool:
    """Whether the values are those of an editor workflow: a list of nodes, and links."""
    return (
        isinstance(document, Mapping)
        and isinstance(document.get("nodes"), list | tuple)
        and "links" in document
    )


def read_sheet(raw: Raw, where: str) -> tuple[Sheet, list[Problem]]:
    """A workflow's or a subgraph's own nodes and links; what stands in subgraphs is not looked at."""
    problems: list[Problem] = []
    items: list[tuple[float, Item]] = []
    for index, entry in enumerate(listed(raw.get("nodes"))):
        item = _item(entry, f"{where}nodes[{index}]")
        if isinstance(item, Unreadable):
            problems.append(item)
        else:
            items.append((number(item.raw.get("order")) or 0.0, item))
    items.sort(key=lambda entry: entry[0])
    wires = dict(_wires(raw.get("links")))
    leaving = {wire.target_slot: wire for wire in wires.values() if wire.target == EXIT}
    inputs, outputs = tuple(_slots(raw.get("inputs"))), tuple(_slots(raw.get("outputs")))
    found = {item.id: item for _, item in items}
    setters = {set_name(item): item.id for item in found.values() if item.kind == SETTER}
    return Sheet(found, wires, inputs, leaving, setters, outputs, raw), problems


def subgraphs(document: Raw) -> tuple[dict[str, Sheet], list[Problem]]:
    """The subgraphs that a workflow defines, by their ids, wherever they are nested."""
    found: dict[str, Sheet] = {}
    problems: list[Problem] = []
    waiting = [document]
    while waiting:
        definitions = waiting.pop().get("definitions")
        for entry in listed(definitions.get("subgraphs")) if isinstance(definitions, Mapping) else ():
            if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
                wrong = Unreadable("definitions.subgraphs", "subgraphs (objects with an id)", kind_of(entry))
                problems.append(wrong)
                continue
            id = str(entry["id"])
            if id not in found:
                found[id], wrong_there = read_sheet(entry, f"subgraph '{entry.get('name', id)}', ")
                problems += wrong_there
                waiting.append(entry)
    return found, problems


def set_name(item: Item) -> str:
    """The name of a wireless link, which is the first value of its setter and of its getters."""
    return str(next(iter(listed(item.values)), ""))


def listed(value: object) -> Sequence[object]:
    """The value if it is a list, else nothing."""
    return value if isinstance(value, list | tuple) else ()


def number(value: object) -> float | None:
    """The value if it is a number, or a text that reads as one."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def id_of(value: object) -> str | None:
    """The id of a node or a link, which may be a number or a text."""
    match value:
        case bool():
            return None
        case int() | str():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
    return None


def pair(value: object) -> tuple[float, float] | None:
    """A place or a size: two numbers, as a list or as an object with the keys 0 and 1."""
    first_two = [value.get("0"), value.get("1")] if isinstance(value, Mapping) else listed(value)[:2]
    match [number(item) for item in first_two]:
        case [float(x), float(y)]:
            return _short(x), _short(y)
    return None


def _item(raw: object, where: str) -> Item | Unreadable:
    if not isinstance(raw, Mapping):
        return Unreadable(where, "a node (an object)", kind_of(raw))
    id, kind = id_of(raw.get("id")), raw.get("type")
    if id is None:
        return Unreadable(f"{where}.id", "the node's id (a number or a text)", kind_of(raw.get("id")))
    if not isinstance(kind, str):
        return Unreadable(f"{where}.type", "the kind of the node (a text)", kind_of(kind), id)
    return Item(
        id=id,
        kind=RENAMED.get(kind, kind),
        mode=int(number(raw.get("mode")) or ALWAYS),
        inputs=tuple(_slots(raw.get("inputs"))),
        outputs=tuple(_slots(raw.get("outputs"))),
        values=raw.get("widgets_values"),
        raw=raw,
    )


def _slots(raw: object) -> Iterator[Slot]:
    for entry in listed(raw):
        # A slot that is no object still takes its place: links count them.
        slot: Raw = entry if isinstance(entry, Mapping) else {}
        widget, name = slot.get("widget"), str(slot.get("name", ""))
        named = widget.get("name", name) if isinstance(widget, Mapping) else None
        yield Slot(
            name, _type(slot.get("type")), id_of(slot.get("link")), None if named is None else str(named)
        )


def _type(raw: object) -> str:
    # 0 is what old files have for anything; a list is a choice that gives its own options as its type.
    if isinstance(raw, list | tuple):
        return "COMBO"
    return str(raw) if raw not in (None, 0, "") else "*"


def _wires(raw: object) -> Iterator[tuple[str, Wire]]:
    for entry in listed(raw):
        match entry:
            case [id, source, slot, target, target_slot, *_]:
                found = _wire(id, source, slot, target, target_slot)
            case {
                "id": id,
                "origin_id": source,
                "origin_slot": slot,
                "target_id": target,
                "target_slot": target_slot,
            }:
                found = _wire(id, source, slot, target, target_slot)
            case _:  # old files have holes where links were
                continue
        if found is not None:
            yield found


def _wire(*parts: object) -> tuple[str, Wire] | None:
    id, source, target = (id_of(parts[index]) for index in (0, 1, 3))
    slot, target_slot = number(parts[2]), number(parts[4])
    if id is None or source is None or target is None or slot is None or target_slot is None:
        return None
    return id, Wire(source, int(slot), target, int(target_slot))


def _short(value: float) -> float:
    return int(value) if value.is_integer() else value
