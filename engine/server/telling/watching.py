"""Watching one run from the outside: everything that was said of it, then what is being said, until it is over."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from engine.server.dispatch.journal import Position, Said

MOST = 100_000  # messages that may wait for one watcher


class TooSlow(Exception):
    """A watcher did not keep up; it may come back and ask for what it missed."""


class Watcher:
    """What one watcher has still to hear."""

    def __init__(self) -> None:
        self._waiting: deque[Said] = deque()
        self._news = asyncio.Event()
        self._over = False
        self._lost = False

    def put(self, said: Iterable[Said]) -> None:
        """Something was said."""
        self._waiting.extend(said)
        if len(self._waiting) > MOST:
            self._lost = True
            self._waiting.clear()
        self._news.set()

    def end(self) -> None:
        """The run is over."""
        self._over = True
        self._news.set()

    async def all(self) -> AsyncIterator[Said]:
        """What is said, as it is said. Raises `TooSlow`."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._lost:
                raise TooSlow
            if self._over:
                return
            self._news.clear()
            await self._news.wait()


class Watchers:
    """Who watches which run."""

    def __init__(self) -> None:
        self._by_run: dict[str, list[Watcher]] = {}

    def heard(self, run: str, said: Callable[[], Iterable[Said]]) -> None:
        """Tell those who watch this run; what was said is only made if there are any."""
        watchers = self._by_run.get(run)
        if watchers:
            lines = list(said())
            for watcher in watchers:
                watcher.put(lines)

    def over(self, runs: Iterable[str]) -> None:
        """Tell those who watch these runs that they are over."""
        for run in runs:
            for watcher in self._by_run.get(run, ()):
                watcher.end()

    async def watch(
        self,
        run: str,
        after: Position,
        present: Callable[[], Iterable[Said]],
        past: Callable[[], Awaitable[tuple[Iterable[Said], bool]]],
    ) -> AsyncIterator[Said]:
        """All that is said of a run, each message once and in order.

        Args:
            run: Which one.
            after: Only what lies behind this.
            present: What was said of it in the attempt that is going on.
            past: What the store has, and whether the run is over; it is asked after `present`, so that nothing
                falls between.
        """
        watcher = Watcher()
        self._by_run.setdefault(run, []).append(watcher)
        try:
            watcher.put(present())
            said, over = await past()
            for one in said:
                if one.position > after:
                    after = one.position
                    yield one
            if over:
                watcher.end()
            async for one in watcher.all():
                if one.position > after:
                    after = one.position
                    yield one
        finally:
            watchers = self._by_run[run]
            watchers.remove(watcher)
            if not watchers:
                del self._by_run[run]
