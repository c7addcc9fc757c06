"""What happens in a run, numbered and handed over in portions: whatever has come up since the last one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from time import perf_counter

from engine.backends.backend import RunRequest, Told
from engine.run.events import Event, NodePreviewed, RunFinished


class Portions:
    """One run, from its request to its end. It belongs to an event loop.

    - What has happened comes in by `arrived`, in its order; the last is a `RunFinished`, or `fail` is called instead.
    - `over` is done as soon as either has come in, whether anybody reads on or not; `number` is that of the last event.
    """

    def __init__(self, request: RunRequest) -> None:
        self.request = request
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopping = False
        self.killed = False
        self._start = perf_counter()
        self.number = 0
        self._waiting: list[Told] = []
        self._error: Exception | None = None
        self._news: asyncio.Future[None] | None = None

    def arrived(self, events: Iterable[Event]) -> None:
        """Take what has happened next. What comes behind the end is nobody's."""
        if self.over.done():
            return
        run, attempt, waiting = self.request.run, self.request.attempt, self._waiting
        for event in events:
            if event.__class__ is not NodePreviewed:
                self.number += 1
            waiting.append(Told(run, attempt, self.number, event))
            if event.__class__ is RunFinished:
                self.over.set_result(None)
                break
        self._wake()

    def fail(self, error: Exception) -> None:
        """It ended in another way: whoever reads gets the rest, then this."""
        if not self.over.done():
            self._error = error
            self.over.set_result(None)
            self._wake()

    def cancelled(self) -> None:
        """It has been ended by force."""
        self.arrived([RunFinished("cancelled", perf_counter() - self._start, 0, 0)])

    async def read(self) -> AsyncIterator[Sequence[Told]]:
        """All of it, to the end. Raises what `fail` was given."""
        while True:
            if not self._waiting and not self.over.done():
                self._news = asyncio.get_running_loop().create_future()
                await self._news
            portion, self._waiting = self._waiting, []
            if portion:
                yield portion
            elif self._error is not None:
                raise self._error
            elif self.over.done():
                return

    def _wake(self) -> None:
        news, self._news = self._news, None
        if news is not None and not news.done():
            news.set_result(None)
