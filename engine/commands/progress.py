"""What a person sees of a run: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

import click

from engine.graph.graph import Graph
from engine.run.events import (
    Event,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeProgressed,
    NodeStarted,
    RunFinished,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LONG = 2  # steps from which a node gets a bar
EVERY = 10.0  # percent between two plain lines


class View(AbstractContextManager["View"], Protocol):
    """Shows events as they come."""

    def show(self, event: Event) -> None:
        """Show one."""


def told(event: Event, names: dict[str, str], *, debug: bool) -> str | None:
    """A line for an event that is worth one."""
    match event:
        case NodeFinished(path, seconds, published, from_cache):
            lines = [f"saved {file.path}" for file in published.files] if published else []
            texts = published.shown.get("text", ()) if published else ()
            lines += [f"{_name(path, names)} says: {text}" for text in texts]
            if "/" not in path and not from_cache:
                lines.insert(0, f"{_name(path, names)}: {seconds:.2f} s")
            return "\n".join(lines) or None
        case NodeBlocked(path, reason):
            return f"{_name(path, names)}: skipped: {reason}"
        case NodeFailed():
            return failed(event, names, debug=debug)
        case RunFinished(status, seconds, ran, cached):
            return f"{status} in {seconds:.2f} s: {ran} nodes ran, {cached} came from the cache"
    return None


def failed(event: NodeFailed, names: dict[str, str], *, debug: bool) -> str:
    """All that helps with a failure."""
    lines = [f"{_name(event.path, names)} failed: {event.error}: {event.message}"]
    lines += [f"  {name} = {value}" for name, value in event.inputs]
    lines += [f"  at {frame}" for frame in event.frames]
    if event.hint:
        lines.append(f"  {event.hint}")
    if debug:
        lines.append(event.traceback.rstrip())
    return "\n".join(lines)


def names_of(graph: Graph) -> dict[str, str]:
    """What a person calls each node."""
    return {
        id: f"{node.title} ({id})" if node.title else f"{node.kind} ({id})"
        for id, node in graph.nodes.items()
    }


def _name(path: str, names: dict[str, str]) -> str:
    outer, slash, inner = path.partition("/")
    return names.get(outer, outer or "Weft") + slash + inner


class Lines:
    """Plain lines, for files and pipes."""

    def __init__(self, names: dict[str, str], *, debug: bool) -> None:
        self._names = names
        self._debug = debug
        self._next: dict[str, float] = {}

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def show(self, event: Event) -> None:
        """Print what is worth a line; progress every tenth of the way."""
        if isinstance(event, NodeProgressed) and event.total >= LONG:
            percent = 100 * event.done / event.total
            if event.done and percent >= self._next.get(event.path, EVERY):
                self._next[event.path] = percent + EVERY
                click.echo(f"{_name(event.path, self._names)}: {event.done} of {event.total}")
        elif line := told(event, self._names, debug=self._debug):
            click.echo(line, err=isinstance(event, NodeFailed))


class Bars:
    """A bar for each long node, above them what is worth a line."""

    def __init__(self, names: dict[str, str], *, debug: bool) -> None:
        from rich.progress import (  # noqa: PLC0415  (loads slowly, and only a terminal needs it)
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress: Progress = Progress(*columns, transient=True)
        self._names = names
        self._debug = debug
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, event: Event) -> None:
        """Move the bars and print above them."""
        match event:
            case NodeProgressed(path, done, total) if total >= LONG:
                if path not in self._bars:
                    self._bars[path] = self._progress.add_task(_name(path, self._names), total=total)
                self._progress.update(self._bars[path], completed=done)
            case NodeStarted() | NodeProgressed():
                return
            case _:
                if isinstance(event, NodeFinished) and event.path in self._bars:
                    self._progress.remove_task(self._bars.pop(event.path))
                if line := told(event, self._names, debug=self._debug):
                    self._progress.console.print(line, markup=False, highlight=False)
