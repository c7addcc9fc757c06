"""`run GRAPH`: from a file to pictures, in this process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, cast

import click

from engine.backends.opening import open_inline
from engine.backends.settings import Settings
from engine.commands.app import Failure
from engine.commands.notes import RunNote
from engine.commands.progress import Bars, Lines, View, names_of
from engine.commands.reading import known_nodes, show_problems
from engine.commands.wire import event_json
from engine.commands.wishes import Wishes
from engine.formats.coerce import coerced
from engine.formats.json_text import parse
from engine.formats.pictures import chunks_of, is_picture
from engine.formats.read import read_any
from engine.graph.edit import EditError, with_setting
from engine.graph.graph import Graph
from engine.graph.problems import GraphInvalid, Problem
from engine.graph.registry import Registry
from engine.graph.validate import validate
from engine.packs.folders import listing
from engine.run.events import Event, RunFinished
from engine.run.inbox import Inbox
from engine.run.memory import DeviceMissing
from engine.run.record import record_file

if TYPE_CHECKING:
    from engine.run.memory import DeviceWish, DtypeWish

EXIT_CODES = {"done": 0, "failed": 1, "cancelled": 130}
INVALID = 2


def run_graph(settings: Settings, path: Path, wishes: Wishes) -> int:
    """Run a graph and tell of it; gives the exit code.

    The graph is checked before torch is loaded, so that a mistake costs no time.
    """
    registry = known_nodes(settings)
    graph, problems = _read(path, registry, wishes.edits)
    problems = problems or validate(graph, registry, listing(settings.folders, registry))
    if problems:
        show_problems(problems, as_json=wishes.as_json)
        return INVALID
    try:
        backend, _ = open_inline(
            settings,
            cast("DeviceWish", wishes.device),
            disk=wishes.disk,
            memory=wishes.memory,
            dtype=cast("DtypeWish", wishes.dtype),
        )
    except DeviceMissing as error:
        raise Failure(str(error)) from error
    inbox = Inbox()
    note = RunNote(record_file(settings.records, path), backend.workers, names_of(graph), wishes)
    running = backend.run(graph, (), inbox, chunks_of(graph, registry), note.planned)
    try:
        with _interrupts_cancel(inbox):
            return _show(note.seeing(running), graph, wishes)
    except GraphInvalid as invalid:  # a pack imports differently than the manifest says
        show_problems(list(invalid.problems), as_json=wishes.as_json)
        return INVALID


def _read(path: Path, registry: Registry, edits: tuple[str, ...]) -> tuple[Graph, list[Problem]]:
    graph, problems = read_any(path, registry)
    if not problems:
        # Weft's own files are meant as they are; in others, values are taken as ComfyUI takes them.
        graph = graph if _is_own(path) else coerced(graph, registry)
        try:
            for edit in edits:
                graph = with_setting(graph, registry, edit)
        except EditError as error:
            raise Failure(str(error)) from error
    return graph, problems


def _is_own(path: Path) -> bool:
    """Whether a file is in Weft's own format."""
    data = path.read_bytes()
    document = None if is_picture(data) else parse(data)
    return isinstance(document, Mapping) and "weft" in document


def _show(events: Iterator[Event], graph: Graph, wishes: Wishes) -> int:
    code = INVALID
    if wishes.as_json:
        for event in events:
            click.echo(event_json(event))
            code = EXIT_CODES[event.status] if isinstance(event, RunFinished) else code
        return code
    names = names_of(graph)
    view: View = Bars(names, debug=wishes.debug) if sys.stdout.isatty() else Lines(names, debug=wishes.debug)
    with view:
        for event in events:
            view.show(event)
            code = EXIT_CODES[event.status] if isinstance(event, RunFinished) else code
    return code


@contextmanager
def _interrupts_cancel(inbox: Inbox) -> Iterator[None]:
    """Ctrl-C cancels the run between two steps; a second one ends the program at once."""

    def cancel(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        inbox.cancel()

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
