"""How a finished value looks, for whoever inspects it: each type says so itself, with `@peeker`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from engine.graph.facts import plain_fact
from engine.graph.spec import OutputSpec
from engine.graph.types import type_text
from engine.graph.values import Blocked
from engine.run import memory
from engine.run.events import Picture
from engine.run.previews import LARGEST, Drawing, encoded
from engine.run.result import Many
from engine.run.short import short

LONGEST = 20_000  # characters of a text
PLAIN = (bool, int, float, str)

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Look:
    """What is to be seen of a value.

    Args:
        numbers: A tensor: its shape, and what its values are like, are worked out of it.
        picture: A `Picture`, or one of Pillow's, which is made small.
        text: In words.
        length: How many things it holds, where it is a list of some kind.
    """

    numbers: object = None
    picture: object = None
    text: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Peek:
    """A value as it is shown; of a list, its first, and `length` says how many there are."""

    kind: str
    type: str
    bytes: int
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    histogram: tuple[int, ...] | None = None
    picture: Picture | None = None
    text: str | None = None
    length: int | None = None


_PEEKERS: dict[type, Callable[[object], Look]] = {}


def peeker(of: type[T]) -> Callable[[Callable[[T], Look]], Callable[[T], Look]]:
    """Declare a function that says what is to be seen of a finished value of a class.

    It is called on another thread, perhaps while a run goes on, so it must be quick and leave the value as it is.
    """

    def declare(function: Callable[[T], Look]) -> Callable[[T], Look]:
        _PEEKERS[of] = function  # type: ignore[assignment]  # it is only ever called with an `of`
        return function

    return declare


def peek_at(value: object, output: OutputSpec, largest: int = LARGEST) -> Peek:
    """How the value of an output looks."""
    length = None
    size = memory.byte_size(value)
    if isinstance(value, Many):
        length = len(value.items)
        value = value.items[0] if value.items else None
    look = _look(value)
    numbers = memory.figures(look.numbers) if memory.is_tensor(look.numbers) else None
    return Peek(
        plain_fact(output.type).kind,
        type_text(output.type),
        size,
        shape=numbers.shape if numbers else None,
        dtype=numbers.dtype if numbers else None,
        minimum=numbers.minimum if numbers else None,
        maximum=numbers.maximum if numbers else None,
        mean=numbers.mean if numbers else None,
        histogram=numbers.histogram or None if numbers else None,
        picture=_picture(look.picture, largest),
        text=None if look.text is None else _cut(look.text),
        length=look.length if length is None else length,
    )


def _look(value: object) -> Look:
    if isinstance(value, Blocked):
        return Look(text=f"Blocked: {value.reason}")
    for base in type(value).__mro__:
        if base in _PEEKERS:
            try:
                return _PEEKERS[base](value)
            except Exception as error:  # whoever shows may do anything
                log.warning("A %s cannot be shown: %r", type(value).__name__, error)
                break
    if memory.is_tensor(value):
        return Look(numbers=value)
    return Look(text=str(value) if isinstance(value, PLAIN) else short(value))


def _picture(drawn: object, largest: int) -> Picture | None:
    if isinstance(drawn, Picture):
        return drawn
    return encoded(drawn, largest, "PNG") if isinstance(drawn, Drawing) else None


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
