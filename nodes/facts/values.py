"""Numbers, texts and switches that are known before anything runs."""

from __future__ import annotations

from engine.api import Fact


def number(value: float | None) -> Fact:
    """A number."""
    return Fact("number", value=value)


def text(value: str | None) -> Fact:
    """A text."""
    return Fact("text", value=value)


def switch(value: bool | None) -> Fact:
    """Yes or no."""
    return Fact("switch", value=value)
