"""Values as bytes, for the disk: frozen dataclasses, tensors, numbers, texts, tuples, lists and mappings of them.

No pickle, and no class is made but those that declared nodes name in their hints. What cannot be written down
(a model, an open connection) stays in memory.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.graph.values import Blocked
from engine.run import memory
from engine.run.result import Many, Result

if TYPE_CHECKING:
    from torch import Tensor

PLAIN = (type(None), bool, int, float, str)


class Unkeepable(Exception):
    """A value that cannot be written down."""


class Codec:
    """Turns results into bytes and back, knowing the classes that these functions name in their hints."""

    def __init__(self, functions: Iterable[Callable[..., object]] = ()) -> None:
        self._functions = tuple(functions)

    @cached_property
    def classes(self) -> Mapping[str, type]:
        """The frozen dataclasses that may be made, by module and name."""
        found: dict[str, type] = {_name(Many): Many, _name(Blocked): Blocked}
        waiting = [hint for function in self._functions for hint in _hints(function)]
        while waiting:
            hint = waiting.pop()
            waiting += typing.get_args(hint)
            if isinstance(hint, type) and _name(hint) not in found:
                if is_dataclass(hint) and hint.__dataclass_params__.frozen:  # type: ignore[attr-defined]
                    found[_name(hint)] = hint
                    waiting += _hints(hint)
                elif issubclass(hint, tuple) and hasattr(hint, "_fields"):
                    waiting += _hints(hint)
        return found

    def encode(self, result: Result) -> bytes:
        """The result as bytes. Raises `Unkeepable` where a part of it cannot be written down."""
        if result.published is not None:
            raise Unkeepable("It stands for files, which may be gone later.")
        tensors: dict[str, Tensor] = {}
        try:
            text = json.dumps({name: self._plain(value, tensors) for name, value in result.outputs.items()})
            return memory.to_bytes(text, tensors)
        except (ValueError, RecursionError) as error:
            raise Unkeepable(str(error)) from error

    def decode(self, data: bytes) -> Result:
        """The result in these bytes. Raises whatever goes wrong with bytes that `encode` did not make."""
        text, tensors = memory.from_bytes(data)
        return Result({name: self._revived(value, tensors) for name, value in json.loads(text).items()})

    def _plain(self, value: object, tensors: dict[str, Tensor]) -> object:
        kind = value.__class__
        if kind in PLAIN:
            return value
        if kind is tuple or kind is list:
            items = [self._plain(item, tensors) for item in typing.cast("Iterable[object]", value)]
            return {kind.__name__: items}
        if kind is dict:
            pairs = typing.cast("dict[object, object]", value).items()
            return {"dict": [[self._plain(key, tensors), self._plain(item, tensors)] for key, item in pairs]}
        if memory.is_tensor(value):
            if type(value).__module__ != "torch" or type(value).__name__ != "Tensor":
                raise Unkeepable(f"A {kind.__name__} is more than its numbers.")
            name = str(len(tensors))
            tensors[name] = value
            return {"tensor": name, "device": value.device.type}
        if self.classes.get(_name(kind)) is kind and is_dataclass(value):
            inner = {field.name: self._plain(getattr(value, field.name), tensors) for field in fields(value)}
            return {"class": _name(kind), "fields": inner}
        raise Unkeepable(f"A {kind.__name__} cannot be written down.")

    def _revived(self, value: object, tensors: Mapping[str, Tensor]) -> object:
        match value:
            case {"tuple": items}:
                return tuple(self._revived(item, tensors) for item in items)
            case {"list": items}:
                return [self._revived(item, tensors) for item in items]
            case {"dict": pairs}:
                return {self._revived(key, tensors): self._revived(item, tensors) for key, item in pairs}
            case {"tensor": name, "device": device}:
                return memory.moved(tensors[name], device)
            case {"class": name, "fields": inner}:
                made = {field: self._revived(item, tensors) for field, item in inner.items()}
                return self.classes[name](**made)
        return value


def _name(cls: type) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _hints(owner: object) -> Iterator[object]:
    try:
        yield from typing.get_type_hints(owner).values()
    except Exception:  # hints may be any expression; one that cannot be read names no class
        return
