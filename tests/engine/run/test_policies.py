"""What each policy keeps from one run to the next."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.api import OUTER, Expand, Graph, Link
from engine.api import node as declare
from engine.run.cache import Layers, MemoryCache, NoCache
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.policies import CachePolicy, cache_for
from engine.run.result import Result
from tests.engine.run.lab import Lab, graph, use
from tests.engine.run.toys import Value, add, number


@declare("Twice")
def twice(a: int) -> Value | Expand:
    """Adds 1 two times, each a node."""
    one, two = use("Add", a=Link(OUTER, "a")), use("Add", a="@one.value")
    return Expand(graph(one=one, two=two), Link("two", "value"))


@declare("Counting")
def counting(steps: int) -> Value | Expand:
    """A chain of so many steps."""
    nodes = {"1": use("Add", a=0)}
    nodes |= {str(step): use("Add", a=f"@{step - 1}.value") for step in range(2, steps + 1)}
    return Expand(Graph(nodes), Link(str(steps), "value"))


NODES: list[Callable[..., object]] = [number, add, twice]


def chain(start: int) -> Graph:
    return graph(n=use("Number", value=start), a=use("Add", a="@n.value"), b=use("Add", a="@a.value"))


def started(policy: CachePolicy, *starts: int) -> list[str]:
    """What runs of chains with these numbers start, one after the other."""
    lab = Lab(NODES, cache_for(policy))
    return ["".join(lab.run(chain(start), "b.value").started) for start in starts]


@pytest.mark.parametrize(
    ("policy", "runs"),
    [
        ("all", ["nab", "", "nab", "", ""]),
        ("classic", ["nab", "", "nab", "nab", "nab"]),
        ("none", ["nab", "nab", "nab", "nab", "nab"]),
        (3, ["nab", "", "nab", "", "nab"]),
        (6, ["nab", "", "nab", "", ""]),
    ],
)
def test_going_from_one_graph_to_another_and_back(policy: CachePolicy, runs: list[str]) -> None:
    assert started(policy, 1, 1, 2, 1, 2) == runs


def test_classic_keeps_what_graphs_have_in_common() -> None:
    lab = Lab(NODES, cache_for("classic"))
    lab.run(chain(1), "b.value")
    longer = Graph({**chain(1).nodes, "c": use("Add", a="@b.value")})

    assert lab.run(longer, "c.value").started == ["c"]


@pytest.mark.parametrize("policy", ["all", "classic", "none", 2, 100])
def test_nodes_turn_into_graphs_under_any_policy(policy: CachePolicy) -> None:
    lab = Lab(NODES, cache_for(policy))
    made = graph(n=use("Number", value=1), t=use("Twice", a="@n.value"))

    assert [lab.run(made, "t.value").value for _ in range(3)] == [3, 3, 3]


def test_classic_keeps_what_nodes_turned_into_for_the_next_run() -> None:
    lab = Lab([*NODES, counting], cache_for("classic"))
    first = lab.run(graph(v=use("Counting", steps=2)), "v.value")
    second = lab.run(graph(v=use("Counting", steps=3)), "v.value")

    assert (first.started, second.started) == (["v", "v/1", "v/2"], ["v", "v/3"])


def test_by_default_all_is_kept_in_memory_and_on_disk(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, Codec(NODES))

    assert isinstance(cache_for("all"), MemoryCache)
    assert isinstance(cache_for("all", disk=disk), Layers)
    assert isinstance(cache_for("none", disk=disk), NoCache)


# ---- letting go


@pytest.mark.parametrize("policy", ["all", "classic", 10])
@pytest.mark.parametrize(
    ("models", "results", "left"),
    [
        (True, False, ["value"]),
        (False, True, ["model"]),
        (True, True, []),
        (False, False, ["model", "value"]),
    ],
)
def test_models_and_other_results_can_be_let_go_of(
    policy: CachePolicy, models: bool, results: bool, left: list[str]
) -> None:
    cache = cache_for(policy)
    cache.put("model", Result({"a": 1}), 1.0, "model")
    cache.put("value", Result({"a": bytes(1000)}), 1.0)
    before = cache.kept()
    cache.clear(models=models, results=results)
    after = cache.kept()

    assert [key for key in ("model", "value") if key in cache] == left
    assert (before.models > 0, before.results > 1000) == (True, True)
    assert (after.models > 0, after.results > 0) == ("model" in left, "value" in left)


def test_files_stay_when_memory_is_let_go_of(tmp_path: Path) -> None:
    cache = cache_for("all", disk=DiskCache(tmp_path, Codec(NODES), file_seconds=0))
    cache.put("value", Result({"a": 1}), 1.0)
    cache.flush()
    cache.clear(models=True, results=True)

    assert cache.at_hand("value") is None
    assert cache.get("value") == Result({"a": 1})
