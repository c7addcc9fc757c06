"""Graph files of earlier versions, brought up to date one version at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from engine.formats.json_text import kind_of
from engine.graph.problems import Unreadable

Document: TypeAlias = Mapping[str, Any]
Step: TypeAlias = Callable[[Document], Document]


def with_bounds(document: Document) -> Document:
    """Version 2: groups and notes have an id and `bounds`, and what is to happen to a node's seeds is its `control`."""
    changed: dict[str, Any] = {}
    nodes = document.get("nodes")
    if isinstance(nodes, dict) and any(map(_has_controls, nodes.values())):
        changed["nodes"] = {
            id: {**node, "_meta": _renamed(node["_meta"])} if _has_controls(node) else node
            for id, node in nodes.items()
        }
    for key in ("groups", "notes"):
        if isinstance(document.get(key), list):
            changed[key] = [_bounded(item, str(number)) for number, item in enumerate(document[key], 1)]
    return {**document, **changed}


def _has_controls(node: Any) -> bool:
    meta = node.get("_meta") if node.__class__ is dict else None
    return meta.__class__ is dict and "controls" in meta


def _renamed(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {"control" if key == "controls" else key: value for key, value in meta.items()}


def _bounded(item: Any, id: str) -> Any:
    if not isinstance(item, dict):
        return item
    place, size = item.get("position"), item.get("size")
    rest = {key: value for key, value in item.items() if key not in ("position", "size")}
    if not (isinstance(place, list) and isinstance(size, list)):
        return {"id": id, **item}
    return {"id": id, **rest, "bounds": [*place, *size]}


# The step at index 0 turns version 1 into version 2, and so on. A step never changes once it is released.
STEPS: tuple[Step, ...] = (with_bounds,)

VERSION = len(STEPS) + 1


def migrate(document: Document, steps: Sequence[Step] = STEPS) -> Document | Unreadable:
    """The document as the newest version has it."""
    version, newest = document.get("weft"), len(steps) + 1
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        return Unreadable("weft", f"the version of the file, 1 to {newest}", kind_of(version))
    if version > newest:
        return Unreadable("weft", f"version {newest} or older", f"version {version}; a newer Weft wrote it")
    for step in steps[version - 1 :]:
        document = step(document)
    return {**document, "weft": newest}
