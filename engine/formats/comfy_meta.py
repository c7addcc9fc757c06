"""What the editor alone keeps, read from a workflow file into the meta of a graph and its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.formats.bypass import PORTS
from engine.formats.comfy_sheet import BYPASSED, MUTED, Item, Raw, Sheet, id_of, listed, pair
from engine.formats.comfy_virtual import NOTES
from engine.formats.scopes import BYPASS, MUTE
from engine.graph.spec import Literal_

WORKFLOW = "workflow"  # the key of a graph's meta under which the file that it was read from is kept

MODES = {MUTED: MUTE, BYPASSED: BYPASS}

# Of a list of choices ComfyUI also tells whether to begin anew at its end.
CONTROLS = {"increment-wrap": "increment", "decrement-wrap": "decrement"}


def node_meta(item: Item, controls: Mapping[str, str]) -> dict[str, Literal_]:
    """A node's place, size, colours, mode, its pack, and what is to happen to its seeds after a run."""
    raw = item.raw
    properties, flags = raw.get("properties"), raw.get("flags")
    pack = _text(properties, "cnr_id") or _text(properties, "aux_id")
    found: dict[str, Literal_] = {
        "position": pair(raw.get("pos")),
        "size": pair(raw.get("size")),
        "color": _text(raw, "color"),
        "background": _text(raw, "bgcolor"),
        "collapsed": isinstance(flags, Mapping) and bool(flags.get("collapsed")),
        "pinned": isinstance(flags, Mapping) and bool(flags.get("pinned")),
        "mode": MODES.get(item.mode),
        "pack": "" if pack == "comfy-core" else pack,
        "control": {name: CONTROLS.get(control, control) for name, control in controls.items()},
    }
    return {key: value for key, value in found.items() if value}


def noted_ports(item: Item) -> dict[str, Literal_]:
    """The names and types of a node's sockets, for one of a kind that is not installed."""
    inputs = tuple((slot.widget or slot.name, slot.type) for slot in item.inputs)
    return {PORTS: {"inputs": inputs, "outputs": tuple((slot.name, slot.type) for slot in item.outputs)}}


def sheet_meta(sheet: Sheet) -> dict[str, Literal_]:
    """The groups and notes of a workflow or of a subgraph."""
    groups, notes = tuple(_groups(sheet.raw)), tuple(_notes(sheet))
    found: dict[str, Literal_] = {"groups": groups, "notes": notes}
    return {key: value for key, value in found.items() if value}


def _groups(raw: Raw) -> Iterator[Literal_]:
    for index, group in enumerate(listed(raw.get("groups")), 1):
        bounding = listed(group.get("bounding")) if isinstance(group, Mapping) else ()
        place, size = pair(bounding), pair(bounding[2:])
        if not (isinstance(group, Mapping) and place and size):
            continue
        color = _text(group, "color")
        yield {
            "id": id_of(group.get("id")) or str(index),
            "title": str(group.get("title", "")),
            **({"color": color} if color else {}),
            "bounds": (*place, *size),
        }


def _notes(sheet: Sheet) -> Iterator[Literal_]:
    for item in sheet.items.values():
        if item.kind not in NOTES:
            continue
        text = (
            item.values.get("text", "")
            if isinstance(item.values, Mapping)
            else next(iter(listed(item.values)), "")
        )
        color = _text(item.raw, "bgcolor") or _text(item.raw, "color")
        place, size = pair(item.raw.get("pos")) or (0, 0), pair(item.raw.get("size")) or (210, 90)
        yield {
            "id": item.id,
            "text": str(text),
            **({"color": color} if color else {}),
            "bounds": (*place, *size),
            **({} if item.kind == "MarkdownNote" else {"plain": True}),
        }


def _text(raw: object, key: str) -> str:
    value = raw.get(key) if isinstance(raw, Mapping) else None
    return value if isinstance(value, str) else ""
