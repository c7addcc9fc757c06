"""How unfinished values become pictures for whoever watches: each type says so itself, with `@previewer`."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar, runtime_checkable

from engine.run.events import Picture

LARGEST = 512  # pixels of the longer side
QUALITY = 90

T = TypeVar("T")


@runtime_checkable
class Drawing(Protocol):
    """A picture that is not encoded yet: one of Pillow's. The engine loads nothing for it."""

    def convert(self, mode: str) -> Drawing:
        """The same with other channels."""

    def thumbnail(self, size: tuple[int, int]) -> None:
        """Make it smaller."""

    def save(self, into: io.BytesIO, form: str, *, quality: int) -> None:
        """Encode it."""


_PREVIEWERS: dict[type, Callable[[object], object]] = {}


def previewer(of: type[T]) -> Callable[[Callable[[T], object]], Callable[[T], object]]:
    """Declare a function that shows values of a class: gives a `Picture`, one of Pillow's, or None for nothing to see.

    It is called while the node goes on, on another thread, so it must be quick and leave the value as it is.
    """

    def declare(function: Callable[[T], object]) -> Callable[[T], object]:
        _PREVIEWERS[of] = function  # type: ignore[assignment]  # it is only ever called with an `of`
        return function

    return declare


def picture_of(value: object, largest: int = LARGEST) -> Picture | None:
    """The picture of a value, no larger than so many pixels a side; None for a value that nobody can show."""
    if isinstance(value, Picture):
        return value
    for base in type(value).__mro__:
        if base in _PREVIEWERS:
            shown = _PREVIEWERS[base](value)
            return None if shown is None else picture_of(shown, largest)
    return encoded(value, largest) if isinstance(value, Drawing) else None


def encoded(drawing: Drawing, largest: int, form: Literal["JPEG", "PNG"] = "JPEG") -> Picture:
    """A drawing as a file, no larger than so many pixels a side."""
    small = drawing.convert("RGB")
    small.thumbnail((largest, largest))
    into = io.BytesIO()
    small.save(into, form, quality=QUALITY)
    return Picture(f"image/{form.lower()}", into.getvalue())
