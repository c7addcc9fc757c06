"""What of a graph with problems could be run."""

from __future__ import annotations

from engine.graph.cycles import cycles, sources
from engine.graph.problems import Cycle, MissingInput, NoOutputs, Problem
from engine.run.order import in_order_as_far_as_possible
from engine.run.soundness import unsound, without
from tests.engine.run.lab import graph, use

CHAIN = graph(
    a=use("Number"), b=use("Add", a="@a.value"), c=use("Add", a="@b.value"), d=use("Add", a="@a.value")
)
KNOT = graph(
    a=use("Add", a="@b.value"),
    b=use("Add", a="@a.value"),
    c=use("Add", a="@b.value"),
    d=use("Add", a="@c.value"),
    e=use("Number"),
)


def test_a_node_with_a_problem_takes_what_reads_it_with_it() -> None:
    reads = sources(CHAIN)
    order = in_order_as_far_as_possible(reads)

    assert unsound(order, reads, [MissingInput("b", "a", "int")]) == {"b": "b", "c": "b"}
    assert unsound(order, reads, [NoOutputs()]) == {}
    assert unsound(order, reads, [MissingInput("gone", "a", "int")]) == {}


def test_of_nodes_that_wait_for_one_another_and_what_is_behind_them_nothing_can_run() -> None:
    reads = sources(KNOT)
    problems: list[Problem] = [Cycle(members[0], members) for members in cycles(KNOT)]
    found = unsound(in_order_as_far_as_possible(reads), reads, problems)

    assert found.keys() == {"a", "b", "c", "d"}
    assert set(found.values()) <= {"a", "b"}
    assert without(KNOT, found).nodes.keys() == {"e"}


def test_an_order_leaves_out_only_what_cannot_be_ordered() -> None:
    assert in_order_as_far_as_possible(sources(KNOT)) == ["e"]
    order = in_order_as_far_as_possible(sources(CHAIN))
    assert sorted(order) == ["a", "b", "c", "d"]
    assert order.index("a") < order.index("b") < order.index("c")


def test_a_long_chain_is_no_trouble() -> None:
    chain = {"0": use("Number"), **{str(n): use("Add", a=f"@{n - 1}.value") for n in range(1, 20_000)}}
    reads = sources(graph(**chain))
    order = in_order_as_far_as_possible(reads)

    assert len(unsound(order, reads, [MissingInput("0", "value", "int")])) == 20_000


def test_a_graph_without_faults_stays_as_it_is() -> None:
    assert without(CHAIN, {}) is CHAIN
