"""Any value as a short text for people: what it is, not everything that is in it."""

from __future__ import annotations

import reprlib
from dataclasses import fields, is_dataclass

from engine.run import memory
from engine.run.result import Many

MOST = 50
FIELDS = 4


def short(value: object, most: int = MOST) -> str:
    """The value in at most so many characters, on one line. Never raises, whatever its `repr` does."""
    text = " ".join(_Short().repr(value).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


class _Short(reprlib.Repr):
    """Python's own short `repr`, which here never prints the numbers of an array."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxstring = self.maxother = MOST

    def repr1(self, x: object, level: int) -> str:
        if memory.is_tensor(x):
            return f"Tensor{tuple(x.shape)} {str(x.dtype).removeprefix('torch.')}"
        shape = getattr(x, "shape", None)
        if isinstance(shape, tuple):
            return f"{type(x).__name__}{shape}"
        if isinstance(x, Many):
            return f"{len(x.items)} x {self.repr1(x.items[0], level - 1)}" if x.items else "nothing"
        if is_dataclass(x) and not isinstance(x, type):
            return f"{type(x).__name__}({self._fields(x, level - 1) if level > 0 else '...'})"
        return super().repr1(x, level)

    def _fields(self, x: object, level: int) -> str:
        names = [field.name for field in fields(x)] if is_dataclass(x) else []
        return ", ".join(f"{name}={self.repr1(getattr(x, name, None), level)}" for name in names[:FIELDS])
