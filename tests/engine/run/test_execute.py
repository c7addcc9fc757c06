from __future__ import annotations

import asyncio
import threading
import time
from typing import Annotated, Any, NamedTuple

import pytest

from engine.api import Blocked, Context, Output, Published, node
from engine.graph.problems import GraphInvalid
from engine.run.cache import MemoryCache, NoCache
from engine.run.events import (
    NodeBlocked,
    NodeFinished,
    RunFinished,
    RunStarted,
)
from engine.run.files import Files
from tests.engine.run.lab import Lab, collect, graph, link, use, workers
from tests.engine.run.toys import Value, add, number, show


@node("Fail")
def fail(a: int) -> Value:
    """Always fails."""
    raise ValueError(f"{a} is no good")


class Halves(NamedTuple):
    """Quotient and remainder."""

    quotient: int
    remainder: int


@node("Divide")
def divide(a: int, b: int) -> Halves:
    """Divide with remainder."""
    return Halves(*divmod(a, b))


def lab(**options: Any) -> Lab:
    return Lab([number, add, fail, divide, show], **options)


CHAIN = graph(a=use("Number", value=3), b=use("Add", a="@a.value"), c=use("Add", a="@b.value", b=10))


def test_a_chain_gives_the_value_at_its_end() -> None:
    outcome = lab().run(CHAIN, "c.value")

    assert (outcome.value, outcome.status, outcome.started) == (14, "done", ["a", "b", "c"])


def test_a_run_begins_with_its_plan_and_ends_with_its_count() -> None:
    outcome = lab().run(CHAIN, "c.value")

    assert outcome.events[0] == RunStarted(("a", "b", "c"), ())
    last = outcome.events[-1]
    assert isinstance(last, RunFinished)
    assert (last.ran, last.cached) == (3, 0)


def test_running_again_runs_nothing() -> None:
    here = lab()
    here.run(CHAIN, "c.value")
    again = here.run(CHAIN, "c.value")

    assert (again.value, again.started, again.from_cache) == (14, [], ["c"])


def test_a_change_runs_only_what_depends_on_it() -> None:
    here = lab()
    here.run(CHAIN, "c.value")
    changed = graph(**{**CHAIN.nodes, "c": use("Add", a="@b.value", b=20)})
    outcome = here.run(changed, "c.value")

    assert (outcome.value, outcome.started, outcome.from_cache) == (24, ["c"], ["b"])


def test_going_back_to_an_earlier_graph_runs_nothing() -> None:
    here = lab()
    here.run(CHAIN, "c.value")
    here.run(graph(**{**CHAIN.nodes, "a": use("Number", value=4)}), "c.value")

    assert here.run(CHAIN, "c.value").started == []


def test_only_what_the_targets_need_is_run() -> None:
    outcome = lab().run(graph(**CHAIN.nodes, other=use("Fail", a=1)), "b.value")

    assert (outcome.value, outcome.started) == (4, ["a", "b"])


def test_without_targets_the_nodes_that_do_something_are_run() -> None:
    outcome = lab().run(graph(**CHAIN.nodes, s=use("Show", a="@a.value")))

    assert (outcome.started, outcome.values) == (["a", "s"], {})


def test_several_outputs_are_read_by_name_and_by_number() -> None:
    twice = graph(d=use("Divide", a=17, b=5), e=use("Add", a="@d.quotient", b="@d.1"))

    assert lab().run(twice, "e.value").value == 5


def test_several_targets_of_one_node_are_all_given() -> None:
    outcome = lab().run(graph(d=use("Divide", a=17, b=5)), "d.quotient", "d.remainder")

    assert list(outcome.values.values()) == [3, 2]


def test_a_failing_node_keeps_what_had_finished() -> None:
    here = lab()
    broken = graph(a=use("Number", value=3), f=use("Fail", a="@a.value"), s=use("Show", a="@f.value"))
    outcome = here.run(broken)

    assert outcome.status == "failed"
    assert here.run(broken).from_cache == ["a"]


