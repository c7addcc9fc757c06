"""The objects of V1 nodes: one for each node of a graph, living as long as that, since packs keep things in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_OBJECTS: dict[tuple[str, type], object] = {}
_KINDS: dict[type, str] = {}


def instances_of(id: str, cls: Any) -> Callable[[str], object]:
    """Gives the object of the node at a path, making it at the first call."""
    _KINDS[cls] = id

    def instance(path: str) -> object:
        found = _OBJECTS.get((path, cls))
        if found is None:
            found = _OBJECTS[path, cls] = cls()
        return found

    return instance


def keep_only(prompt: Mapping[str, Any]) -> None:
    """Let go of the objects of nodes that this graph does not have, or has as nodes of another kind."""
    for path, cls in list(_OBJECTS):
        outer = prompt.get(path)
        kept = isinstance(outer, Mapping) and outer.get("class_type") == _KINDS.get(cls)
        if not kept and not ("/" in path and path.partition("/")[0] in prompt):
            del _OBJECTS[path, cls]


def forget(module: str) -> None:
    """Let go of the objects whose classes come from a module, or from one below it."""
    for path, cls in list(_OBJECTS):
        if cls.__module__ == module or cls.__module__.startswith(f"{module}."):
            del _OBJECTS[path, cls]
            _KINDS.pop(cls, None)
