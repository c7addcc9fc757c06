"""From Python's type hints to port types and widgets, and the words that authors write into hints."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

from engine.graph.spec import (
    ChoiceWidget,
    FileWidget,
    NumberWidget,
    SeedWidget,
    TextWidget,
    ToggleWidget,
    Widget,
)
from engine.graph.types import Anything, ListOf, Named, OneOf, PortType
from engine.graph.values import Lazy


@dataclass(frozen=True, slots=True)
class Range:
    """`Annotated[float, Range(0, 30, step=0.5)]`: the bounds of a number (both included) and its step."""

    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """`-> Annotated[Latent, Output("noisy")]`: names a single output otherwise than its class."""

    name: str


Multiline: TypeAlias = Annotated[str, TextWidget(multiline=True)]
Seed: TypeAlias = Annotated[int, SeedWidget()]
ModelFile = FileWidget  # Annotated[str, ModelFile("checkpoints")]
TextField = TextWidget  # Annotated[str, TextField(multiline=True, mark="embedding:", folder="embeddings")]

MARKS = {Range: ("int", "float"), SeedWidget: ("int",), TextWidget: ("str",), FileWidget: ("str",)}
NOT_BASES = {object, typing.Generic, typing.Protocol}


class SignatureError(Exception):
    """A signature that cannot be read as a node's: what is wrong, and what to write instead."""

    def __init__(self, what: str, write: str) -> None:
        super().__init__(what, write)
        self.what = what
        self.write = write


@dataclass(frozen=True, slots=True)
class Hint:
    """What a hint says of a port."""

    type: PortType
    widget: Widget | None
    optional: bool
    lazy: bool
    output: str


def read_hint(hint: object) -> Hint:
    """Read one parameter's or output's hint, unwrapping `Annotated`, `Lazy` and `| None` in any order."""
    marks: tuple[object, ...] = ()
    optional = lazy = False
    while True:
        if get_origin(hint) is Annotated:
            marks += tuple(_flat(typing.cast("Any", hint).__metadata__))
            hint = get_args(hint)[0]
        elif get_origin(hint) is Lazy:
            lazy = True
            (hint,) = get_args(hint)
        elif types.NoneType in (members := union_members(hint)) and len(members) > 1:
            optional = True
            hint = Union[tuple(member for member in members if member is not types.NoneType)]  # noqa: UP007
        else:
            break
    type = port_type(hint)
    names = [mark.name for mark in marks if isinstance(mark, Output)]
    return Hint(type, _widget(hint, type, marks), optional, lazy, names[0] if names else output_name(hint))


def union_members(hint: object) -> tuple[object, ...]:
    """The members of a union; the hint itself where it is none."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def port_type(hint: object) -> PortType:
    """The port type that a bare hint (no `Annotated`, no `None`) stands for."""
    origin = get_origin(hint)
    if hint is Any or hint is object:
        return Anything()
    if origin is Annotated:
        return port_type(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return OneOf(tuple(dict.fromkeys(port_type(member) for member in get_args(hint))))
    if origin is Literal:
        return _literal_type(get_args(hint))
    if hint is list or origin is list:
        return ListOf(port_type(get_args(hint)[0]) if get_args(hint) else Anything())
    if isinstance(hint, typing.NewType):
        base = port_type(hint.__supertype__)
        return Named(hint.__name__, (base.name, *base.bases) if isinstance(base, Named) else ())
    if isinstance(origin or hint, type):
        return class_type(typing.cast("type[object]", origin or hint))
    if isinstance(hint, TypeVar):
        raise SignatureError(f"is of the open type {hint}", "Any")
    raise SignatureError(f"has the hint {hint!r}, which is no class", "a class, int, float, str, bool or Any")


def class_type(cls: type[object]) -> Named:
    """A class as a port type. `__port_name__ = "VAE"` in its body gives it another name than its own."""
    return Named(
        _port_name(cls), tuple(_port_name(base) for base in cls.__mro__[1:] if base not in NOT_BASES)
    )


def output_name(hint: object) -> str:
    """What a single output is called: its class in snake_case (`FirstStage` -> `first_stage`)."""
    origin = get_origin(hint)
    if origin is Annotated or (origin is list and get_args(hint)):
        return output_name(get_args(hint)[0])
    if origin is Literal:
        return output_name(type(get_args(hint)[0]))
    if hint is Any or hint is object or hint is list:
        return "value"
    name = getattr(origin or hint, "__name__", "value") if origin not in (Union, types.UnionType) else "value"
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _port_name(cls: type[object]) -> str:
    return str(vars(cls).get("__port_name__", cls.__name__))


def _flat(marks: tuple[object, ...]) -> Iterator[object]:
    # `Annotated[str, Multiline]` carries an alias that is itself Annotated[str, <widget>].
    for mark in marks:
        if get_origin(mark) is Annotated:
            yield from typing.cast("Any", mark).__metadata__
        else:
            yield mark


def _literal_type(options: tuple[object, ...]) -> PortType:
    wrong = [option for option in options if not isinstance(option, str | int)]
    if wrong:
        raise SignatureError(f"offers the choice {wrong[0]!r}", "Literal of strings or whole numbers")
    kinds = tuple(dict.fromkeys(class_type(type(option)) for option in options))
    return kinds[0] if len(kinds) == 1 else OneOf(kinds)


def _widget(hint: object, type: PortType, marks: tuple[object, ...]) -> Widget | None:
    name = type.name if isinstance(type, Named) else ""
    if get_origin(hint) is Literal:
        return ChoiceWidget(get_args(hint))
    for mark in marks:
        homes = MARKS.get(mark.__class__)
        if homes is None:
            continue
        if name not in homes:
            raise SignatureError(f"combines {mark} with {hint!r}", f"Annotated[{homes[0]}, {mark}]")
        if isinstance(mark, Range):
            return NumberWidget(name == "int", mark.minimum, mark.maximum, mark.step)
        return typing.cast("Widget", mark)
    match name:
        case "int" | "float":
            return NumberWidget(whole=name == "int")
        case "str":
            return TextWidget()
        case "bool":
            return ToggleWidget()
    return None