def test_a_failure_names_node_inputs_and_the_authors_own_lines() -> None:
    failure = lab().run(graph(f=use("Fail", a=5)), "f.value").failure

    assert (failure.path, failure.kind, failure.error, failure.message) == (
        "f",
        "Fail",
        "ValueError",
        "5 is no good",
    )
    assert failure.inputs == (("a", "5"),)
    assert len(failure.frames) == 1
    assert failure.frames[0].endswith(" fail")
    assert "Traceback" in failure.traceback


def test_two_nodes_of_one_kind_with_one_input_run_once() -> None:
    twins = graph(
        a=use("Number", value=3), b=use("Number", value=3), c=use("Add", a="@a.value", b="@b.value")
    )
    outcome = lab().run(twins, "c.value")

    assert (outcome.value, outcome.started, outcome.from_cache) == (6, ["a", "c"], ["b"])


def test_two_equal_effects_are_both_run() -> None:
    outcome = lab().run(graph(a=use("Show", a=1), b=use("Show", a=1)))

    assert sorted(outcome.started) == ["a", "b"]


def test_independent_nodes_run_side_by_side() -> None:
    together = threading.Barrier(2, timeout=10)

    @node("Meet")
    def meet(a: int) -> Value:
        """Waits for another."""
        together.wait()
        return a

    both = graph(a=use("Meet", a=1), b=use("Meet", a=2), c=use("Add", a="@a.value", b="@b.value"))

    assert Lab([meet, add]).run(both, "c.value").value == 3


def test_nodes_that_compute_on_the_device_run_one_at_a_time() -> None:
    inside: list[int] = []
    most: list[int] = []

    @node("Compute", device=True)
    def compute(a: int) -> Value:
        """Counts who else is here."""
        inside.append(a)
        most.append(len(inside))
        time.sleep(0.01)
        inside.remove(a)
        return a

    many = graph(**{f"n{i}": use("Compute", a=i) for i in range(5)})

    Lab([compute]).run(many, *(f"n{i}.value" for i in range(5)))
    assert most == [1] * 5


def test_async_nodes_wait_beside_each_other() -> None:
    arrived: list[int] = []

    @node("Fetch")
    async def fetch(a: int) -> Value:
        """Waits until all twenty are here."""
        arrived.append(a)
        while len(arrived) < 20:
            await asyncio.sleep(0.001)
        return a

    many = graph(**{f"n{i}": use("Fetch", a=i) for i in range(20)})
    outcome = Lab([fetch], workers=workers(threads=1)).run(many, *(f"n{i}.value" for i in range(20)))

    assert list(outcome.values.values()) == list(range(20))


def test_a_blocked_value_skips_what_reads_it_and_nothing_else() -> None:
    @node("Gate")
    def gate(a: int) -> Value | Blocked:
        """Lets nothing through."""
        return Blocked(f"{a} is too much")

    skipping = graph(
        g=use("Gate", a=9), b=use("Add", a="@g.value"), s=use("Show", a="@b.value"), t=use("Show", a=1)
    )
    outcome = Lab([gate, add, show]).run(skipping)

    blocked = [(event.path, event.reason) for event in outcome.events if isinstance(event, NodeBlocked)]
    assert blocked == [("b", "9 is too much"), ("s", "9 is too much")]
    assert (outcome.status, sorted(outcome.started)) == ("done", ["g", "t"])


def test_values_are_dropped_once_nobody_needs_them() -> None:
    class Heavy:
        alive = 0

        def __init__(self) -> None:
            Heavy.alive += 1

        def __del__(self) -> None:
            Heavy.alive -= 1

    @node("Make")
    def make(after: int) -> Annotated[Any, Output("heavy")]:
        """Makes a heavy value."""
        return Heavy()

    @node("Weigh")
    def weigh(heavy: Any) -> Value:
        """Says how many there are."""
        return Heavy.alive

    line = {}
    for i in range(10):
        line[f"m{i}"] = use("Make", after=f"@w{i - 1}.value" if i else 0)
        line[f"w{i}"] = use("Weigh", heavy=f"@m{i}.heavy")
    outcome = Lab([make, weigh], cache=NoCache()).run(graph(**line), *(f"w{i}.value" for i in range(10)))

    assert outcome.failures == []
    assert list(outcome.values.values()) == [1] * 10
    assert Heavy.alive == 0


