"""From the queue to the backend and back: takes runs, has them carried out, and writes down how they ended.

Only one run is carried out at a time. A run is handed over with the commit that accepts it where nothing else goes
on, and with the commit that ends the one before it where others wait.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Concatenate, ParamSpec, TypeVar

from engine.backends.backend import Backend
from engine.server.dispatch import steps
from engine.server.dispatch.aside import NOTHING, Aside
from engine.server.dispatch.carrier import Carrier
from engine.server.dispatch.disk_space import DiskSpace
from engine.server.dispatch.persisting import AGAIN, Persistence
from engine.server.dispatch.steps import Standing
from engine.server.telling.audience import Audience
from engine.server.telling.hub import Hub
from engine.store import history, queue
from engine.store.errors import StoreClosed, StoreError, StoreFull
from engine.store.opening import Store
from engine.store.records import Claimed, NewRun, QueueState, Run

KEEP = 10_000  # runs in the history, as ComfyUI has it
TIDY_EVERY = 100  # runs between two looks at how many the history keeps
LOOK_FOR_ROOM = 5.0  # seconds between two looks at a full disk

P = ParamSpec("P")
T = TypeVar("T")

log = logging.getLogger("weft.runs")


class Dispatcher:
    """Carries runs from the queue to the backend, and what happens to their clients.

    Args:
        store: The queue and the history.
        backend: Where runs happen.
        hub: Where clients are.
        disk: Where there must be room before a run is started.
        grace: Seconds that a cancelled run has to stop by itself.
        keep: How many runs the history keeps.
        look_for_room: Seconds between two looks at a full disk.
    """

    def __init__(
        self,
        store: Store,
        backend: Backend,
        hub: Hub,
        *,
        disk: DiskSpace | None = None,
        grace: float = 10.0,
        keep: int = KEEP,
        look_for_room: float = LOOK_FOR_ROOM,
    ) -> None:
        self._store = store
        self._backend = backend
        self._keep = keep
        self.audience = Audience(hub, store)
        self._persistence = Persistence(store, self.audience, disk or DiskSpace(), self._wake, look_for_room)
        self._carrier = Carrier(store, backend, hub, self.audience, self._persistence, self._may_claim, grace)
        self._parked: asyncio.Future[Claimed | None] | None = None
        self._finished = 0
        self._again = False  # something may wait that was not there when it was last looked for
        self._looked = False  # the run that has just ended has found that nothing waits
        self._draining = False
        self._tasks: set[asyncio.Task[object]] = set()
        self._work_task: asyncio.Task[None] | None = None

    # ---- coming up and going down

    async def start(self) -> None:
        """Take up what an earlier server left, and begin to carry runs out."""
        recovered, standing = await self._store.write(steps.recover)
        self.audience.learn(standing)
        for run in recovered:
            log.warning("Run %s was interrupted: %s It is now %s.", run.id, run.reason, run.status)
        self._work_task = asyncio.create_task(self._work())

    async def drain(self, grace: float) -> None:
        """Start no more runs; the one that goes on has so many seconds to end, then it waits for the next server."""
        self._draining = True
        self._wake()
        if self._work_task is None:
            return
        await asyncio.wait({self._work_task}, timeout=grace)
        attempt = self.audience.attempt
        if attempt is not None and not self._work_task.done():
            reason = "The server was stopped while it was running."
            run = attempt.run
            # From here on nothing of this attempt counts any more, whatever the worker still says.
            await self._store.write(queue.put_back, run.id, run.attempt, reason)
            await self._backend.cancel(run.id, 0.0)
            await asyncio.wait({self._work_task}, timeout=2.0)

    async def close(self) -> None:
        """Do nothing more."""
        self._draining = True
        self._persistence.close()
        tasks = {task for task in (*self._tasks, self._work_task) if task is not None}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- what people ask for

    @property
    def running(self) -> Run | None:
        """The run that is being carried out."""
        return self.audience.attempt.run if self.audience.attempt is not None else None

    @property
    def queue(self) -> Standing:
        """How the queue is."""
        return self.audience.standing

    async def submit(self, run: NewRun, aside: Aside = NOTHING) -> Run:
        """Accept a run: once this returns, it is kept. Raises `RunExists`, or `StoreFull`."""
        parked = self._parked
        if parked is None or self._draining or not self._persistence.has_room:
            return (await self.submit_all([run], {run.id: aside}))[0]
        writing = self._store.write(steps.submit_and_claim, run)
        self._parked = None
        self._carrier.asides[run.id] = aside
        return await self._in_full(self._submit_and_claim(writing, parked))

    async def submit_all(
        self, runs: Sequence[NewRun], asides: Mapping[str, Aside] | None = None
    ) -> list[Run]:
        """Accept several runs, or none of them; `asides` by the runs' ids."""
        self._carrier.asides.update(asides or {})
        return await self._in_full(self._submit_all(self._store.write(steps.submit, runs)))

    async def cancel(self, id: str) -> Run | None:
        """Cancel a run that waits, or have one stop that is carried out; one that is over stays as it is."""
        return await self._in_full(self._cancel(id))

    async def delete(self, ids: Sequence[str] | None) -> list[str]:
        """Take runs that wait out of the queue: these, or all."""
        return await self._in_full(self._delete(ids))

    async def pause(self, reason: str) -> QueueState:
        """Start no more runs; the one that goes on does so."""
        return await self._in_full(self._change(steps.pause, reason))

    async def resume(self) -> QueueState:
        """Start runs again."""
        return await self._in_full(self._change(steps.resume))

    def look_again(self) -> None:
        """Something in the queue has been moved."""
        self._wake()

    def free(self, *, models: bool, results: bool) -> None:
        """Have models, kept results, or both let go of as soon as no run is going on."""
        self._task(self._backend.free(models=models, results=results))

    # ---- what was asked for, to its end: a client that goes away in the middle leaves nothing half done

    async def _in_full(self, work: Coroutine[object, object, T]) -> T:
        try:
            return await asyncio.shield(self._task(work))
        except StoreFull as error:
            self._persistence.found_full(error)
            raise

    async def _submit_all(self, writing: Awaitable[tuple[list[Run], Standing]]) -> list[Run]:
        submitted, standing = await writing
        self.audience.stands(standing)
        self._wake()
        return submitted

    async def _submit_and_claim(
        self, writing: Awaitable[tuple[Run, Claimed | None, Standing]], parked: asyncio.Future[Claimed | None]
    ) -> Run:
        claimed: Claimed | None = None
        try:
            submitted, claimed, standing = await writing
        finally:
            parked.set_result(claimed)  # without one, it looks for itself
        self.audience.stands(standing)  # goes out in one write with what is said as the run begins
        return submitted

    async def _cancel(self, id: str) -> Run | None:
        waited, run, standing = await self._store.write(steps.cancel, id)
        if run is not None and run.status == "running" and id not in self._carrier.cancelled:
            self._task(self._carrier.stop(id))
        elif waited:
            self._carrier.over(id)
            self.audience.stands(standing)
        return run

    async def _delete(self, ids: Sequence[str] | None) -> list[str]:
        deleted, standing = await self._store.write(steps.delete, ids)
        self._carrier.over(*deleted)
        self.audience.stands(standing)
        return deleted

    async def _change(
        self, step: Callable[Concatenate[sqlite3.Connection, P], Standing], *args: P.args, **kwargs: P.kwargs
    ) -> QueueState:
        self.audience.stands(await self._store.write(step, *args, **kwargs))
        self._wake()
        return self.audience.standing.state

    # ---- the work

    async def _work(self) -> None:
        claimed: Claimed | None = None
        with suppress(StoreClosed):
            while (claimed := claimed or await self._claim_next()) is not None:
                # What the run before has found says nothing of this one, which waits again should its worker die.
                self._looked = False
                claimed = await self._carry(claimed)
                self._finished += 1
                if self._finished % TIDY_EVERY == 0:
                    self._task(self._persistence.write(history.keep, self._keep))

    async def _carry(self, claimed: Claimed) -> Claimed | None:
        """Carry a run. Whatever goes wrong there, that run counts as lost, and the queue goes on."""
        try:
            return await self._carrier.carry(claimed)
        except StoreClosed:
            raise
        except Exception as error:
            log.exception("The end of run %s could not be written down", claimed.run.id)
            await asyncio.sleep(AGAIN[0])
            why, run = f"Internal error: {type(error).__name__}: {error}", claimed.run
            self._looked = False
            with suppress(sqlite3.Error, StoreError, TypeError, ValueError):
                await self._store.write(queue.lost, run.id, run.attempt, None, None, why)
            return None

    async def _claim_next(self) -> Claimed | None:
        """The next run, however often it takes to find out which."""
        delay, most = AGAIN
        while True:
            try:
                return await self._next()
            except StoreClosed:
                raise
            except Exception:
                log.exception("The next run could not be taken out of the queue")
                self._looked = False
                await asyncio.sleep(delay)
                delay = min(2 * delay, most)

    async def _next(self) -> Claimed | None:
        while not self._draining:
            looked, self._looked = self._looked, False
            if not looked:
                await self._carrier.ready()
                await self._persistence.rest_if_full()
                self._again = False
                claimed, standing = await self._persistence.write(steps.claim)
                self.audience.learn(standing)
                if claimed is not None:
                    return claimed
            if not (self._again or self._draining):
                self._parked = asyncio.get_running_loop().create_future()
                claimed = await self._parked
                if claimed is not None:
                    return claimed
        return None

    def _may_claim(self) -> bool:
        """Whether a run that ends may take the next with it; if it finds none, nobody has to look again."""
        self._again = False
        self._looked = not self._draining
        return self._looked

    def _wake(self) -> None:
        self._again = True
        parked, self._parked = self._parked, None
        if parked is not None:
            parked.set_result(None)

    def _task(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
