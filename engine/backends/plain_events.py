"""Events and problems as plain data and back, for the way between two processes.

Events are arrays that begin with the number of their class, since there are thousands of them; problems are rare, and
name their classes as `engine.packs.plain` has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, cast, get_args

import msgspec

from engine.graph.literals import freeze
from engine.graph.problems import Problem
from engine.graph.values import Published, PublishedFile
from engine.packs.plain import plain, revived
from engine.run import events
from engine.run.events import Event, Picture
from engine.run.forecast import Forecast, NodeForecast


def _published(value: Any) -> Published | None:
    if value is None:
        return None
    files = tuple(PublishedFile(**file) for file in value["files"])
    return Published(files, {key: _items(items) for key, items in value["shown"].items()})


def _items(items: Sequence[object]) -> tuple[Any, ...]:
    return tuple(freeze(item) for item in items)


def _pairs(value: Iterable[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((first, second) for first, second in value)


# How the fields are revived of which msgpack does not keep the kind.
FIELDS: Mapping[tuple[type, str], Callable[[Any], object]] = {
    (events.RunStarted, "will_run"): tuple,
    (events.RunStarted, "cached"): tuple,
    (events.NodePreviewed, "value"): lambda value: None if value is None else Picture(**value),
    (events.NodesExplained, "reasons"): _pairs,
    (events.NodeExpanded, "inner"): tuple,
    (events.NodeFinished, "published"): _published,
    (events.NodeFailed, "inputs"): _pairs,
    (events.NodeFailed, "frames"): tuple,
}

EVENTS: tuple[type, ...] = get_args(Event)


class _Kind:
    """How the events of a class are taken apart and put together."""

    def __init__(self, number: int, event: type) -> None:
        names: tuple[str, ...] = event.__match_args__  # type: ignore[attr-defined]  # all of its fields
        self.number = number
        self.event = event
        get = attrgetter(*names)
        self.parts: Callable[[Event], tuple[object, ...]] = (
            get if len(names) > 1 else lambda event: (get(event),)
        )
        self.revived = [
            (index, FIELDS[event, name]) for index, name in enumerate(names) if (event, name) in FIELDS
        ]


KINDS = [_Kind(number, event) for number, event in enumerate(EVENTS)]
BY_CLASS = {kind.event: kind for kind in KINDS}


def packed(happened: Iterable[Event]) -> list[list[Any]]:
    """Events as arrays."""
    return [[kind.number, *kind.parts(event)] for event in happened for kind in (BY_CLASS[event.__class__],)]


def unpacked(arrays: Iterable[list[Any]]) -> list[Event]:
    """Events from their arrays."""
    found: list[Event] = []
    for number, *parts in arrays:
        kind = KINDS[number]
        for index, revive in kind.revived:
            parts[index] = revive(parts[index])
        found.append(kind.event(*parts))
    return found


PROBLEMS: Mapping[str, type[object]] = {cls.__name__: cls for cls in get_args(Problem)}


def plain_problems(problems: Sequence[Problem]) -> object:
    """Problems as plain data."""
    return plain(tuple(problems))


def revived_problems(value: object) -> list[Problem]:
    """Problems from plain data."""
    return list(cast("tuple[Problem, ...]", revived(value, PROBLEMS)))


def plain_forecast(forecast: Forecast) -> object:
    """A forecast as plain data: its nodes in one piece, since there may be thousands."""
    return {"nodes": msgspec.msgpack.encode(forecast.nodes), "problems": plain_problems(forecast.problems)}


def revived_forecast(value: Mapping[str, Any]) -> Forecast:
    """A forecast from plain data."""
    nodes = msgspec.msgpack.decode(value["nodes"], type=dict[str, NodeForecast])
    return Forecast(nodes, tuple(revived_problems(value["problems"])))
