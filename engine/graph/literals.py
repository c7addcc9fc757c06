"""Values written into a graph: which Python values they may be, and whether an input takes one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeAlias

from engine.graph.problems import NotAChoice, OutOfRange, WrongType
from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    InputSpec,
    Literal_,
    NumberWidget,
    SeedWidget,
    TextWidget,
    ToggleWidget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType, type_text

LiteralProblem: TypeAlias = WrongType | OutOfRange | NotAChoice

SEED_MAXIMUM = 2**64 - 1  # as ComfyUI has it; a browser that shows more than 2**53 - 1 must keep it as a text
SEED_RANGE = NumberWidget(True, 0, SEED_MAXIMUM)


def freeze(value: object) -> Literal_:
    """The value as a literal: lists become tuples. Raises TypeError for what a graph file cannot hold."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return tuple(freeze(item) for item in value)
        case Mapping():
            return {_key(key): freeze(item) for key, item in value.items()}
    raise TypeError(f"A graph holds numbers, strings, lists and mappings of them, not {value!r}.")


def thawed(value: Literal_) -> object:
    """The value with lists for tuples, as JSON has it: what `freeze` was given."""
    match value:
        case tuple():
            return [thawed(item) for item in value]
        case Mapping():
            return {key: thawed(item) for key, item in value.items()}
    return value


def literal_problem(
    node: str, spec: InputSpec, value: Literal_
) -> WrongType | OutOfRange | NotAChoice | None:
    """What keeps the input from taking the value, or None."""
    if value is None and not spec.required:
        return None
    if spec.free and isinstance(spec.widget, ChoiceWidget | FileWidget | None):
        return None
    match spec.widget:
        case NumberWidget(whole) if spec.free:
            return _number_problem(node, spec.name, NumberWidget(whole), value)
        case NumberWidget() as widget:
            return _number_problem(node, spec.name, widget, value)
        case TextWidget() | FileWidget():
            return None if isinstance(value, str) else WrongType(node, spec.name, "a text", value)
        case SeedWidget():
            return _number_problem(node, spec.name, SEED_RANGE, value)
        case ToggleWidget():
            return None if isinstance(value, bool) else WrongType(node, spec.name, "true or false", value)
        case ChoiceWidget(options):
            if any(value == option and type(value) is type(option) for option in options):
                return None
            near = closest(value, [str(option) for option in options]) if isinstance(value, str) else ()
            return NotAChoice(node, spec.name, value, options, near)
        case None:
            return None if takes(spec.type, value) else WrongType(node, spec.name, _wish(spec.type), value)


def takes(type: PortType, value: Literal_) -> bool:
    """Whether a literal is a value of the type. A single value will do where a list is taken."""
    match type:
        case Anything():
            return True
        case OneOf(members):
            return any(takes(member, value) for member in members)
        case ListOf(item):
            if isinstance(value, tuple):
                return all(takes(item, one) for one in value)
            return takes(item, value)
        case Named("float"):
            return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        case Named("int"):
            return isinstance(value, int) and not isinstance(value, bool)
        case Named("dict" | "Mapping"):
            return isinstance(value, Mapping)
        case Named(name):
            return value.__class__.__name__ == name and value is not None


def closest(name: str, names: list[str]) -> tuple[str, ...]:
    """The names that a person may have meant, best first; case does not count."""
    by_lower = {candidate.lower(): candidate for candidate in names}
    return tuple(by_lower[match] for match in get_close_matches(name.lower(), list(by_lower), 3, 0.6))


def _number_problem(
    node: str, name: str, widget: NumberWidget, value: Literal_
) -> WrongType | OutOfRange | None:
    number = value.__class__ is int or (value.__class__ is float and not widget.whole)
    if not number or not isinstance(value, int | float) or not math.isfinite(value):
        return WrongType(node, name, "a whole number" if widget.whole else "a number", value)
    low, high = widget.minimum, widget.maximum
    if (low is not None and value < low) or (high is not None and value > high):
        return OutOfRange(node, name, value, low, high)
    return None


def _wish(type: PortType) -> str:
    text = type_text(type)
    return (
        f"connected to an output that gives {text}" if not _writable(type) else f"a value of the type {text}"
    )


def _writable(type: PortType) -> bool:
    match type:
        case OneOf(members):
            return any(_writable(member) for member in members)
        case ListOf(item):
            return _writable(item)
        case Named(name):
            return name in {"int", "float", "str", "bool", "dict", "Mapping", "tuple"}
        case Anything():
            return True


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"The keys of a mapping in a graph are strings, not {key!r}.")
    return key
