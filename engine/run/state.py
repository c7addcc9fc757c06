"""What of a run is done, being done and still to do. It moves tasks about and never calls a node.

Not safe for several threads: `execute` guards it. Nothing here recurses, so neither long chains nor deep expansions
have a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from time import perf_counter

from engine.graph.graph import Link
from engine.graph.spec import Literal_
from engine.graph.values import OUTER, Blocked
from engine.run.cache import Cache
from engine.run.events import Event, NodeBlocked, NodeExpanded, NodeFinished
from engine.run.kinds import Kind, Kinds, Lane
from engine.run.literals import as_taken
from engine.run.plan import Plan, plan_more
from engine.run.result import Many, Result
from engine.run.tasks import OpenGrowth, OpenPart, Scope, Source, Status, Task
from engine.run.workers import WAITING


class State:
    """The tasks of one run.

    - Takes plans in, wiring each task to those that it reads; two tasks of one key are one.
    - Gives out tasks that are ready, the newest first, so that values need not be kept for long; each lane has room
      for only so many at a time.
    - Takes results in, telling readers, and drops each value once nobody needs it.
    - Plans more when a node asks for a lazy input, turns into a graph, or a cached result proves damaged.
    """

    def __init__(self, kinds: Kinds, cache: Cache, post: Callable[[Event], None], threads: int) -> None:
        self.kinds = kinds
        self.cache = cache
        self.post = post
        self.running = 0
        self.ran = 0
        self.cached = 0
        self.wanted: list[Task] = []
        self._live: dict[str, Task] = {}
        self._unplanned: dict[Task, None] = {}
        self._ready: dict[Lane, list[Task]] = {"device": [], "waiting": [], "host": []}
        self._room: dict[Lane, int] = {"device": 1, "waiting": WAITING, "host": threads}

    # ---- plans

    def adopt(self, scope: Scope, plan: Plan) -> None:
        """Take in the plan for the graph that was given."""
        self._take_in(scope, plan.steps, plan.cached)
        self._plan_the_unplanned()
        self.wanted = [scope.tasks[id] for id in plan.wanted]
        for link in plan.targets:
            scope.tasks[link.node].uses += 1

    def _take_in(self, scope: Scope, steps: Iterable[str], cached: Collection[str]) -> None:
        ready: list[Task] = []
        for id in steps:
            task = self._task(scope, id)
            if task.status is Status.NEW:
                self._wire(task, id in cached)
                if task.waiting == 0:
                    ready.append(task)
        for task in reversed(ready):
            self._make_ready(task)

    def _task(self, scope: Scope, id: str) -> Task:
        """The task for a node; another node's where that has the same key."""
        task = scope.tasks.get(id)
        if task is not None and task.status is not Status.DROPPED:
            return task
        key = scope.keys[id]
        twin = self._live.get(key)
        if twin is None:
            task = Task(scope, id, self.kinds[scope.graph.nodes[id].kind], key)
            scope.tasks[id] = self._live[key] = task
            return task
        scope.tasks[id] = twin
        if twin.status is Status.FINISHED:
            self.post(NodeFinished(scope.path + id, 0.0, from_cache=True))
        else:
            twin.twins.append(scope.path + id)
        return twin

    def _wire(self, task: Task, from_cache: bool) -> None:
        task.status = Status.WAITING
        task.from_cache = from_cache
        if from_cache:
            return
        kind = task.kind
        task.inputs = dict(kind.defaults)
        for name, value in task.scope.graph.nodes[task.id].inputs.items():
            if not isinstance(value, Link):
                task.inputs[name] = _literal(kind, name, value)
            elif name in kind.lazy:
                task.unasked[name] = value
                self._hold(task, value)
            else:
                self._connect(task, name, value)

    def _connect(self, task: Task, name: str, link: Link) -> None:
        source, output = self._source(task.scope, link)
        task.links.append((name, source, output))
        source.uses += 1
        if source.result is None:
            source.readers.append(task)
            task.waiting += 1

    def _source(self, scope: Scope, link: Link) -> tuple[Source, str]:
        scope, link = _home(scope, link)
        if link.node == OUTER:
            return scope.given[link.output], VALUE
        task = self._task(scope, link.node)
        if task.status is Status.NEW:
            self._unplanned[task] = None
        return task, task.kind.output_names[link.output]

    def _hold(self, task: Task, link: Link) -> None:
        """Keep what a lazy input may ask for, if it is there or on its way anyway."""
        source = self._known(task.scope, link)
        if source is not None:
            source.uses += 1
            task.held.append(source)

    def _known(self, scope: Scope, link: Link) -> Source | None:
        scope, link = _home(scope, link)
        source = scope.given[link.output] if link.node == OUTER else scope.tasks.get(link.node)
        return None if source is None or source.status is Status.DROPPED else source

    def _plan_the_unplanned(self) -> None:
        while self._unplanned:
            task, _ = self._unplanned.popitem()
            if task.status is not Status.NEW:
                continue
            scope = task.scope

            def is_there(id: str, scope: Scope = scope) -> bool:
                known = scope.tasks.get(id)
                if known is None or known.status is Status.DROPPED:
                    return scope.keys[id] in self.cache
                if known.status is Status.NEW:
                    return not known.missed and known.key in self.cache
                return True

            steps, there = plan_more(scope.graph, self.kinds.registry, [task.id], is_there)
            self._take_in(scope, steps, there)

    # ---- giving tasks out

    def _make_ready(self, task: Task) -> None:
        self._ready["host" if task.from_cache or task.growth else task.kind.lane].append(task)

    def take(self) -> Task | None:
        """A task that is ready and for which there is room, or None. Whoever takes it must give it back."""
        for lane, ready in self._ready.items():
            if ready and self._room[lane]:
                self._room[lane] -= 1
                self.running += 1
                return ready.pop()
        return None

    @property
    def has_more(self) -> bool:
        """Whether `take` would give one."""
        return any(ready and self._room[lane] for lane, ready in self._ready.items())

    def stop(self) -> None:
        """Give out no more."""
        for ready in self._ready.values():
            ready.clear()

    def inputs(self, task: Task) -> dict[str, object]:
        """What to call the task's node with. A lazy input is among it if its value happens to be there."""
        inputs = task.inputs.copy()
        for name, source, output in task.links:
            inputs[name] = _value(source, output)
        for name, link in task.unasked.items():
            source = self._known(task.scope, link)
            if source is not None and source.result is not None:
                value = _value(*self._source(task.scope, link))
                if not isinstance(value, Blocked):
                    inputs[name] = value
        return inputs
