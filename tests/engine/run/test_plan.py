from __future__ import annotations

from dataclasses import dataclass

import pytest

from engine.api import Graph, Lazy, Node, node
from engine.graph.declared import spec_of
from engine.graph.registry import registry_of
from engine.run.keys import keys
from engine.run.order import in_order
from engine.run.plan import plan, plan_more, spared
from tests.engine.run.lab import graph, link, use
from tests.engine.run.toys import Value, add, number


@node("If")
def choose(condition: bool, yes: Lazy[int], no: Lazy[int]) -> Value:
    """One of two."""
    return yes.get() if condition else no.get()


@node("Show")
def show(a: int = 0) -> None:
    """Shows it."""


REGISTRY = registry_of(spec_of(each) for each in (number, add, choose, show))

CHAIN = {"a": use("Number", value=1), "b": use("Add", a="@a.value"), "c": use("Add", a="@b.value")}


@dataclass(frozen=True)
class Case:
    """A graph, what the cache has, what is wanted, and what has to be run and loaded."""

    name: str
    nodes: dict[str, Node]
    targets: str = ""
    cached: str = ""
    runs: str = ""
    loads: str = ""


CASES = [
    Case("everything at first", CHAIN, "c", "", "abc"),
    Case("nothing above what is there", CHAIN, "c", "b", "c", "b"),
    Case("nothing at all if the end is there", CHAIN, "c", "ab c", "", "c"),
    Case("no more than what is wanted", CHAIN, "b", "", "ab"),
    Case(
        "each once, however many read it",
        {**CHAIN, "d": use("Add", a="@a.value", b="@c.value")},
        "d",
        "",
        "abcd",
    ),
    Case(
        "one way is there, the other is not",
        {**CHAIN, "d": use("Add", a="@a.value", b="@c.value")},
        "d",
        "c",
        "ad",
        "c",
    ),
    Case(
        "what does something, where nothing is named", {**CHAIN, "s": use("Show", a="@a.value")}, "", "", "as"
    ),
    Case("several targets", CHAIN, "ac", "", "abc"),
    Case(
        "lazy inputs wait until they are asked for",
        {
            **CHAIN,
            "i": use("If", condition=True, yes="@a.value", no="@c.value"),
            "d": use("Add", a="@i.value"),
        },
        "d",
        "",
        "id",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_has(case: Case) -> None:
    whole = Graph(case.nodes)
    names = keys(whole, REGISTRY)
    cached = {names[id] for id in case.cached if id in names}
    made = plan(whole, REGISTRY, names, cached.__contains__, [link(f"{id}.value") for id in case.targets])

    assert "".join(made.will_run) == case.runs
    assert "".join(id for id in made.steps if id in made.cached) == case.loads


def test_later_plans_leave_out_what_is_there() -> None:
    steps, there = plan_more(Graph(CHAIN), REGISTRY, ["c"], lambda id: id == "a")

    assert (steps, there) == (["a", "b", "c"], {"a"})


@pytest.mark.parametrize("backwards", [False, True])
def test_a_chain_of_ten_thousand_is_planned_without_recursion(backwards: bool) -> None:
    nodes = {"0": use("Number")} | {str(i): use("Add", a=f"@{i - 1}.value") for i in range(1, 10_000)}
    whole = Graph(dict(reversed(nodes.items())) if backwards else nodes)
    made = plan(whole, REGISTRY, keys(whole, REGISTRY), lambda key: False, [link("9999.value")])

    assert made.steps == tuple(map(str, range(10_000)))


def test_neighbours_stay_together_in_the_order() -> None:
    reads = {
        "end": ["left 2", "right 2"],
        "left 2": ["left 1"],
        "right 2": ["right 1"],
        "left 1": [],
        "right 1": [],
    }

    assert in_order(["end"], reads.__getitem__) == ["right 1", "right 2", "left 1", "left 2", "end"]


def test_a_graph_plans_nothing_it_was_not_asked_for() -> None:
    whole = graph(**CHAIN)

    assert plan(whole, REGISTRY, keys(whole, REGISTRY), lambda key: False).steps == ()


@pytest.mark.parametrize(
    ("nodes", "cached", "need_not_run"),
    [
        (CHAIN, "c", "abc"),
        (CHAIN, "b", "ab"),
        (CHAIN, "", ""),
        ({**CHAIN, "d": use("Add", a="@a.value", b=7)}, "c", "bc"),
        (
            {"n": use("Number"), **CHAIN, "i": use("If", condition=True, yes="@c.value", no="@n.value")},
            "i",
            "i",
        ),
    ],
)
def test_what_only_kept_results_need_need_not_run(
    nodes: dict[str, Node], cached: str, need_not_run: str
) -> None:
    whole = graph(**nodes)
    names = keys(whole, REGISTRY)
    kept = {names[id] for id in cached}
    ends = [id for id in "cdi" if id in nodes and not (id == "c" and "i" in nodes)]
    made = plan(whole, REGISTRY, names, kept.__contains__, ends)

    assert spared(made, REGISTRY) == tuple(id for id in whole.nodes if id in need_not_run)
