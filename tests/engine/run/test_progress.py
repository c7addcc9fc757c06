from __future__ import annotations

import asyncio
import threading
import time
from typing import Annotated

from engine.api import Cancelled, Context, Output, node
from engine.run.events import NodePreviewed, NodeProgressed
from engine.run.inbox import Inbox
from tests.engine.run.lab import Lab, graph, use

Value = Annotated[int, Output("value")]


@node("Number")
def number(value: int = 0) -> Value:
    """A number."""
    return value


@node("Show")
def show(a: int) -> None:
    """Shows it."""


@node("Steps")
def steps(count: int, ctx: Context) -> Value:
    """Takes steps."""
    total = 0
    for step in ctx.track(range(count)):
        total += step
    return total


def test_progress_is_told_from_nothing_to_the_last_step() -> None:
    outcome = Lab([steps]).run(graph(a=use("Steps", count=5)), "a.value")
    told = [(event.done, event.total) for event in outcome.events if isinstance(event, NodeProgressed)]

    assert (told[0], told[-1]) == ((0, 5), (5, 5))


def test_previews_are_offered_only_if_asked_for() -> None:
    unasked = Lab([steps]).run(graph(a=use("Steps", count=5)), "a.value")
    asked = Lab([steps]).run(graph(a=use("Steps", count=5)), "a.value", inbox=Inbox(previews=True))

    assert [event for event in unasked.events if isinstance(event, NodePreviewed)] == []
    assert [event.value for event in asked.events if isinstance(event, NodePreviewed)][:1] == [0]


def test_cancelling_stops_a_node_at_its_next_step_and_keeps_what_had_finished() -> None:
    inbox = Inbox()

    @node("Endless")
    def endless(a: int, ctx: Context) -> Value:
        """Goes on until cancelled."""
        for _ in ctx.track(iter(int, 1)):
            inbox.cancel()
        return a

    here = Lab([number, endless])
    waiting = graph(a=use("Number", value=1), e=use("Endless", a="@a.value"))
    outcome = here.run(waiting, "e.value", inbox=inbox)

    assert (outcome.status, outcome.failures, outcome.values) == ("cancelled", [], {})
    assert here.run(waiting, "a.value").started == []


def test_closing_the_iterator_cancels_the_run() -> None:
    left = threading.Event()

    @node("Endless")
    def endless(ctx: Context) -> Value:
        """Goes on until cancelled."""
        try:
            for _ in ctx.track(iter(int, 1)):
                time.sleep(0.001)
        finally:
            left.set()
        return 0

    running = Lab([endless, show]).inline.run(graph(e=use("Endless"), s=use("Show", a="@e.value")))
    for event in running:
        if isinstance(event, NodeProgressed):
            break
    running.close()

    assert left.is_set()


def test_an_async_node_is_cancelled_while_it_waits() -> None:
    inbox = Inbox()

    @node("Sleep")
    async def sleep() -> Value:
        """Sleeps for long."""
        inbox.cancel()
        await asyncio.sleep(1000)
        return 0

    assert Lab([sleep]).run(graph(s=use("Sleep")), "s.value", inbox=inbox).status == "cancelled"


def test_cancelled_raised_by_a_node_that_nobody_cancelled_is_a_failure() -> None:
    @node("Quit")
    def quit_early() -> Value:
        """Raises Cancelled on its own."""
        raise Cancelled

    assert Lab([quit_early]).run(graph(q=use("Quit")), "q.value").failure.error == "Cancelled"
