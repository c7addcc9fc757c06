"""A node's exception as an event: where, with which inputs, in the author's own lines, and what to do."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import engine
from engine.graph.problems import GraphInvalid
from engine.run.events import NodeFailed
from engine.run.short import short

ENGINE = str(Path(engine.__file__).parent)
LIBRARIES = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
MOST_FRAMES = 8
LONGEST_MESSAGE = 2000
PLACE = re.compile(r'  File "(?P<file>.+)", line (?P<line>\d+), in (?P<name>.+)$')

HINTS = {
    "SystemExit": "A node must not end the program: raise an error that says what is wrong instead.",
    "KeyboardInterrupt": "A node must not interrupt the program: raise an error that says what is wrong instead.",
    "RecursionError": "The node calls itself too deeply; a loop has no such limit.",
}


def failure(path: str, kind: str, error: BaseException, inputs: Mapping[str, object]) -> NodeFailed:
    """What to tell of a node that raised."""
    return NodeFailed(
        path=path,
        kind=kind,
        error=type(error).__name__,
        message=_message(error),
        inputs=tuple((name, short(value)) for name, value in inputs.items()),
        frames=user_frames(error.__traceback__),
        hint=_hint(error),
        traceback="".join(traceback.format_exception(error)),
    )


def user_frames(trace: TracebackType | None) -> tuple[str, ...]:
    """The lines outside of the engine and of libraries that led to an error, the last one last."""
    frames = [frame for frame in traceback.extract_tb(trace) if not frame.filename.startswith(ENGINE)]
    own = [frame for frame in frames if not frame.filename.startswith((*LIBRARIES, "<frozen"))]
    return tuple(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in own[-MOST_FRAMES:])


def _message(error: BaseException) -> str:
    match error:
        case SystemExit(code=code):
            return f"It called sys.exit({code!r})." if code is not None else "It called sys.exit()."
        case _:
            text = str(error) or type(error).__name__
            return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}..."


def _hint(error: BaseException) -> str:
    hint = getattr(error, "hint", None)
    if isinstance(hint, str):
        return hint
    if isinstance(error, GraphInvalid):
        return error.problems[0].hint
    return next((HINTS[base.__name__] for base in type(error).__mro__ if base.__name__ in HINTS), "")


def user_lines(failed: NodeFailed) -> list[str]:
    """The entries of the traceback that are neither of the engine nor of libraries, as Python writes them."""
    wanted = set(failed.frames)
    lines: list[str] = []
    for line in failed.traceback.splitlines(keepends=True):
        place = PLACE.match(line)
        if place:
            lines.append(line if f"{place['file']}:{place['line']} {place['name']}" in wanted else "")
        elif line.startswith("    ") and lines:
            lines[-1] += line if lines[-1] else ""
        elif lines:
            lines.append("")  # between two errors of a chain
    return [line for line in lines if line]
