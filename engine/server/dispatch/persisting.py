"""Writing down what must not be lost, however long that takes; and the queue's rest while a disk is full."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Concatenate, ParamSpec, TypeVar

from engine.server.dispatch import steps
from engine.server.dispatch.disk_space import DiskSpace
from engine.server.dispatch.steps import Standing
from engine.server.telling.audience import Audience
from engine.store.errors import StoreClosed, StoreError, StoreFull
from engine.store.opening import Store
from engine.store.records import QueueState
from engine.store.reserve import room_again

AGAIN = 0.2, 5.0  # seconds to wait before trying anew: at first, and at most

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("weft.runs")


class Persistence:
    """Writes until it has worked, and looks for room where that is what is missing.

    Args:
        store: Where to.
        audience: Who is told that the queue rests.
        disk: Where there must be room.
        resumed: Is called once there is room again.
        look: Seconds between two looks at a full disk.
    """

    def __init__(
        self, store: Store, audience: Audience, disk: DiskSpace, resumed: Callable[[], object], look: float
    ) -> None:
        self._store = store
        self._audience = audience
        self._disk = disk
        self._resumed = resumed
        self._look = look
        self._waiting: asyncio.Task[None] | None = None
        self._lacking: str | None = None
        audience.when_full = self._wait_for_room
        self._looked = -inf

    async def write(
        self, step: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What the step gives, once it is written down: what has been carried out is not lost for want of room."""
        delay, most = AGAIN
        while True:
            try:
                return await self._store.write(step, *args, **kwargs)
            except StoreClosed:
                raise
            except StoreFull as error:
                self.found_full(error)
            except StoreError as error:
                log.error("It could not be written down what became of a run: %s %s", error, error.hint)
            await asyncio.sleep(delay)
            delay = min(2 * delay, most)

    @property
    def has_room(self) -> bool:
        """Whether there is room for one more run."""
        return self._lack() is None

    async def rest_if_full(self) -> None:
        """Let the queue rest if there is too little room."""
        lack = self._lack()
        if lack is not None and self._audience.standing.state.state != "disk full":
            await self.rest(lack)

    async def rest(self, reason: str) -> None:
        """Let the queue rest until there is room."""
        self._audience.stands(await self.write(steps.disk_full, reason))

    def found_full(self, error: StoreFull) -> None:
        """Something could not be written down; whether that can be written down itself is not known."""
        full = QueueState("disk full", str(error))
        self._audience.stands(Standing(self._audience.standing.remaining, full))

    def _wait_for_room(self) -> None:
        if self._waiting is None or self._waiting.done():
            self._waiting = asyncio.ensure_future(self._wait())

    def close(self) -> None:
        """Look no more."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _lack(self) -> str | None:
        now = monotonic()
        if now - self._looked > self._look / 10:  # a short run must not spend its time on asking for room
            self._looked, self._lacking = now, self._disk.lack()
        return self._lacking

    async def _wait(self) -> None:
        while True:
            await asyncio.sleep(self._look)
            if self._disk.lack(times=2) is None and await asyncio.to_thread(room_again, self._store.folder):
                self._looked = -inf
                self._audience.stands(await self.write(steps.resume))
                self._resumed()
                return