def test_a_cached_result_that_is_gone_when_it_is_wanted_is_made_again() -> None:
    class Forgetful(MemoryCache):
        def get(self, key: str) -> None:
            return None

        at_hand = get

    here = lab(cache=Forgetful())
    here.run(CHAIN, "c.value")

    outcome = here.run(CHAIN, "c.value")
    assert (outcome.value, outcome.started) == (14, ["a", "b", "c"])


def test_an_effect_runs_again_when_its_file_is_gone(tmp_path: Any) -> None:
    @node("Write")
    def write(text: str, ctx: Context) -> Published:
        """Writes a text."""
        return ctx.files.publish("note", ".txt", "text/plain", lambda path: path.write_text(text))

    here = Lab([write], workers=workers(files=Files(tmp_path, tmp_path / "temp", tmp_path / "state")))
    note = graph(w=use("Write", text="hello"))
    first = here.run(note)
    again = here.run(note)
    (tmp_path / "note_00001_.txt").unlink()
    third = here.run(note)

    assert (first.started, again.started, third.started) == (["w"], [], ["w"])
    (finished,) = [event for event in again.events if isinstance(event, NodeFinished)]
    assert finished.published is not None
    assert finished.published.files[0].name == "note_00001_.txt"


def test_a_fault_of_the_engine_ends_the_run_with_a_number() -> None:
    class Broken(MemoryCache):
        def put(self, *args: object, **kwargs: object) -> int:
            raise RuntimeError("the cache is broken")

    outcome = lab(cache=Broken()).run(CHAIN, "c.value")

    assert (outcome.status, outcome.failure.error) == ("failed", "InternalError")
    assert "the cache is broken" in outcome.failure.message


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_a_long_chain_and_a_wide_fan_run_to_the_end(threads: int) -> None:
    nodes = {"0": use("Number", value=0)}
    for i in range(1, 3000):
        nodes[str(i)] = use("Add", a=f"@{i - 1}.value")
    for i in range(3000):
        nodes[f"f{i}"] = use("Add", a="@0.value", b=i)
    here = lab(workers=workers(threads=threads))
    outcome = here.run(graph(**nodes), "2999.value", *(f"f{i}.value" for i in range(3000)))

    assert list(outcome.values.values()) == [2999, *range(3000)]


# ---- targets by id


def test_only_the_nodes_that_are_named_are_run_and_what_they_need() -> None:
    made = graph(
        n=use("Number", value=1), s=use("Show", a="@n.value"), t=use("Show", a=2), u=use("Show", a=3)
    )
    running = lab().inline.run(made, ["s", "u"])

    assert sorted(collect(running).started) == ["n", "s", "u"]


def test_what_is_wrong_elsewhere_does_not_matter_then() -> None:
    made = graph(s=use("Show", a=1), broken=use("Show"), unknown=use("Nothing"))

    assert collect(lab().inline.run(made, ["s"])).started == ["s"]


def test_a_node_that_is_named_is_run_though_it_shows_nothing() -> None:
    made = graph(n=use("Number", value=1), a=use("Add", a="@n.value"), s=use("Show", a="@a.value"))

    assert collect(lab().inline.run(made, ["a"])).started == ["n", "a"]


@pytest.mark.parametrize(("target", "problem"), [("x", "DanglingLink"), ("f", "MissingInput")])
def test_a_node_that_cannot_be_run_is_a_problem(target: str, problem: str) -> None:
    made = graph(n=use("Number"), s=use("Show", a="@n.value"), f=use("Show"))

    with pytest.raises(GraphInvalid) as caught:
        collect(lab().inline.run(made, [target]))
    assert type(caught.value.problems[0]).__name__ == problem


def test_values_and_nodes_may_be_wanted_together() -> None:
    made = graph(
        n=use("Number", value=1), s=use("Show", a="@n.value"), a=use("Add", a="@n.value"), t=use("Show", a=9)
    )
    outcome = collect(lab().inline.run(made, ["s", link("a.value")]))

    assert (outcome.value, sorted(outcome.started)) == (2, ["a", "n", "s"])
