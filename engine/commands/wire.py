"""What the command line prints as JSON: events, problems and specs. The one file here that knows JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.formats.specs import spec_json
from engine.graph.problems import Problem
from engine.graph.spec import NodeSpec
from engine.run.events import Event, NodePreviewed

if TYPE_CHECKING:
    from engine.run.why import Why  # only `run --explain` needs it


def event_json(event: Event) -> str:
    """An event as one line; a preview's value stays where it is."""
    told = {"event": type(event).__name__, **_told(event)}
    if isinstance(event, NodePreviewed):
        del told["value"]
    return _line(told)


def problem_json(problem: Problem) -> str:
    """A problem as one line, with its sentence and its hint."""
    return _line(
        {
            "type": type(problem).__name__,
            **_told(problem),
            "message": problem.describe(),
            "hint": problem.hint,
        }
    )


def why_json(path: str, why: Why) -> str:
    """Why a node runs or does not, as one line among the events."""
    reason = {"reason": type(why).__name__, **_told(why), "message": why.describe()}
    return _line({"event": "NodeExplained", "path": path, **reason})


def specs_json(specs: list[NodeSpec]) -> str:
    """Specs as a list, on several lines."""
    text = msgspec.json.encode([spec_json(spec) for spec in specs], enc_hook=repr)
    return msgspec.json.format(text, indent=2).decode()


def _told(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in type(value).__match_args__}  # type: ignore[attr-defined]


def _line(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=repr).decode()
