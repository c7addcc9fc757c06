from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated

import pytest

from engine.api import Context, Output, node
from engine.graph.problems import GraphInvalid
from engine.run.execute import run
from engine.run.plan import Plan
from tests.engine.run.lab import Lab, collect, graph, link, use
from tests.engine.run.toys import add, number


@node("Whose")
def whose(tag: int, *, ctx: Context) -> Annotated[str, Output("text")]:
    """What it was told of where it comes from."""
    return str(dict(ctx.provenance))


BOTH: list[Callable[..., object]] = [number, add, whose]


def test_an_invalid_graph_raises_before_anything_runs() -> None:
    with pytest.raises(GraphInvalid) as caught:
        Lab(BOTH).run(graph(a=use("Add"), b=use("Nothing")), "a.value")

    assert [type(problem).__name__ for problem in caught.value.problems] == ["MissingInput", "UnknownNode"]


def test_the_plan_is_told_before_it_is_carried_out() -> None:
    plans: list[Plan] = []
    running = Lab(BOTH).inline.run(graph(n=use("Number")), [link("n.value")], planned=plans.append)
    next(running)

    assert [plan.steps for plan in plans] == [("n",)]
    assert collect(running).status == "done"


def test_where_a_graph_comes_from_is_given_to_its_nodes() -> None:
    running = Lab(BOTH).inline.run(graph(w=use("Whose", tag=1)), [link("w.text")], provenance={"weft": "{}"})

    assert collect(running).value == "{'weft': '{}'}"


def test_runs_side_by_side_share_one_cache() -> None:
    inline = Lab(BOTH).inline
    nodes = {"0": use("Number")} | {str(i): use("Add", a=f"@{i - 1}.value") for i in range(1, 300)}
    outcomes: list[object] = []

    def run_once() -> None:
        outcomes.append(collect(inline.run(graph(**nodes), [link("299.value")])).value)

    threads = [threading.Thread(target=run_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes == [299] * 4


def test_a_plan_may_be_made_now_and_carried_out_later() -> None:
    inline = Lab(BOTH).inline
    plan = inline.plan(graph(n=use("Number", value=3)), [link("n.value")])

    assert collect(run(plan, inline.workers, inline.cache)).value == 3


def test_threads_serve_one_run_after_the_other() -> None:
    def run_twenty() -> None:
        nodes = {f"n{i}": use("Number", value=i) for i in range(20)}
        Lab(BOTH).run(graph(**nodes), *(f"n{i}.value" for i in range(20)))

    run_twenty()
    before = threading.active_count()
    for _ in range(10):
        run_twenty()

    assert threading.active_count() <= before + 3  # of the four that a run may have
