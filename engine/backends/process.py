"""Runs in a process of their own, one for each device: whatever nodes do to it, the server lives on.

Nothing here imports torch or a pack; that is the worker's part (`engine.backends.worker`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, cast

import msgspec

from engine.backends import frames, orders
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
from engine.backends.child import Child
from engine.backends.importing import Importing
from engine.backends.options import WorkerOptions
from engine.backends.plain_events import revived_forecast, revived_problems, unpacked
from engine.backends.portions import Portions
from engine.backends.printed import Printed
from engine.backends.questions import Questions, WorkerFailed
from engine.backends.settings import Settings
from engine.backends.sources import source_of
from engine.graph.problems import GraphInvalid, Problem
from engine.graph.registry import registry_of
from engine.graph.spec import NodeSpec
from engine.packs.plain import revived
from engine.run import host_memory
from engine.run.events import Event
from engine.run.forecast import Forecast
from engine.run.peeking import Peek

ANSWER_WITHIN = 0.5  # seconds for a worker to say how its device is; one that computes may not listen
LEFT_ALONE = 10.0  # seconds that a run which nobody reads any more has to stop
AGAIN = 0.2, 10.0  # seconds before an idle worker that has ended is started anew: at first, and at most
STEADY = 30.0  # seconds after which a worker's start counts as a good one
FAREWELL = 5.0  # seconds that the system takes at most to end a killed process

log = logging.getLogger("weft.worker")


class ProcessBackend:
    """One worker process, started anew whenever it ends. A `Backend`.

    - A pack whose import ends the worker, or takes too long, is named as a failure and left out from then on.
    - Runs are carried out one after the other; questions are answered meanwhile, if the worker listens.

    Args:
        settings: Where everything lies.
        options: How the worker is to work.
        pack_folders: Where packs that were not there at first may be found, for `reload`.
    """

    def __init__(
        self, settings: Settings, options: WorkerOptions | None = None, pack_folders: Sequence[Path] = ()
    ) -> None:
        self._settings = settings
        self._options = options or WorkerOptions()
        self._pack_folders = tuple(pack_folders)
        self._child: Child | None = None
        self._splitter = frames.Splitter()
        self._printed = Printed()
        self._packs: asyncio.Future[Packs] | None = None
        self._importing = Importing(self._options.import_seconds, self._kill)
        self._jobs = count(1)
        self._job = 0
        self._run: Portions | None = None
        self._questions = Questions()
        self._started = 0.0
        self._pause = AGAIN[0]
        self._tired = ""
        self._closed = False
        self._device = _this_machine()

    @property
    def state(self) -> BackendState:
        """What it is doing."""
        if self._closed:
            return "closed"
        if self._packs is None or not self._packs.done() or self._packs.exception() is not None:
            return "starting"
        return "busy" if self._run is not None else "idle"

    async def open(self) -> None:
        """Start the worker; returns at once."""
        self._start()

    async def ready(self) -> Packs:
        """The nodes and the failed packs, once all are imported. Raises `WorkerLost` if the worker cannot start."""
        if self._closed:
            raise WorkerLost(None, None)
        if self._child is None:
            self._start()
        assert self._packs is not None
        return await asyncio.shield(self._packs)

    async def run(self, request: RunRequest) -> AsyncIterator[Sequence[Told]]:
        """Carry out a run, giving what happens in portions. Raises `WorkerLost` or `GraphInvalid`."""
        untouched = False
        while True:
            run = await self._hand_over(request)
            try:
                async for portion in run.read():
                    yield portion
                return
            except WorkerLost as lost:
                # A worker that ended before it had begun was about to end anyway: the next one gets the run, once.
                if untouched or self._closed or run.stopping or lost.node is not None or run.number > 0:
                    raise
                untouched = True
            finally:
                if not run.over.done():
                    self._stop(run)
                    asyncio.get_running_loop().call_later(LEFT_ALONE, self._end_by_force, run)

    async def _hand_over(self, request: RunRequest) -> Portions:
        await self.ready()
        while self._run is not None:
            await asyncio.wait({self._run.over})
            await self.ready()
        assert self._child is not None
        self._run = run = Portions(request)
        self._job = next(self._jobs)
        self._child.begin_run(frames.frame(orders.Start(self._job, request)))
        self._printed.begin()
        return run

    async def cancel(self, run: str, grace: float) -> CancelOutcome:
        """Stop that run, and no other; returns when it has ended, after `grace` seconds by force."""
        current = self._run
        if current is None or current.request.run != run:
            return "not running"
        self._stop(current)
        await asyncio.wait({current.over}, timeout=grace)
        self._end_by_force(current)
        await asyncio.wait({current.over}, timeout=FAREWELL)
        return "killed" if current.killed else "stopping"

    async def check(self, request: RunRequest) -> list[Problem]:
        """What nodes themselves say of their inputs."""
        return revived_problems(await self._ask(lambda call: orders.AskCheck(call, request)))

    async def forecast(self, request: RunRequest) -> Forecast:
        """What a run would do."""
        return revived_forecast(await self._ask(lambda call: orders.AskForecast(call, request)))

    async def peek(self, request: RunRequest, node: str, output: str | int) -> Peek | None:
        """How the value of an output looks that is kept."""
        answer = await self._ask(lambda call: orders.AskPeek(call, request, node, output))
        return None if answer is None else msgspec.convert(answer, Peek)

    async def device(self) -> Device:
        """The device as it is now, or as it was when the worker last said so."""
        if self.state in {"starting", "closed"}:
            if self._device.kind == "cpu":
                self._device = _this_machine(self._device.torch)
        elif self._child is not None:
            try:
                answer = await asyncio.wait_for(self._put(orders.AskDevice), ANSWER_WITHIN)
                self._device = msgspec.convert(answer, Device)
            except (TimeoutError, WorkerLost, WorkerFailed):
                pass  # it computes and does not listen, or has just ended: what was known is near enough
        return self._device

    async def free(self, *, models: bool, results: bool) -> None:
        """Let go of models, of kept results, or of both, when no run is going on. A new worker has none anyway."""
        try:
            await self._ask(lambda call: orders.AskFree(call, models, results))
        except WorkerLost:
            return

    async def reload(self, pack: str) -> Packs:
        """Import a pack anew, or for the first time. Raises LookupError for one that is not there."""
        source = source_of(pack, self._settings, self._pack_folders)
        await self.ready()
        self._importing.forgive(pack)
        others = tuple(known for known in self._settings.packs if known.name != pack)
        self._settings = replace(self._settings, packs=(*others, source))
        try:
            await self._ask(lambda call: orders.AskReload(call, source))
        except WorkerLost:
            log.warning("The worker ended when the pack %s was imported anew.", pack)
        return await self.ready()

    async def routes(self) -> tuple[tuple[str, str], ...]:
        """The HTTP routes that packs have registered."""
        return tuple((method, path) for method, path in await self._ask(orders.AskRoutes))

    async def answer(self, call: PackCall) -> PackAnswer:
        """Have a pack answer a request for one of its routes."""
        answer = await self._ask(lambda number: orders.AskAnswer(number, call))
        return msgspec.convert(answer, PackAnswer)

    async def close(self, grace: float) -> None:
        """End, after `grace` seconds at the latest."""
        run = self._run
        if run is not None:
            await self.cancel(run.request.run, grace)
        self._closed = True
        self._importing.stop()
        child = self._child
        if child is not None:
            child.kill()
            await asyncio.wait({child.gone}, timeout=FAREWELL)

    # ---- the process

    def _start(self) -> None:
        if self._child is not None or self._closed:
            return
        self._splitter = frames.Splitter()
        self._tired = ""
        self._renew_packs()
        self._started = monotonic()
        self._child = child = Child(self._heard, self._has_printed, lambda: self._has_ended(child))
        settings = replace(self._settings, packs=self._importing.without_left_out(self._settings.packs))
        child.send(frames.frame(orders.Begin(settings, self._options)))

    def _has_ended(self, child: Child) -> None:
        self._child = None
        self._printed.end()
        in_run = self._run is not None and not self._importing.goes_on
        lost = WorkerLost(child.exit_code, child.node if in_run else None, out_of_memory=child.out_of_memory)
        if not child.killed:
            log.error("%s", lost)
        self._questions.all_failed(lost)
        self._end_run(lost)
        blamed = self._importing.blame(child.exit_code, killed=child.killed)
        if blamed is not None:
            log.error("The worker has to be started anew: %s", blamed.describe())
        if self._closed:
            self._fail_packs(lost)
        elif in_run or blamed or child.killed or monotonic() - self._started > STEADY:
            self._pause = AGAIN[0]
            self._start()
        else:  # it ends by itself: not again and again without a pause
            self._fail_packs(lost)
            asyncio.get_running_loop().call_later(self._pause, self._start)
            self._pause = min(2 * self._pause, AGAIN[1])

    def _end_run(self, lost: WorkerLost) -> None:
        run = self._run
        self._run = None
        if run is not None and run.killed:
            run.cancelled()
        elif run is not None:
            run.fail(lost)

    def _fail_packs(self, lost: WorkerLost) -> None:
        packs = self._renew_packs()
        packs.set_exception(lost)
        packs.exception()  # nobody may be waiting

    # ---- what it says

    def _heard(self, data: bytes) -> None:
        try:
            for body in self._splitter.feed(data):
                self._take(frames.report_of(body))
        except Exception:  # some node has written into what is not its own
            log.exception("The worker has said what cannot be understood, and is ended")
            self._kill()

    def _take(self, report: orders.Report) -> None:
        match report:
            case orders.Happened(job, events):
                self._has_happened(job, unpacked(events))
            case orders.Refused(job, problems):
                self._has_happened(job, GraphInvalid(revived_problems(problems)))
            case orders.Answered(call, value):
                self._questions.answered(call, value)
            case orders.Declined(call, error):
                self._questions.failed(call, WorkerFailed(error))
            case orders.Importing():
                self._importing.begin(report)
            case orders.Loaded():
                self._has_loaded(report)
            case orders.Tired(reason):
                self._is_tired(reason)

    def _has_happened(self, job: int, what: Sequence[Event] | GraphInvalid) -> None:
        run = self._run
        if run is None or job != self._job:
            return  # of a run that has been given up
        if isinstance(what, GraphInvalid):
            run.fail(what)
        else:
            run.arrived(what)
        if run.over.done():
            self._run = None
            if self._tired:
                self._kill()

    def _has_loaded(self, loaded: orders.Loaded) -> None:
        self._importing.stop()
        registry = registry_of(cast("tuple[NodeSpec, ...]", revived(loaded.specs)))
        failures = (*loaded.failures, *self._importing.failures)
        self._renew_packs().set_result(Packs(registry, failures, loaded.stamp))

    def _is_tired(self, reason: str) -> None:
        log.info("The worker is replaced: %s", reason)
        self._tired = reason
        if self._run is None:
            self._kill()

    def _has_printed(self, data: bytes) -> None:
        self._printed.feed(data, self._child.node if self._child is not None else None)

    # ---- what it is told

    def _put(self, question: Callable[[int], orders.Question]) -> asyncio.Future[Any]:
        assert self._child is not None
        number, answer = self._questions.new()
        self._child.send(frames.frame(question(number)))
        return answer

    async def _ask(self, question: Callable[[int], orders.Question]) -> Any:
        await self.ready()
        return await self._put(question)

    def _stop(self, run: Portions) -> None:
        if not run.stopping and run is self._run and self._child is not None:
            run.stopping = True
            self._child.send(frames.frame(orders.Stop(self._job)))

    def _end_by_force(self, run: Portions) -> None:
        if run is self._run:
            run.killed = True
            self._kill()

    def _kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._renew_packs()

    def _renew_packs(self) -> asyncio.Future[Packs]:
        """Have whoever asks for the packs from now on wait for those that will be imported next."""
        if self._packs is None or self._packs.done():
            self._packs = asyncio.get_running_loop().create_future()
        return self._packs


def _this_machine(torch: str = "") -> Device:
    return Device("cpu", "cpu", None, host_memory.total_memory(), host_memory.free_memory(), torch)
