from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import pytest

from engine.api import Graph, ModelFile, Node, Output, node
from engine.graph.declared import spec_of
from engine.graph.registry import Registry, registry_of
from engine.run.keys import keys
from engine.run.plan import Plan, plan
from engine.run.record import (
    Record,
    read_record,
    record,
    record_file,
    records,
    remembered,
    write_record,
)
from engine.run.why import (
    AlwaysRuns,
    DeviceChanged,
    FileChanged,
    FirstRun,
    FromCache,
    InputChanged,
    NotKept,
    UpstreamChanged,
    VersionChanged,
    Why,
    explain,
)
from tests.engine.run.lab import graph, use

Value = Annotated[int, Output("value")]


@node("Number")
def number(value: int = 0) -> Value:
    """A number."""
    return value


@node("Add", device=True)
def add(a: int, b: int = 1) -> Value:
    """Two numbers added."""
    return a + b


@node("Read")
def read(name: Annotated[str, ModelFile("texts")]) -> Value:
    """A number from a file."""
    return 0


@node("Show")
def show(a: int = 0) -> None:
    """Shows it."""


REGISTRY = registry_of(spec_of(each) for each in (number, add, read, show))

LINE = graph(
    a=use("Number", value=1),
    b=use("Add", a="@a.value"),
    c=use("Add", a="@b.value", b=2),
    s=use("Show", a="@c.value"),
)


@dataclass(frozen=True)
class World:
    """What a run may find otherwise than the last one did."""

    graph: Graph = LINE
    registry: Registry = REGISTRY
    device: str = "cpu"
    file: str = "1:1"

    def plan(self, cached: str = "") -> Plan:
        outside = {id: {"name": self.file} for id, node in self.graph.nodes.items() if node.kind == "Read"}
        names = keys(self.graph, self.registry, outside, self.device)
        there = {names[id] for id in cached}
        return plan(self.graph, self.registry, names, there.__contains__, outside=outside)

    def record(self) -> Record:
        return record(self.plan(), self.registry, self.device)

    def why(self, before: World | None, cached: str = "") -> dict[str, Why]:
        plan = self.plan(cached)
        old = before.record() if before else None
        of_records = dict(explain(plan, self.registry, self.device, old))
        if before is not None:  # what a server keeps instead says the same
            kept = records(before.plan(), before.registry, before.device)
            assert dict(explain(plan, self.registry, self.device, kept)) == of_records
        return of_records


def with_node(id: str, changed: Node) -> World:
    return World(graph=Graph({**LINE.nodes, id: changed}))


def test_at_first_everything_runs_for_the_first_time() -> None:
    assert World().why(None) == dict.fromkeys("abcs", FirstRun())


def test_an_input_that_changed_is_named_and_so_is_the_way_to_it() -> None:
    assert with_node("a", use("Number", value=5)).why(World()) == {
        "a": InputChanged("value", "1", "5"),
        "b": UpstreamChanged(("a",)),
        "c": UpstreamChanged(("b", "a")),
        "s": UpstreamChanged(("c", "b", "a")),
    }


def test_a_link_that_moved_is_an_input_that_changed() -> None:
    moved = with_node("c", use("Add", a="@a.value", b=2))

    assert moved.why(World(), cached="a")["c"] == InputChanged("a", "node b, value", "node a, value")


def test_a_link_that_moved_to_the_same_thing_is_no_change() -> None:
    renamed = {"z": LINE.nodes["a"], **LINE.nodes, "b": use("Add", a="@z.value")}

    assert World(graph=Graph(renamed)).why(World(), cached="c")["c"] == FromCache()


def test_a_literal_that_became_a_link_is_named_both_ways() -> None:
    linked = with_node("c", use("Add", a="@b.value", b="@a.value"))

    assert linked.why(World())["c"] == InputChanged("b", "2", "node a, value")


