"""What the editor alone keeps, read from a workflow file into the meta of a graph and its nodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.formats.comfy_links import NOTES
from engine.formats.comfy_scopes import Scope
from engine.formats.comfy_sheet import Item, Raw, listed, pair
from engine.formats.comfy_widgets import Values
from engine.graph.literals import freeze
from engine.graph.spec import Literal_

WORKFLOW = "workflow"  # the key of a graph's meta under which the file that it was read from is kept


def node_meta(item: Item, values: Values) -> dict[str, Literal_]:
    """A node's place, size, colours, its pack, and what is to happen to its seeds after a run."""
    raw = item.raw
    properties, flags = raw.get("properties"), raw.get("flags")
    pack = _text(properties, "cnr_id") or _text(properties, "aux_id")
    found: dict[str, Literal_] = {
        "position": pair(raw.get("pos")),
        "size": pair(raw.get("size")),
        "color": _text(raw, "color"),
        "background": _text(raw, "bgcolor"),
        "collapsed": bool(flags.get("collapsed")) if isinstance(flags, Mapping) else False,
        "pack": "" if pack == "comfy-core" else pack,
        "controls": dict(values.controls),
    }
    return {key: value for key, value in found.items() if value}


def graph_meta(document: Raw, root: Scope) -> dict[str, Literal_]:
    """The groups and notes of the workflow, and the workflow itself."""
    groups, notes = tuple(_groups(document)), tuple(_notes(root))
    found: dict[str, Literal_] = {"groups": groups, "notes": notes, WORKFLOW: freeze(document)}
    return {key: value for key, value in found.items() if value}


def _groups(document: Raw) -> Iterator[Literal_]:
    for group in listed(document.get("groups")):
        if isinstance(group, Mapping):
            place = pair(group.get("bounding"))
            size = pair(listed(group.get("bounding"))[2:])
            kept = {"title": str(group.get("title", "")), "position": place, "size": size}
            yield freeze({**kept, **({"color": _text(group, "color")} if _text(group, "color") else {})})


def _notes(root: Scope) -> Iterator[Literal_]:
    for item in root.sheet.items.values():
        if item.kind in NOTES:
            text = str(next(iter(listed(item.values)), ""))
            place, size = pair(item.raw.get("pos")), pair(item.raw.get("size"))
            yield {"text": text, "markdown": item.kind == "MarkdownNote", "position": place, "size": size}


def _text(raw: object, key: str) -> str:
    value = raw.get(key) if isinstance(raw, Mapping) else None
    return value if isinstance(value, str) else ""
