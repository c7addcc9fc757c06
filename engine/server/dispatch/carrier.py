"""Carrying one run: from the claim, through the backend, to what the history keeps of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from engine.backends.backend import Backend, RunRequest, WorkerLost
from engine.graph.problems import GraphInvalid
from engine.run.events import NodeFailed, RunFinished
from engine.server.dispatch import steps
from engine.server.dispatch.artifacts import artifacts_of
from engine.server.dispatch.aside import NOTHING, Aside
from engine.server.dispatch.attempt import Attempt
from engine.server.dispatch.disk_space import ran_out_of_room
from engine.server.dispatch.persisting import AGAIN, Persistence
from engine.server.dispatch.steps import Standing
from engine.server.telling.audience import Audience
from engine.server.telling.hub import Hub
from engine.store import history
from engine.store.errors import StoreClosed
from engine.store.opening import Store
from engine.store.records import Claimed, Outcome, Run

POISONED = (
    "It ended the worker twice, so it is not tried again. See the server's log, and change what it asks for."
)

log = logging.getLogger("weft.runs")


class Carrier:
    """Carries out one run after the other.

    `may_claim` is asked whether the commit that ends a run may take the next one. `asides` are the runs' by their
    ids, and `cancelled` the runs that are to stop; both are forgotten with the run.
    """

    def __init__(
        self,
        store: Store,
        backend: Backend,
        hub: Hub,
        audience: Audience,
        persistence: Persistence,
        may_claim: Callable[[], bool],
        grace: float,
    ) -> None:
        self.asides: dict[str, Aside] = {}
        self.cancelled: set[str] = set()
        self._store = store
        self._backend = backend
        self._hub = hub
        self._audience = audience
        self._persistence = persistence
        self._may_claim = may_claim
        self._grace = grace

    async def ready(self) -> None:
        """Wait until there is a worker."""
        delay, most = AGAIN
        while self._backend.state == "starting":
            try:
                await self._backend.ready()
            except WorkerLost as error:
                log.error("The worker could not be started: %s", error)
                await asyncio.sleep(delay)
                delay = min(2 * delay, most)

    async def carry(self, claimed: Claimed) -> Claimed | None:
        """Carry out a run; gives the next one, if there is one and it could be claimed at once."""
        run = claimed.run
        attempt = Attempt(claimed, self._hub, self._store, partial(self._audience.heard, run))
        self._audience.turn_to(attempt)
        try:
            self._audience.say_status()
            attempt.begin()
            lost = await self._run(attempt)
            await attempt.settle()
            if lost is None:
                return await self._finish(attempt)
            if run.id in self.cancelled:
                attempt.account.end = RunFinished("cancelled", 0.0, 0, 0)
                return await self._finish(attempt)
            await self._lost(attempt, lost)
            return None
        except StoreClosed:
            raise
        except Exception as error:
            # A fault of ours: it must neither stop the queue nor leave the run without an end.
            log.exception("Run %s could not be carried to its end", run.id)
            outcome = Outcome("failed", reason=f"Internal error: {type(error).__name__}: {error}")
            _, following, standing = await self._persistence.write(
                steps.finish, run, outcome, (), claims=self._may_claim()
            )
            self._tell_of_end(run, standing)
            return following
        finally:
            self._audience.turn_to(None)

    async def stop(self, id: str) -> None:
        """Have a run stop that is being carried out."""
        self.cancelled.add(id)
        # The backend knows the run a moment after it was claimed only, and no longer once it has ended.
        while (attempt := self._audience.attempt) is not None and attempt.run.id == id:
            if await self._backend.cancel(id, self._grace) != "not running":
                return
            await asyncio.sleep(0.02)

    def over(self, *runs: str) -> None:
        """Nothing more will happen to these runs."""
        for id in runs:
            self.asides.pop(id, None)
            self.cancelled.discard(id)
        self._audience.over(runs)

    async def _run(self, attempt: Attempt) -> WorkerLost | None:
        account = attempt.account
        try:
            await self.ready()
            if attempt.run.id in self.cancelled:
                account.end = RunFinished("cancelled", 0.0, 0, 0)
                return None
            async for portion in self._backend.run(self._request(attempt.claimed)):
                attempt.hear(portion)
        except WorkerLost as error:
            return error
        except GraphInvalid as error:
            account.refuse(error.problems)
        except Exception as error:
            log.exception("The backend failed at run %s", attempt.run.id)
            account.fail(NodeFailed("", "", type(error).__name__, str(error)))
        return None

    def _request(self, claimed: Claimed) -> RunRequest:
        run = claimed.run
        aside = self.asides.get(run.id, NOTHING)
        return RunRequest(
            run=run.id,
            attempt=run.attempt,
            graph=claimed.graph,
            targets=run.targets,
            extra=claimed.extra,
            client=run.client,
            secrets=aside.secrets,
            previews=bool(run.client),
            checked_with=aside.checked_with,
        )

    async def _finish(self, attempt: Attempt) -> Claimed | None:
        account, run = attempt.account, attempt.run
        attempt.show()
        files = await artifacts_of(account.files)
        closing = account.close()
        status = account.end.status if account.end is not None else "failed"
        timeline = account.end.timeline if account.end is not None else b""
        outcome = Outcome(status, account.document(), files, account.reason, timeline)
        full = account.failure is not None and ran_out_of_room(account.failure.error, account.failure.message)
        claims = self._persistence.has_room and not full and self._may_claim()
        pages = attempt.last_page(closing)
        done, claimed, standing = await self._persistence.write(
            steps.finish, run, outcome, pages, claims=claims
        )
        try:
            if done:
                end, nothing = closing
                attempt.conclude([end])
                self._audience.stands(standing)
                attempt.conclude([nothing])
                self.over(run.id)
            if full:
                await self._persistence.rest(account.reason)
        except StoreClosed:
            raise
        except Exception:  # the run has its end, and the next one has been taken: that must not be lost
            log.exception("Run %s is over, but not everybody could be told", run.id)
            self._tell_of_end(run, standing)
        return claimed

    def _tell_of_end(self, run: Run, standing: Standing) -> None:
        """Tell as much as can go wrong least."""
        self.over(run.id)
        self._audience.stands(standing)

    async def _lost(self, attempt: Attempt, lost: WorkerLost) -> None:
        account, run = attempt.account, attempt.run
        node = lost.node or account.current
        pages = attempt.last_page([])
        now, standing = await self._persistence.write(steps.lose, run, pages, node, lost.exit_code, str(lost))
        if (now.attempt, now.status) == (run.attempt, "running"):
            return
        log.warning("Run %s, attempt %d: %s It is now %s.", run.id, run.attempt, lost, now.status)
        if pages:
            attempt.journal.stored = pages[0].last
        again = now.status == "queued"
        lines = [account.lost(node, lost.exit_code, str(lost), again=again)]
        if not again:
            error = "OutOfMemory" if lost.out_of_memory else "WorkerLost"
            account.fail(NodeFailed(node or "", "", error, str(lost), hint=POISONED))
            lines += account.close()
        for page in attempt.last_page(lines):
            await self._persistence.write(history.append, run.id, page)
        attempt.conclude(lines)
        self._audience.stands(standing)
        if not again:
            self.over(run.id)
