"""Calling one node: mapping it over lists, leaving out what is blocked, and reading what it returns.

Where an input that takes a single value gets a list, the node is called for each item; shorter lists repeat their
last. An input that takes a list gets the whole list. A blocked value blocks the calls that it is part of.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from engine.graph.spec import Literal_
from engine.graph.values import Blocked, Expand, Lazy, Published
from engine.run.context import Cancelled, Context
from engine.run.kinds import Kind
from engine.run.result import Many, Result

T = TypeVar("T")

ASK_EVERY = 0.05  # seconds after which a waiting async node is asked whether it is cancelled


@dataclass(frozen=True, slots=True)
class Growth:
    """One call turned into a graph.

    `inputs` are what it was given. Where the node is mapped, `index` says which call it is, and `sliced` names the
    inputs of which it got an item.
    """

    expand: Expand
    inputs: Mapping[str, object]
    index: int | None = None
    sliced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grown:
    """Some calls of the node turned into graphs; `parts` has an entry for each call."""

    parts: tuple[Result | Growth, ...]
    mapped: bool


def blocked_by(kind: Kind, inputs: Mapping[str, object]) -> Blocked | None:
    """What keeps a node from being called at all, if anything does."""
    for name, value in inputs.items():
        if isinstance(value, Blocked):
            return value
        if isinstance(value, Many) and kind.takes_list(name):
            for item in value.items:
                if isinstance(item, Blocked):
                    return item
    return None


def blocked(kind: Kind, by: Blocked) -> Result:
    """The result of a node that was not called: it blocks what reads it, and the person knows already."""
    passed_on = Blocked(by.reason, passed_on=True)
    return Result({output.name: passed_on for output in kind.spec.outputs})


def partly_blocked(kind: Kind, inputs: Mapping[str, object]) -> Blocked | None:
    """What keeps some calls of a mapped node from being made, if nobody was told of it yet."""
    for name, value in inputs.items():
        if isinstance(value, Many) and not kind.takes_list(name):
            for item in value.items:
                if isinstance(item, Blocked) and not item.passed_on:
                    return item
    return None


def call(
    kind: Kind, inputs: Mapping[str, object], context: Context, unasked: Collection[str] = ()
) -> Result | Grown:
    """Call a node with these inputs.

    Args:
        kind: What to call.
        inputs: Values by name, each a value or a `Many`.
        context: For the nodes that want one.
        unasked: The lazy inputs that are not there yet. The node raises `Needed` when it asks for one.
    """
    sliced = frozenset(
        [name for name, value in inputs.items() if value.__class__ is Many and not kind.takes_list(name)]
    )
    if not sliced:
        arguments = dict(inputs) if kind.plain else _arguments(kind, inputs, unasked)
        returned = _call_once(kind, arguments, context)
        return returned if isinstance(returned, Result) else Grown((Growth(returned, inputs),), False)
    parts: list[Result | Growth] = []
    for index in range(_calls({name: cast("Many", inputs[name]) for name in sliced})):
        given = {name: _item(value, index) if name in sliced else value for name, value in inputs.items()}
        by = blocked_by(kind, given)
        if by is not None:
            parts.append(blocked(kind, by))
            continue
        returned = _call_once(kind, _arguments(kind, given, unasked), context)
        parts.append(returned if isinstance(returned, Result) else Growth(returned, given, index, sliced))
    finished = [part for part in parts if isinstance(part, Result)]
    return joined(kind, finished) if len(finished) == len(parts) else Grown(tuple(parts), True)


def joined(kind: Kind, parts: Sequence[Result]) -> Result:
    """The results of the calls of a mapped node as one: lists of their values, and all their files."""
    outputs: dict[str, object] = {}
    for output in kind.spec.outputs:
        values = [part.outputs[output.name] for part in parts]
        if output.gives_list:
            values = [
                item for value in values for item in (value.items if isinstance(value, Many) else (value,))
            ]
        outputs[output.name] = Many(tuple(values))
    return Result(outputs, published_together([part.published for part in parts]))


def published_together(parts: Iterable[Published | None]) -> Published | None:
    """What several calls or nodes published, as one: all files, and of what they show each key's lists in a row."""
    there = [part for part in parts if part is not None]
    if not there:
        return None
    shown: dict[str, tuple[Literal_, ...]] = {}
    for part in there:
        for key, items in part.shown.items():
            shown[key] = (*shown.get(key, ()), *items)
    return Published(tuple(file for part in there for file in part.files), shown)


def _call_once(kind: Kind, arguments: dict[str, object], context: Context) -> Result | Expand:
    if kind.spec.context is not None:
        arguments[kind.spec.context] = context
    value = kind.function(**arguments)
    if kind.spec.is_async:
        value = asyncio.run(_watched(cast("Coroutine[object, object, object]", value), context))
    return kind.returns.read(value)


async def _watched(coroutine: Coroutine[object, object, T], context: Context) -> T:
    """Wait for an async node, and stop it when the run is cancelled."""
    task = asyncio.ensure_future(coroutine)
    while not task.done():
        await asyncio.wait({task}, timeout=ASK_EVERY)
        if context.watcher.cancelled and not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            raise Cancelled
    return task.result()


class EmptyList(ValueError):
    """A node was to be mapped over an empty list and a longer one side by side."""

    def __init__(self, empty: str, longer: str, length: int) -> None:
        super().__init__(f"Its input '{empty}' got an empty list, but '{longer}' one of {length}.")
        self.hint = f"Connect '{empty}' to something that gives at least one value, or make both lists empty."


def _calls(sliced: Mapping[str, Many]) -> int:
    """As many calls as the longest list has items. No calls for nothing; an empty list has no last item to repeat."""
    lengths = {name: len(many.items) for name, many in sliced.items()}
    longest, shortest = max(lengths, key=lengths.__getitem__), min(lengths, key=lengths.__getitem__)
    if lengths[shortest] == 0 < lengths[longest]:
        raise EmptyList(shortest, longest, lengths[longest])
    return lengths[longest]


def _item(value: object, index: int) -> object:
    return value.items[min(index, len(value.items) - 1)] if isinstance(value, Many) else value


def _arguments(kind: Kind, given: Mapping[str, object], unasked: Collection[str]) -> dict[str, object]:
    arguments = {
        name: _whole_list(value) if kind.takes_list(name) else value for name, value in given.items()
    }
    for name in kind.lazy:
        if name in unasked:
            arguments[name] = Lazy(name)
        elif arguments.get(name) is not None:
            arguments[name] = Lazy(name, (arguments[name],))
    return arguments


def _whole_list(value: object) -> list[object] | None:
    if isinstance(value, Many):
        return list(value.items)
    return None if value is None else [value]
