"""The nodes that an imported module brings in ComfyUI's way: NODE_CLASS_MAPPINGS, or a `comfy_entrypoint`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, TypeAlias

from engine.packs.comfy.v1 import v1_node
from engine.packs.comfy.v3 import v3_classes, v3_id, v3_node

Found: TypeAlias = "Callable[..., object] | tuple[str, BaseException]"
"""A node's function, or the name of one that cannot be had and why."""


def comfy_nodes(module: ModuleType) -> Iterator[Found]:
    """The nodes of a pack's main module. Where there are both kinds, the old ones count, as in ComfyUI."""
    classes = getattr(module, "NODE_CLASS_MAPPINGS", None)
    if isinstance(classes, Mapping):
        titles = getattr(module, "NODE_DISPLAY_NAME_MAPPINGS", None)
        for id, cls in dict(classes).items():
            yield _tried(str(id), lambda cls=cls, id=id: _either(str(id), cls, titles))  # type: ignore[misc]
        return
    entrypoint = getattr(module, "comfy_entrypoint", None)
    if entrypoint is not None:
        for cls in v3_classes(entrypoint):
            yield _tried(getattr(cls, "__name__", str(cls)), lambda cls=cls: v3_node(cls))  # type: ignore[misc]


def _either(id: str, cls: Any, titles: object) -> Callable[..., object]:
    """A node of a mapping: nearly always of the old kind."""
    title = titles.get(id) if isinstance(titles, Mapping) else None
    if hasattr(cls, "define_schema") and not hasattr(cls, "INPUT_TYPES"):
        if v3_id(cls) != id:
            raise ValueError(f"its schema calls it '{v3_id(cls)}'.")
        return v3_node(cls)
    return v1_node(id, cls, title if isinstance(title, str) else None)


def _tried(name: str, make: Callable[[], Callable[..., object]]) -> Found:
    try:
        return make()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # one class that cannot be read does not hide the others
        return name, error
