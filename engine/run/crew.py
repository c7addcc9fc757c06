"""The threads of a run. They take the next ready node themselves, so that a chain of nodes never changes threads."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter

from engine.graph.values import Needed
from engine.run import memory
from engine.run.cache import Cache, Keep
from engine.run.call import Grown, blocked, blocked_by, call, partly_blocked
from engine.run.context import Cancelled, Context
from engine.run.events import NodeBlocked, NodeFailed, NodeStarted
from engine.run.expand import EndlessExpansion, gathered, opened
from engine.run.failure import failure
from engine.run.inbox import OVER, Inbox, NodeWatcher
from engine.run.kinds import QUICK, Kind
from engine.run.out_of_memory import with_room
from engine.run.plan import Plan
from engine.run.result import Result
from engine.run.state import State
from engine.run.tasks import OpenGrowth, Scope, Status, Task, circle
from engine.run.threads import THREADS, Job
from engine.run.timeline import Timing
from engine.run.workers import Workers

PATIENCE = 2.0  # seconds that a run which is closed waits for its nodes to stop

log = logging.getLogger(__name__)


class NotAsked(RuntimeError):
    """A node asked for a lazy input that it has no link for."""

    hint = "Ask only for inputs that are declared Lazy and connected."

    def __init__(self, input: str) -> None:
        super().__init__(f"It asked for the input '{input}', which nothing is connected to.")


class Crew:
    """The threads of one run.

    - Each takes a ready task, does it without holding the lock, and gives the result in before it takes another.
    - One that finds more tasks ready wakes another, or starts it; threads that find nothing wait.
    - While somebody is at a task that is known to be quick, nobody else is woken: handing the next one over would take
      longer than doing it. Should it not be quick after all, `nudge` gets the others to work.
    - The last one to find nothing posts `OVER`, and so does whatever goes wrong in the engine itself.
    """

    def __init__(
        self,
        plan: Plan,
        workers: Workers,
        cache: Cache,
        inbox: Inbox,
        provenance: Mapping[str, str],
        request: Mapping[str, object],
        timing: Timing,
    ) -> None:
        self.state = State(workers.kinds, cache, inbox.post, workers.threads)
        self.scope = Scope(plan.graph, plan.keys)
        self._plan = plan
        self._workers = workers
        self._cache = cache
        self._inbox = inbox
        self._timing = timing
        self._context = Context(
            workers.device,
            provenance,
            outputs=workers.files,
            inputs=workers.folders,
            request=request,
            dtype=workers.dtype,
        )
        self._condition = threading.Condition(threading.Lock())
        self._jobs: list[Job] = []
        self._idle = 0
        self._trusting = True
        self._over = False

    def start(self) -> None:
        """Set to work."""
        try:
            with self._condition:
                self.state.adopt(self.scope, self._plan)
                self._call_help()
        except Exception as error:  # a fault of the engine must not keep anybody waiting
            self._break_down(error)

    def stop(self) -> None:
        """Start no more nodes, and have those that run stop at their next step."""
        self._inbox.stopping = True
        with self._condition:
            self.state.stop()
            if not self.state.running:
                self._end()

    def close(self) -> None:
        """Stop, and wait a while for the threads to end. One that does not listen is left behind."""
        self.stop()
        deadline = perf_counter() + PATIENCE
        for job in self._jobs:
            job.wait(deadline - perf_counter())

    def nudge(self) -> None:
        """Nothing has happened for a while: whoever is at work is not as quick as was thought."""
        with self._condition:
            if self._trusting and self.state.running:
                self._trusting = False
                self._call_help()

    @property
    def finished(self) -> bool:
        """Whether everything that was wanted is there."""
        return all(task.status in (Status.FINISHED, Status.DROPPED) for task in self.state.wanted)

    # ---- what each thread does

    def _work(self) -> None:
        try:
            give_in: Callable[[], None] | None = None
            while True:
                with self._condition:
                    if give_in is not None:
                        give_in()
                        give_in = None  # it holds values, and this thread may now wait for long
                    task = self._next()
                    if task is None:
                        return
                    inputs = self.state.inputs(task)
                give_in = self._do(task, inputs)
                inputs = {}
        except BaseException as error:  # as above
            self._break_down(error)

    def _next(self) -> Task | None:
        while not self._over:
            task = None if self._waits_for_quick else self.state.take()
            if task is not None:
                self._call_help()
                return task
            if not self.state.running:
                self._end()
                return None
            self._idle += 1
            self._condition.wait()
            self._idle -= 1
        return None

    @property
    def _waits_for_quick(self) -> bool:
        return self._trusting and self.state.running > self.state.slow

    def _call_help(self) -> None:
        if not self.state.has_more:
            if not self.state.running:
                self._end()
        elif self._waits_for_quick:
            pass
        elif self._idle:
            self._condition.notify()
        else:
            self._jobs.append(THREADS.start(self._work))

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        if not self._inbox.stopping and not self.finished:
            self._inbox.post(self._endless())
        self._inbox.post(OVER)
        self._condition.notify_all()

    def _endless(self) -> NodeFailed:
        left = next(task for task in self.state.wanted if task.result is None)
        members = circle(left) or [left]
        paths = " -> ".join(task.path for task in [*members, members[0]][:12])
        error = EndlessExpansion(f"{len(members)} nodes wait for one another: {paths}.")
        return failure(members[0].path, members[0].kind.spec.id, error, {})

    def _break_down(self, error: BaseException) -> None:
        number = secrets.token_hex(2)
        log.error("Internal error %s", number, exc_info=error)
        hint = "This is a fault of Weft, not of your graph. What had finished is kept."
        event = failure("", "", error, {})
        self._inbox.stopping = True
        self._inbox.post(
            NodeFailed(
                "",
                "",
                "InternalError",
                f"Internal error {number}: {event.message}",
                (),
                (),
                hint,
                event.traceback,
            )
        )
        self._over = True
        self._inbox.post(OVER)

    # ---- a task

    def _do(self, task: Task, inputs: Mapping[str, object]) -> Callable[[], None]:
        """Do a task; what is returned gives the result in, and is to be called with the lock held."""
        task.started = task.started or perf_counter()
        if task.from_cache:
            kept = self._cache.get(task.key)
            self._timing.fetched(task.path, task.started, perf_counter())
            return partial(self.state.miss, task) if kept is None else partial(self.state.finish, task, kept)
        if task.growth is not None:
            result = gathered(task)
            self._keep(task, result)
            return partial(self.state.finish, task, result)
        by = blocked_by(task.kind, inputs)
        if by is not None:
            return partial(self.state.finish, task, blocked(task.kind, by), blocked=by)
        if not task.announced:
            task.announced = True
            self._inbox.post(NodeStarted(task.path, task.kind.spec.id))
        try:
            done = self._call(task, inputs)
        except Needed as needed:
            if needed.input in task.unasked:
                return partial(self.state.need, task, needed.input)
            return self._failed(task, NotAsked(needed.input), inputs)
        except BaseException as error:  # a node may do anything, leave by SystemExit included
            if isinstance(error, Cancelled) and self._inbox.stopping:
                return partial(self.state.give_up, task)
            return self._failed(task, error, inputs)
        if (by := partly_blocked(task.kind, inputs)) is not None:
            self._inbox.post(NodeBlocked(task.path, by.reason, kind=task.kind.spec.id))
        if isinstance(done, OpenGrowth):
            return partial(self.state.grow, task, done)
        self._keep(task, done)
        return partial(self.state.finish, task, done)

    def _call(self, task: Task, inputs: Mapping[str, object]) -> Result | OpenGrowth:
        kind, context = task.kind, self._context
        if kind.spec.context or kind.spec.is_async:
            context = context.for_node(task.path, NodeWatcher(task.path, self._inbox))
        unasked = task.unasked.keys() - inputs.keys() if task.unasked else ()
        measured = kind.lane == "device" and context.device != "cpu"
        if measured:
            memory.begin_peak(context.device)

        def attempt(variant: Kind) -> Result | Grown:
            if self._inbox.stopping:
                raise Cancelled
            return call(variant, inputs, context, unasked)

        started = perf_counter()
        try:
            returned = with_room(kind, attempt, self._cache, self._working, context.device)
        finally:
            ended = perf_counter()
            self._timing.called(task.path, kind, task.ready, started, ended)
        kind.quick = ended - started < QUICK
        task.peak = memory.peak(context.device) if measured else 0
        return returned if isinstance(returned, Result) else opened(task, returned, self._workers)

    def _working(self) -> int:
        with self._condition:
            return self.state.working()

    def _keep(self, task: Task, result: Result) -> None:
        spec, growth = task.kind.spec, task.growth
        gathers = spec.effect and spec.style == "weft"
        if growth and not gathers and any(part.effects for part in growth.open_parts):
            return  # its effects are to be looked after in every run
        # Of expansions within one another, the outermost and the innermost are enough on disk.
        nested = growth is not None and task.scope.depth > 0
        keep: Keep = "model" if spec.pinned else "in memory" if spec.effect or nested else "anywhere"
        task.size = self._cache.put(task.key, result, perf_counter() - task.started, keep)

    def _failed(self, task: Task, error: BaseException, inputs: Mapping[str, object]) -> Callable[[], None]:
        event = failure(task.path, task.kind.spec.id, error, inputs)

        def give_in() -> None:
            self.state.give_up(task)
            self.state.stop()
            self._inbox.stopping = True
            self._inbox.post(event)

        return give_in
