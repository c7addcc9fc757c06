from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, NamedTuple

import pytest

from engine.api import Graph, Link, Node, Output, node
from engine.graph.declared import spec_of
from engine.graph.registry import Registry, registry_of
from engine.run.keys import KeyMemory, Origin, keys
from tests.engine.run.lab import graph, use

Value = Annotated[int, Output("value")]


@node("Number")
def number(value: int = 0) -> Value:
    """A number."""
    return value


@node("Any")
def anything(value: Any = None) -> Value:
    """Anything."""
    return 0


@node("Real")
def real(value: float = 0.0) -> Value:
    """A real number."""
    return 0


@node("Reals")
def reals(values: list[float]) -> Value:
    """Real numbers."""
    return 0


@node("Add")
def add(a: int, b: int = 1) -> Value:
    """Two numbers added."""
    return a + b


class Pair(NamedTuple):
    """Two numbers."""

    first: int
    second: int


@node("Pair")
def pair(a: int = 0) -> Pair:
    """A pair."""
    return Pair(a, a)


@node("Show")
def show(a: int = 0) -> None:
    """Shows it."""


@node("Compute", device=True)
def compute(a: int = 0) -> Value:
    """Computes."""
    return a


REGISTRY = registry_of(spec_of(each) for each in (number, anything, real, reals, add, pair, show, compute))


def key(nodes: Node | Graph, id: str = "x", registry: Registry = REGISTRY, **options: Any) -> str:
    whole = nodes if isinstance(nodes, Graph) else graph(x=nodes)
    return keys(whole, registry, **options)[id]


SAME: list[tuple[str, Node, Node]] = [
    ("a default written out or left out", use("Number"), use("Number", value=0)),
    ("a real number written as a whole one", use("Real", value=7), use("Real", value=7.0)),
    ("real numbers in a list", use("Reals", values=(1, 2.0)), use("Reals", values=(1.0, 2))),
    ("titles and notes", use("Number", value=1), Node("Number", {"value": 1}, "One", {"position": (1, 2)})),
    ("the order of inputs", use("Add", a=1, b=2), use("Add", b=2, a=1)),
    ("the order of a mapping", use("Any", value={"a": 1, "b": 2}), use("Any", value={"b": 2, "a": 1})),
]

