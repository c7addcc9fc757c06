"""`nodes`: Weft's own nodes as V1 classes, which packs look up, extend and call, and a few functions beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from engine.packs.comfy.core_classes import class_of
from engine.packs.comfy.known import all_specs, known_spec
from engine.packs.comfy.surface.model_management import (
    interrupt_current_processing,
    throw_exception_if_processing_interrupted,
)

MAX_RESOLUTION = 16384
EXTENSION_WEB_DIRS: dict[str, str] = {}
LOADED_MODULE_DIRS: dict[str, str] = {}


class Classes(MutableMapping[str, Any]):
    """Classes by the names of nodes. A class is made when it is asked for; what a pack puts in is there for packs."""

    def __init__(self) -> None:
        self._put: dict[str, Any] = {}

    def __getitem__(self, id: str) -> Any:
        if id in self._put:
            return self._put[id]
        return class_of(id)

    def __setitem__(self, id: str, cls: Any) -> None:
        self._put[id] = cls

    def __delitem__(self, id: str) -> None:
        del self._put[id]

    def __contains__(self, id: object) -> bool:
        return id in self._put or (isinstance(id, str) and known_spec(id) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter({**all_specs(), **self._put})

    def __len__(self) -> int:
        return len({**all_specs(), **self._put})


class Titles(Mapping[str, str]):
    """What the editor calls each node."""

    def __getitem__(self, id: str) -> str:
        return all_specs()[id].title

    def __iter__(self) -> Iterator[str]:
        return iter(all_specs())

    def __len__(self) -> int:
        return len(all_specs())


NODE_CLASS_MAPPINGS = Classes()
NODE_DISPLAY_NAME_MAPPINGS = Titles()


def before_node_execution() -> None:
    """Raise if the run is to stop."""
    throw_exception_if_processing_interrupted()


def interrupt_processing(value: bool = True) -> None:
    """End the run that is going on."""
    interrupt_current_processing(value)


def __getattr__(name: str) -> Any:
    if not name.startswith("_") and known_spec(name) is not None:
        return class_of(name)
    raise AttributeError(name)
