"""Running a plan as a generator of events. The threads that do it are the crew's."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from time import perf_counter
from typing import Literal, TypeAlias

from engine.graph.graph import Link
from engine.run.cache import Cache
from engine.run.crew import Crew
from engine.run.events import Event, NodeFailed, RunFinished, RunStarted
from engine.run.inbox import Cancel, Inbox, Message, Over
from engine.run.plan import Plan, spared
from engine.run.result import Many
from engine.run.tasks import value_of
from engine.run.timeline import Timing
from engine.run.workers import Workers

QUIET = 0.002  # seconds without any news after which no node at work counts as quick

Values: TypeAlias = Mapping[Link, object]


def run(
    plan: Plan,
    workers: Workers,
    cache: Cache,
    inbox: Inbox | None = None,
    provenance: Mapping[str, str] | None = None,
    request: Mapping[str, object] | None = None,
) -> Generator[Event, None, Values]:
    """Run a plan, yielding what happens. Closing the iterator cancels the run.

    What the generator returns are the values of the plan's targets: lists where an output gives several, and none
    at all if the run did not get there.

    Args:
        plan: What to do.
        workers: Who does it.
        cache: Where results come from and go to.
        inbox: To cancel the run, or to ask for previews, from elsewhere. It serves one run.
        provenance: Texts that nodes write into the files they make.
        request: What the run was asked for with, for `Context.request`.
    """
    start = perf_counter()
    inbox = inbox or Inbox()
    timing = Timing(workers.device, start)
    crew = Crew(plan, workers, cache, inbox, provenance or {}, request or {}, timing)
    status: Literal["done", "failed", "cancelled"] = "done"
    try:
        cache.begin(plan.keys.values())
        yield RunStarted(plan.will_run, spared(plan, workers.registry))
        crew.start()
        while not isinstance(message := _news(inbox, crew), Over):
            if isinstance(message, Cancel):
                crew.stop()
                continue
            if isinstance(message, NodeFailed):
                status = "failed"
            yield message
        if status == "done" and not crew.finished:
            status = "cancelled"
        values = _values(crew, plan) if status == "done" else {}
        end = perf_counter()
        yield RunFinished(status, end - start, crew.state.ran, crew.state.cached, timing.packed(end))
        return values
    finally:
        crew.close()
        cache.flush()


def _news(inbox: Inbox, crew: Crew) -> Message:
    message = inbox.get_within(QUIET)
    if message is None:
        crew.nudge()
        message = inbox.get()
    return message


def _values(crew: Crew, plan: Plan) -> Values:
    values: dict[Link, object] = {}
    for link in plan.targets:
        task = crew.scope.tasks[link.node]
        value = value_of(task, task.kind.output_names[link.output])
        values[link] = list(value.items) if isinstance(value, Many) else value
    return values
