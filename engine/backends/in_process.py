"""Runs in this process behind the protocol of all backends: for tests, notebooks and `--inline`.

It cannot end a node that does not listen. Such a node is left behind on its thread, and its run counts as ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from engine.backends.backend import (
    BackendState,
    CancelOutcome,
    Device,
    PackAnswer,
    PackCall,
    Packs,
    RunRequest,
    Told,
    WorkerLost,
)
from engine.backends.inline import Inline
from engine.backends.options import WorkerOptions, draws_previews
from engine.backends.outgoing import Outgoing
from engine.backends.portions import Portions
from engine.backends.settings import Settings
from engine.backends.sources import source_of
from engine.backends.workshop import Workshop
from engine.graph.problems import GraphInvalid, Problem
from engine.run.events import Event, RunFinished
from engine.run.forecast import Forecast
from engine.run.peeking import Peek
from engine.run.threads import THREADS

T = TypeVar("T")


class InProcessBackend:
    """Carries out runs on a thread of this process. A `Backend`.

    Args:
        settings: Where everything lies.
        options: How to work.
        pack_folders: Where packs that were not there at first may be found, for `reload`.
        inline: What is open already, in place of packs to be imported.
    """

    def __init__(
        self,
        settings: Settings,
        options: WorkerOptions | None = None,
        pack_folders: Sequence[Path] = (),
        inline: Inline | None = None,
    ) -> None:
        self._settings = settings
        self._options = options or WorkerOptions()
        self._pack_folders = tuple(pack_folders)
        self._workshop = Workshop(settings, self._options, inline)
        self._packs: asyncio.Task[Packs] | None = None
        self._run: Portions | None = None
        self._inbox: Outgoing | None = None
        self._closed = False

    @property
    def state(self) -> BackendState:
        """What it is doing."""
        if self._closed:
            return "closed"
        if self._packs is None or not self._packs.done():
            return "starting"
        return "busy" if self._run is not None else "idle"

    async def open(self) -> None:
        """Start to import the packs; returns at once."""
        self._import()

    async def ready(self) -> Packs:
        """The nodes and the failed packs, once all are imported."""
        if self._closed:
            raise WorkerLost(None, None)
        return await asyncio.shield(self._import())

    async def run(self, request: RunRequest) -> AsyncIterator[Sequence[Told]]:
        """Carry out a run, giving what happens in portions. Raises `GraphInvalid`."""
        await self.ready()
        while self._run is not None:
            await asyncio.wait({self._run.over})
        loop = asyncio.get_running_loop()
        self._run = run = Portions(request)

        def deliver(what: Sequence[Event] | GraphInvalid) -> None:
            # A run that was left to itself may outlive the loop; then nobody is there to be told.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._has_happened, run, what)

        largest = self._options.preview_size
        draws = draws_previews(self._options, request.extra)
        self._inbox = inbox = Outgoing(deliver, previews=request.previews, largest=largest, draws=draws)
        THREADS.start(partial(self._carry_out, request, inbox, deliver))
        try:
            async for portion in run.read():
                yield portion
        finally:
            if not run.over.done():
                inbox.cancel()

    async def cancel(self, run: str, grace: float) -> CancelOutcome:
        """Stop that run, and no other; returns when it has ended, or has been left to itself after `grace` seconds."""
        current, inbox = self._run, self._inbox
        if current is None or inbox is None or current.request.run != run:
            return "not running"
        inbox.cancel()
        await asyncio.wait({current.over}, timeout=grace)
        if not current.over.done():
            current.killed = True
            self._run = None
            current.cancelled()
        return "killed" if current.killed else "stopping"

    async def check(self, request: RunRequest) -> list[Problem]:
        """What nodes themselves say of their inputs."""
        await self.ready()
        return await asyncio.to_thread(self._workshop.check, request)

    async def forecast(self, request: RunRequest) -> Forecast:
        """What a run would do."""
        await self.ready()
        return await asyncio.to_thread(self._workshop.forecast, request)

    async def peek(self, request: RunRequest, node: str, output: str | int) -> Peek | None:
        """How the value of an output looks that is kept."""
        await self.ready()
        return await asyncio.to_thread(self._workshop.peek, request, node, output)

    async def device(self) -> Device:
        """The device as it is now."""
        return self._workshop.device()

    async def free(self, *, models: bool, results: bool) -> None:
        """Let go of models, of kept results, or of both, when no run is going on."""
        await self._when_idle(partial(self._workshop.free, models=models, results=results))

    async def reload(self, pack: str) -> Packs:
        """Import a pack anew, or for the first time. Raises LookupError for one that is not there."""
        source = source_of(pack, self._settings, self._pack_folders)
        others = tuple(known for known in self._settings.packs if known.name != pack)
        self._settings = replace(self._settings, packs=(*others, source))
        return await self._when_idle(partial(self._workshop.reload, source))

    async def routes(self) -> tuple[tuple[str, str], ...]:
        """The HTTP routes that packs have registered."""
        await self.ready()
        return self._workshop.routes()

    async def answer(self, call: PackCall) -> PackAnswer:
        """Have a pack answer a request for one of its routes."""
        await self.ready()
        return await self._workshop.answer(call)

    async def close(self, grace: float) -> None:
        """End, after `grace` seconds at the latest. What has been imported stays."""
        if self._run is not None:
            await self.cancel(self._run.request.run, grace)
        self._closed = True

    def _import(self) -> asyncio.Task[Packs]:
        if self._packs is None:
            self._packs = asyncio.create_task(asyncio.to_thread(self._workshop.open))
        return self._packs

    async def _when_idle(self, do: Callable[[], T]) -> T:
        await self.ready()
        while self._run is not None:
            await asyncio.wait({self._run.over})
        return await asyncio.to_thread(do)

    def _carry_out(
        self,
        request: RunRequest,
        inbox: Outgoing,
        deliver: Callable[[Sequence[Event] | GraphInvalid], object],
    ) -> None:
        try:
            for event in self._workshop.attempt(request, inbox):
                inbox.add(event)
                if event.__class__ is RunFinished:
                    inbox.flush()
        except GraphInvalid as invalid:
            deliver(invalid)

    def _has_happened(self, run: Portions, what: Sequence[Event] | GraphInvalid) -> None:
        if isinstance(what, GraphInvalid):
            run.fail(what)
        else:
            run.arrived(what)
        if run.over.done() and self._run is run:
            self._run = None
