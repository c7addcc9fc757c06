"""What went wrong with a pack, from the exception that it raised."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from pathlib import Path

from engine.graph.declared import DeclarationError, spec_of
from engine.graph.spec import NodeSpec
from engine.packs.comfy.declared import OWNER
from engine.packs.source import PackFailure, PackSource


def failure_of(source: PackSource, error: BaseException, what: str = "") -> PackFailure:
    """The failure for an error. `what` says which part of the pack is left out; without it all of it is."""
    match error:
        case DeclarationError(where=where, what=problem, write=write):
            message = f"{problem}. {write}"
        case SyntaxError(filename=str(file), lineno=line, msg=message):
            where = f"{file}:{line}"
        case _:
            where, message = _place(source, error), str(error)
    return PackFailure(source.name or source.module, where, type(error).__name__, f"{what}{message}")


def duplicate(source: PackSource, function: Callable[..., object], other: NodeSpec) -> PackFailure:
    """The failure for a node whose id another has already."""
    spec = spec_of(function)
    return PackFailure(
        source.name or source.module,
        _line_of(function),
        "DuplicateNode",
        f"its node '{spec.id}' is left out, since {other.module}.{other.function} has that id already. "
        f'Give it another, e.g.  @node("{source.name}.{spec.id}")',
    )


def _place(source: PackSource, error: BaseException) -> str:
    """The deepest line of the pack's own code that led to the error."""
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(source.path)
    ]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else str(source.file)


def _line_of(function: Callable[..., object]) -> str:
    owner = getattr(function, OWNER, None)
    if owner is None:
        return f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
    try:
        return f"{inspect.getsourcefile(owner)}:{inspect.getsourcelines(owner)[1]}"
    except (OSError, TypeError):
        return str(owner.__module__)
