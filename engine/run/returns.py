"""What a node returned, checked against what it declares and taken apart into its outputs."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from engine.graph.spec import NodeSpec, OutputSpec
from engine.graph.types import type_text
from engine.graph.values import Blocked, Both, Expand, Published
from engine.run.result import Many, Result
from engine.run.short import short

Check: TypeAlias = "Callable[[object], bool]"


class WrongResult(TypeError):
    """A node returned something other than it declares."""

    def __init__(self, what: str, hint: str) -> None:
        super().__init__(what)
        self.hint = hint


class Returns:
    """What a node declares to return: a value, a tuple of several, files, or nothing."""

    def __init__(self, spec: NodeSpec, function: Callable[..., object]) -> None:
        self.outputs = spec.outputs
        self.effect = spec.effect
        self.hint = _return_hint(function)
        self.several = _is_named_tuple(self.hint) or len(spec.outputs) > 1
        hints: Iterable[object] = [self.hint]
        if _is_named_tuple(self.hint):
            hints = typing.get_type_hints(self.hint).values()
        elif len(spec.outputs) != 1:
            hints = [Any] * len(spec.outputs)
        self.checks = [check_for(hint) for hint in hints]
        plain = len(self.outputs) == 1 and not self.several and not self.outputs[0].gives_list
        self.single = self.outputs[0].name if plain else None

    def read(self, value: object) -> Result | Expand:
        """The outputs of what a single call returned. Raises `WrongResult`."""
        kind = value.__class__
        if kind is Expand:
            return typing.cast("Expand", value)
        if kind is Blocked:
            return Result({output.name: value for output in self.outputs})
        if kind is Both:
            both = typing.cast("Both", value)
            return Result(self._values(both.values), both.published)
        if not self.outputs:
            return self._files(value)
        if self.single is not None and self.checks[0](value):
            return Result({self.single: value})  # most nodes by far
        return Result(self._values(self._fields(value) if self.several else (value,)))

    def _values(self, values: tuple[object, ...]) -> dict[str, object]:
        if len(values) != len(self.outputs):
            raise self._wrong_count(values)
        found: dict[str, object] = {}
        for output, check, part in zip(self.outputs, self.checks, values, strict=True):
            if part.__class__ is Blocked:
                found[output.name] = part
            elif not check(part):
                raise self._wrong(output, part)
            else:
                found[output.name] = Many(tuple(part)) if output.gives_list else part  # type: ignore[arg-type]
        return found

    def _files(self, value: object) -> Result:
        if value is None:
            return Result()
        if isinstance(value, Published):
            return Result({}, value)
        raise WrongResult(
            f"It returned {_shown(value)}, but declares that it returns nothing.",
            "Declare what it gives, e.g.  -> Image",
        )

    def _fields(self, value: object) -> tuple[object, ...]:
        fits = isinstance(value, self.hint) if _is_named_tuple(self.hint) else isinstance(value, tuple)
        if fits and isinstance(value, tuple) and len(value) == len(self.outputs):
            return value
        raise self._wrong_count(value)

    def _wrong_count(self, value: object) -> WrongResult:
        names = ", ".join(output.name for output in self.outputs)
        kind = self.hint.__name__ if _is_named_tuple(self.hint) else ""
        return WrongResult(
            f"It returned {_shown(value)}, but declares the outputs {names}.", f"Return {kind}({names})."
        )

    def _wrong(self, output: OutputSpec, value: object) -> WrongResult:
        where = f" as '{output.name}'" if self.several else ""
        advice = "Return what the hint says, or correct the hint."
        if value is None:
            advice = 'A `return` may be missing. Where there is no value, return Blocked("why").'
        what = f"It returned {_shown(value)}{where}, but declares {type_text(output.type)}."
        return WrongResult(what, advice)


def check_for(hint: object) -> Check:
    """Tells whether a value is what the hint says, as far as that can be told without looking inside of it."""
    origin = get_origin(hint)
    if origin is typing.Annotated:
        return check_for(get_args(hint)[0])
    if isinstance(hint, typing.NewType):
        return check_for(hint.__supertype__)
    if origin in (Union, types.UnionType):
        checks = [check_for(member) for member in get_args(hint)]
        return lambda value: any(check(value) for check in checks)
    if origin is Literal:
        options = get_args(hint)
        return lambda value: value in options
    if hint is list or origin is list:
        item = check_for(get_args(hint)[0]) if get_args(hint) else _anything
        return lambda value: (
            isinstance(value, list | tuple) and all(one.__class__ is Blocked or item(one) for one in value)
        )
    cls = object if hint is Any else origin or hint
    if hint is float:
        return lambda value: isinstance(value, float | int) and not isinstance(value, bool)
    if hint is int:
        return lambda value: isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(cls, type) or cls is object or getattr(cls, "_is_protocol", False):
        return _anything
    return lambda value: isinstance(value, cls)


def _anything(value: object) -> bool:
    return True


def _return_hint(function: Callable[..., object]) -> Any:
    """The hint without what any node may return; Any for functions that carry no hints (packs of other systems)."""
    try:
        hint = typing.get_type_hints(function, include_extras=True).get("return", Any)
    except Exception:  # hints may be any expression; what cannot be read is not checked
        return Any
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    members = tuple(member for member in get_args(hint) if member not in (Expand, Blocked))
    return Union[members]  # noqa: UP007  (the members are values here)


def _is_named_tuple(hint: object) -> typing.TypeGuard[type[tuple[object, ...]]]:
    return isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")


def _shown(value: object) -> str:
    return "None" if value is None else f"{short(value)} ({type(value).__name__})"
