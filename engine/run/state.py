"""What of a run is done, being done and still to do. It moves tasks about and never calls a node.

Not safe for several threads: `execute` guards it. Nothing here recurses, so neither long chains nor deep expansions
have a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from time import perf_counter

from engine.graph.graph import Link
from engine.graph.literals import thawed
from engine.graph.spec import Literal_
from engine.graph.values import OUTER, Blocked
from engine.run.cache import Cache
from engine.run.events import Event, NodeBlocked, NodeExpanded, NodeFinished
from engine.run.kinds import Kind, Kinds, Lane
from engine.run.literals import as_taken
from engine.run.memory import byte_size_of_all
from engine.run.plan import Plan, plan_more
from engine.run.result import Many, Result
from engine.run.tasks import NOTHING, VALUE, OpenGrowth, OpenPart, Scope, Source, Status, Task, value_of
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
        self.slow = 0  # of those that are running, how many are not known to be over at once
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
        done = self._done_before(scope, plan)
        steps = [id for id in plan.steps if id not in done] if done else plan.steps
        self._take_in(scope, steps, plan.cached)
        self._plan_the_unplanned()
        self.wanted = [scope.tasks[id] for id in plan.wanted if id not in done]
        for link in plan.targets:
            scope.tasks[link.node].uses += 1

    def _done_before(self, scope: Scope, plan: Plan) -> set[str]:
        """The nodes that were run for what they do, and have: nobody reads them, so they need no task."""
        done: set[str] = set()
        for id in plan.wanted:
            if id in plan.cached and not self.kinds[scope.graph.nodes[id].kind].output_names:
                result = self.cache.at_hand(plan.keys[id])
                if result is not None:
                    done.add(id)
                    self.post(NodeFinished(id, 0.0, result.published, from_cache=True))
        self.cached += len(done)
        return done

    def _take_in(self, scope: Scope, steps: Iterable[str], cached: Collection[str]) -> None:
        ready: list[Task] = []
        for id in steps:
            task = self._task(scope, id)
            if task.status is Status.NEW:
                self._wire(task, id in cached)
                if task.waiting == 0 and task.result is None:
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
            twin.twins += (scope.path + id,)
        return twin

    def _wire(self, task: Task, from_cache: bool) -> None:
        task.status = Status.WAITING
        task.from_cache = from_cache
        if from_cache:
            at_hand = self.cache.at_hand(task.key)
            if at_hand is not None:
                self._finished(task, at_hand)
            return
        kind = task.kind
        inputs = dict(kind.defaults)
        links: list[tuple[str, Source, str]] = []
        for name, value in task.scope.graph.nodes[task.id].inputs.items():
            if not isinstance(value, Link):
                if name in kind.types or kind.spec.open_to_literals:  # others are nothing to the node
                    inputs[name] = _literal(kind, name, value)
            elif name in kind.raw:
                inputs[name] = value
            elif name in kind.lazy:
                task.unasked = {**task.unasked, name: value}
                self._hold(task, value)
            else:
                links.append((name, *self._connect(task, value)))
        task.inputs = inputs
        task.links = tuple(links)

    def _connect(self, task: Task, link: Link) -> tuple[Source, str]:
        source, output = self._source(task.scope, link)
        source.uses += 1
        if source.result is None:
            source.readers.append(task)
            task.waiting += 1
        return source, output

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
            task.held += (source,)

    def _known(self, scope: Scope, link: Link) -> Source | None:
        scope, link = _home(scope, link)
        known: Source | None = scope.tasks.get(link.node)
        if link.node == OUTER:
            known = scope.given[link.output]
        return None if known is None or known.status is Status.DROPPED else known

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
        # What is only read from the cache or gathered from an expansion does not compute.
        task.lane = "host" if task.from_cache or task.growth else task.kind.lane
        if task.lane == "device":
            task.ready = perf_counter()
        self._ready[task.lane].append(task)

    def take(self) -> Task | None:
        """A task that is ready and for which there is room, or None. Whoever takes it must give it back."""
        for lane, ready in self._ready.items():
            if ready and self._room[lane]:
                self._room[lane] -= 1
                self.running += 1
                task = ready.pop()
                task.quick = task.kind.quick and lane == "host" and not task.from_cache
                self.slow += not task.quick
                return task
        return None

    @property
    def has_more(self) -> bool:
        """Whether `take` would give one."""
        for lane, ready in self._ready.items():  # noqa: SIM110  (asked for every node: `any` takes twice as long)
            if ready and self._room[lane]:
                return True
        return False

    def stop(self) -> None:
        """Give out no more."""
        for ready in self._ready.values():
            ready.clear()

    def inputs(self, task: Task) -> dict[str, object]:
        """What to call the task's node with. A lazy input is among it if its value happens to be there."""
        inputs = dict(task.inputs)
        for name, source, output in task.links:
            inputs[name] = value_of(source, output)
        for name, link in task.unasked.items():
            known = self._known(task.scope, link)
            if known is not None and known.result is not None:
                value = value_of(*self._source(task.scope, link))
                if not isinstance(value, Blocked):
                    inputs[name] = value
        return inputs

    def working(self) -> int:
        """The bytes of results that somebody still needs and the cache does not keep."""
        here = [
            task for task in self._live.values() if task.result is not None and task.key not in self.cache
        ]
        return sum(byte_size_of_all(task.result.outputs.values()) for task in here if task.result)

    # ---- taking results in

    def finish(self, task: Task, result: Result, *, blocked: Blocked | None = None) -> None:
        """A task's result is there; the node was skipped if it was `blocked`."""
        self._take_back(task)
        self._finished(task, result, blocked)
        self._release_inputs(task)
        for source in task.held:
            self._release(source)
        task.held = ()
        task.growth = None
        if task.uses == 0:
            self._drop(task)

    def _finished(self, task: Task, result: Result, blocked: Blocked | None = None) -> None:
        task.result = result
        task.status = Status.FINISHED
        if task.from_cache:
            self.cached += 1
            self.post(NodeFinished(task.path, 0.0, result.published, from_cache=True))
        else:
            self.ran += 1
            seconds = perf_counter() - task.started
            if blocked is None:
                self.post(NodeFinished(task.path, seconds, result.published, False, task.size, task.peak))
            else:
                self.post(NodeBlocked(task.path, blocked.reason, not blocked.passed_on, task.kind.spec.id))
        for path in task.twins:
            self.post(NodeFinished(path, 0.0, from_cache=True))
        for reader in reversed(task.readers):
            self._found_one(reader)
        task.readers.clear()

    def grow(self, task: Task, growth: OpenGrowth) -> None:
        """A task's node turned into graphs; its result will be gathered from theirs."""
        self._take_back(task)
        task.growth = growth
        task.waiting += 1  # for this method to end: what it plans may be there at once
        for part in growth.open_parts:
            self._open(task, part)
        self._plan_the_unplanned()
        for part in growth.open_parts:
            for source in part.scope.given.values():
                if source.uses == 0:
                    self._drop(source)
        self._release_inputs(task)
        self._found_one(task)

    def _open(self, task: Task, part: OpenPart) -> None:
        scope, wanted = part.scope, part.wanted
        self.post(NodeExpanded(task.path, tuple(scope.path + id for id in scope.graph.nodes)))
        steps, there = plan_more(
            scope.graph, self.kinds.registry, wanted, lambda id: scope.keys[id] in self.cache
        )
        self._take_in(scope, steps, there)
        if there or len(steps) < len(scope.keys):
            # What is left out may be asked for later, and may then read what came in.
            for source in dict.fromkeys(scope.given.values()):
                source.uses += 1
                task.held += (source,)
        for name, link in part.outputs.items():
            part.sources[name] = self._source(scope, link)
            self._wait_for(task, part.sources[name][0])
        for id in part.effects:
            part.makers.append(scope.tasks[id])
            self._wait_for(task, scope.tasks[id])

    def _wait_for(self, task: Task, source: Source) -> None:
        task.held += (source,)
        source.uses += 1
        if source.result is None:
            source.readers.append(task)
            task.waiting += 1

    def need(self, task: Task, name: str) -> None:
        """A task's node asked for a lazy input: once it is there, the node is called again."""
        link = task.unasked[name]
        task.unasked = {other: link for other, link in task.unasked.items() if other != name}
        self._take_back(task)
        task.waiting += 1  # as above
        task.links += ((name, *self._connect(task, link)),)
        self._plan_the_unplanned()
        self._found_one(task)

    def miss(self, task: Task) -> None:
        """The cache does not have a task's result after all: it has to run."""
        self._take_back(task)
        task.status = Status.NEW
        task.missed = True
        task.started = 0.0
        self._unplanned[task] = None
        self._plan_the_unplanned()

    def give_up(self, task: Task) -> None:
        """A task will have no result."""
        self._take_back(task)

    def _take_back(self, task: Task) -> None:
        self.running -= 1
        self.slow -= not task.quick
        self._room[task.lane] += 1

    def _found_one(self, task: Task) -> None:
        task.waiting -= 1
        if task.waiting == 0 and task.status is Status.WAITING:
            self._make_ready(task)

    def _release_inputs(self, task: Task) -> None:
        for _, source, _ in task.links:
            self._release(source)
        task.links = ()
        task.inputs = NOTHING

    def _release(self, source: Source) -> None:
        source.uses -= 1
        if source.uses == 0:
            self._drop(source)

    def _drop(self, source: Source) -> None:
        if source.result is None:
            return
        source.result = None
        source.status = Status.DROPPED
        if isinstance(source, Task):
            self._live.pop(source.key, None)


def _home(scope: Scope, link: Link) -> tuple[Scope, Link]:
    """Where a link really comes from: what a node has not asked for itself stays with the graph around it."""
    while scope.asked and (link.node, link.output) in scope.asked:
        scope, link = scope.asked[link.node, link.output]
    return scope, link


def _literal(kind: Kind, name: str, value: Literal_) -> object:
    if kind.spec.style != "weft":
        return thawed(as_taken(kind.types[name], value) if name in kind.types else value)
    taken = as_taken(kind.types[name], value)
    return Many(taken) if name in kind.lists and isinstance(taken, tuple) else taken