def test_what_is_in_the_cache_comes_from_there() -> None:
    assert World().why(World(), cached="c") == {"c": FromCache(), "s": AlwaysRuns()}


def test_what_has_not_changed_but_is_gone_was_not_kept() -> None:
    assert World().why(World(), cached="a")["b"] == NotKept()


def test_a_new_version_of_a_node_is_told() -> None:
    newer = registry_of(
        [*(spec for spec in REGISTRY.values() if spec.id != "Add"), replace(REGISTRY["Add"], version=2)]
    )

    assert World(registry=newer).why(World(), cached="a")["b"] == VersionChanged("Add 1", "Add 2")


def test_another_device_is_told() -> None:
    assert World(device="cuda").why(World(), cached="a")["b"] == DeviceChanged("cpu", "cuda")


def test_a_file_that_changed_is_told() -> None:
    reading = graph(r=use("Read", name="x"), s=use("Show", a="@r.value"))

    assert World(reading, file="2:2").why(World(reading)) == {
        "r": FileChanged("name"),
        "s": UpstreamChanged(("r",)),
    }


def test_a_new_node_in_an_old_graph_runs_for_the_first_time() -> None:
    assert with_node("t", use("Show", a=3)).why(World(), cached="c")["t"] == FirstRun()


@pytest.mark.parametrize(
    ("why", "text"),
    [
        (InputChanged("text", '"a"', '"b"'), """its input 'text' was "a" and is "b\""""),
        (UpstreamChanged(("3",)), "node 3 above it has changed"),
        (UpstreamChanged(("5", "4", "3")), "node 3 above it has changed (by way of 5, 4)"),
        (FileChanged("image"), "the file at 'image' has changed"),
        (NotKept(), "nothing has changed, but its result was not kept"),
    ],
)
def test_every_reason_is_told_in_words(why: Why, text: str) -> None:
    assert why.describe() == text


def test_a_chain_of_ten_thousand_is_explained() -> None:
    def chain(start: int) -> World:
        nodes = {"0": use("Number", value=start)}
        nodes |= {str(i): use("Add", a=f"@{i - 1}.value") for i in range(1, 10_000)}
        return World(Graph({**nodes, "s": use("Show", a="@9999.value")}))

    why = chain(2).why(chain(1))["s"]

    assert isinstance(why, UpstreamChanged)
    assert (why.way[0], why.way[-1]) == ("9999", "0")


def test_records_are_worked_out_when_somebody_asks() -> None:
    kept = records(World().plan(), REGISTRY, "cpu")

    assert (len(kept), list(kept), "b" in kept, "z" in kept) == (4, ["a", "b", "c", "s"], True, False)
    assert dict(kept) == World().record()


def test_a_change_above_a_cached_node_is_found_too() -> None:
    wide = graph(a=use("Number", value=1), b=use("Add", a="@a.value"), s=use("Show", a="@b.value"))
    changed = Graph({**wide.nodes, "a": use("Number", value=2)})

    assert World(changed).why(World(wide), cached="ab")["s"] == UpstreamChanged(("b", "a"))


def test_what_did_not_finish_is_remembered_as_it_was_before() -> None:
    before, now = World().record(), with_node("a", use("Number", value=5)).record()
    kept = remembered(before, now, {"c", "s"})

    assert [kept[id].key == before[id].key for id in "abcs"] == [False, False, True, True]
    assert "c" not in remembered(None, now, {"c"})


def test_a_record_survives_a_restart(tmp_path: Path) -> None:
    path = record_file(tmp_path, tmp_path / "graph.json")
    write_record(path, World().record())

    assert read_record(path) == World().record()


def test_each_file_has_a_record_of_its_own(tmp_path: Path) -> None:
    assert record_file(tmp_path, Path("a/graph.json")) != record_file(tmp_path, Path("b/graph.json"))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": {"kind": 5}}'])
def test_a_damaged_record_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(content)

    assert read_record(path) is None
    assert read_record(tmp_path / "none.json") is None
