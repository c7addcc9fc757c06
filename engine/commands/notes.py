"""Noting how a graph was run, so that the next run can be told why it differs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from engine.commands.wire import why_json
from engine.commands.wishes import Wishes
from engine.run.events import Event, NodeFinished
from engine.run.plan import Plan
from engine.run.record import read_record, record, remembered, write_record
from engine.run.why import explain
from engine.run.workers import Workers


class RunNote:
    """Compares one run with the last of the same file, and is kept for the next."""

    def __init__(self, file: Path, workers: Workers, names: Mapping[str, str], wishes: Wishes) -> None:
        self._file = file
        self._workers = workers
        self._names = names
        self._wishes = wishes
        self._before = read_record(file)
        self._plan: Plan | None = None
        self._finished: set[str] = set()

    def planned(self, plan: Plan) -> None:
        """Take note of the plan, and say why each step is in it if that was asked for."""
        self._plan = plan
        if not self._wishes.explain:
            return
        for id, why in explain(plan, self._workers.registry, self._workers.place, self._before):
            click.echo(why_json(id, why) if self._wishes.as_json else f"{self._names[id]}: {why.describe()}")

    def seeing(self, events: Iterator[Event]) -> Iterator[Event]:
        """The same events; at their end the note is written down."""
        try:
            for event in events:
                if isinstance(event, NodeFinished):
                    self._finished.add(event.path)
                yield event
        finally:
            self._write()

    def _write(self) -> None:
        plan = self._plan
        if plan is None:
            return
        unfinished = set(plan.will_run) - self._finished
        now = record(plan, self._workers.registry, self._workers.place)
        with contextlib.suppress(OSError):  # a full disk costs the next explanation, no more
            write_record(self._file, remembered(self._before, now, unfinished))
