"""The nodes that most tests of runs need."""

from __future__ import annotations

from typing import Annotated

from engine.api import Output, node

Value = Annotated[int, Output("value")]


@node("Number")
def number(value: int = 0) -> Value:
    """A number."""
    return value


@node("Add")
def add(a: int, b: int = 1) -> Value:
    """Two numbers added."""
    return a + b


@node("Show")
def show(a: int) -> None:
    """Shows it."""