DIFFERENT: list[tuple[str, Node, Node]] = [
    ("values", use("Number", value=1), use("Number", value=2)),
    ("1 and 1.0", use("Any", value=1), use("Any", value=1.0)),
    ("1 and True", use("Any", value=1), use("Any", value=True)),
    ("0.0 and -0.0", use("Real", value=0.0), use("Real", value=-0.0)),
    ("a number and its text", use("Any", value=1), use("Any", value="1")),
    ("None and its text", use("Any", value=None), use("Any", value="None")),
    ("nothing and no text", use("Any", value=None), use("Any", value="")),
    ("flat and nested", use("Any", value=(1, (2,))), use("Any", value=((1, 2),))),
    ("texts that join alike", use("Any", value=("a", "bc")), use("Any", value=("ab", "c"))),
    ("a text like an end", use("Any", value=("a;s1:b",)), use("Any", value=("a", "b"))),
    ("which input", use("Add", a=1, b=2), use("Add", a=2, b=1)),
    ("kinds", use("Number", value=1), use("Real", value=1)),
    ("lone surrogates", use("Any", value="\ud800"), use("Any", value="\ud801")),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_what_means_the_same_has_one_key(one: Node, other: Node) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_what_differs_has_two_keys(one: Node, other: Node) -> None:
    assert key(one) != key(other)


CHAIN = graph(a=use("Number", value=1), b=use("Add", a="@a.value"), x=use("Add", a="@b.value"))


def test_a_change_above_changes_every_key_below() -> None:
    changed = graph(**{**CHAIN.nodes, "a": use("Number", value=2)})
    before, after = keys(CHAIN, REGISTRY), keys(changed, REGISTRY)

    assert [before[id] == after[id] for id in "abx"] == [False] * 3


def test_renaming_and_unrelated_nodes_change_nothing() -> None:
    renamed = graph(
        q=use("Number", value=1), r=use("Add", a="@q.value"), s=use("Add", a="@r.value"), z=use("Show")
    )

    assert key(CHAIN) == key(renamed, "s")


def test_the_order_in_the_file_changes_nothing() -> None:
    backwards = Graph(dict(reversed(list(CHAIN.nodes.items()))))

    assert keys(backwards, REGISTRY) == keys(CHAIN, REGISTRY)
    assert list(keys(backwards, REGISTRY)) == ["a", "b", "x"]


def test_outputs_are_told_apart_and_have_one_name_each() -> None:
    def reading(output: str | int) -> str:
        return key(graph(p=use("Pair"), x=Node("Add", {"a": Link("p", output)})))

    assert reading("first") == reading(0)
    assert reading("second") == reading(1)
    assert reading("first") != reading("second")


def test_a_node_that_does_something_has_a_key_of_its_own() -> None:
    named = keys(graph(a=use("Show"), b=use("Show"), c=use("Number"), d=use("Number")), REGISTRY)

    assert named["a"] != named["b"]
    assert named["c"] == named["d"]


def test_a_new_version_is_another_key() -> None:
    newer = registry_of([replace(REGISTRY["Number"], version=2)])

    assert key(use("Number")) != key(use("Number"), registry=newer)


def test_a_changed_default_is_another_key() -> None:
    (value,) = REGISTRY["Number"].inputs
    changed = registry_of([replace(REGISTRY["Number"], inputs=(replace(value, default=5),))])

    assert key(use("Number")) != key(use("Number"), registry=changed)


def test_the_device_counts_for_nodes_that_compute_on_it() -> None:
    assert key(use("Compute"), device="cpu") != key(use("Compute"), device="cuda")
    assert key(use("Number"), device="cpu") == key(use("Number"), device="cuda")


def test_the_state_of_files_counts() -> None:
    def with_file(state: str) -> str:
        return key(use("Number"), fingerprints={"x": {"value": state}})

    assert len({key(use("Number")), with_file("1:2"), with_file("1:3")}) == 3


def test_a_link_to_the_outside_counts_as_what_it_stands_for() -> None:
    inside = graph(x=use("Add", a="@...a"))
    origin = Origin({("..", "a"): "i5;"}, "outer/")

    assert key(inside, origin=origin) == key(use("Add", a=5))


def test_a_node_that_is_the_same_and_reads_the_same_has_the_key_it_had() -> None:
    sums = {"b": use("Add", a="@a.value"), "c": use("Add", a="@b.value", b=2), "s": use("Show", a="@c.value")}
    before = graph(a=use("Number", value=1), **sums)
    changed = replace(before, nodes={**before.nodes, "b": use("Add", a="@a.value", b=5)})
    moved = replace(before, nodes={"a": use("Number", value=2), **{id: before.nodes[id] for id in "bcs"}})
    memory = KeyMemory()

    for each in (before, changed, before, moved):
        for _ in range(2):
            assert keys(each, REGISTRY, memory=memory) == keys(each, REGISTRY)


def test_what_a_node_reads_beside_its_inputs_is_never_remembered() -> None:
    nodes, memory = graph(a=use("Number", value=1)), KeyMemory()
    states: list[dict[str, dict[str, str]]] = [{"a": {"": "old"}}, {"a": {"": "new"}}, {}]
    found = [keys(nodes, REGISTRY, outside, memory=memory)["a"] for outside in states]

    assert found == [keys(nodes, REGISTRY, outside)["a"] for outside in states]
    assert len(set(found)) == 3


def test_equal_nodes_that_are_run_for_what_they_do_keep_keys_of_their_own() -> None:
    show, memory = use("Show", a=1), KeyMemory()
    nodes = graph(one=show, other=show)

    for _ in range(2):
        found = keys(nodes, REGISTRY, memory=memory)
        assert found["one"] != found["other"]
