from __future__ import annotations

import threading
import time

from engine.api import node
from engine.run.kinds import QUICK
from engine.run.threads import Threads
from tests.engine.run.lab import Lab, graph, use
from tests.engine.run.toys import Value, add, number


def test_a_thread_serves_one_job_after_the_other() -> None:
    threads = Threads()
    names: list[int] = []
    for _ in range(5):
        assert threads.start(lambda: names.append(threading.get_ident())).wait(10)
        time.sleep(0.01)  # until it has come back

    assert len(set(names)) == 1


def test_jobs_that_wait_for_one_another_have_threads_of_their_own() -> None:
    threads = Threads()
    barrier = threading.Barrier(5)

    assert all([job.wait(10) for job in [threads.start(barrier.wait) for _ in range(5)]])


def test_a_job_that_does_not_end_is_left_behind() -> None:
    threads = Threads()
    gate = threading.Event()
    stuck = threads.start(gate.wait)

    assert not stuck.wait(0.01)
    assert threads.start(lambda: None).wait(10)
    gate.set()
    assert stuck.wait(10)


def test_waiting_twice_is_as_good_as_once() -> None:
    job = Threads().start(lambda: None)

    assert (job.wait(10), job.wait(10)) == (True, True)


def test_nodes_that_were_quick_and_no_longer_are_still_run_side_by_side() -> None:
    barrier = threading.Barrier(2)

    @node("Meet")
    def meet(a: int, tag: int) -> Value:
        """Waits for the other one, if there is one."""
        if tag:
            barrier.wait(20)
        return a

    lab = Lab([number, add, meet])
    lab.run(graph(n=use("Number"), m=use("Meet", a="@n.value", tag=0)), "m.value")
    kinds = lab.inline.workers.kinds
    made = graph(
        n=use("Number"), l=use("Meet", a="@n.value", tag=1), r=use("Meet", a="@n.value", tag=2),
        s=use("Add", a="@l.value", b="@r.value"),
    )  # fmt: skip
    for kind in ("Meet", "Number"):
        kinds[kind].quick = True
    outcome = lab.run(made, "s.value")

    assert (outcome.status, QUICK < 1) == ("done", True)


def test_a_wide_graph_of_trivial_nodes_is_done() -> None:
    nodes = {str(index): use("Add", a="@n.value", b=index) for index in range(500)}
    outcome = Lab([number, add]).run(
        graph(n=use("Number"), **nodes), *[f"{index}.value" for index in range(500)]
    )

    assert list(outcome.values.values()) == list(range(500))
