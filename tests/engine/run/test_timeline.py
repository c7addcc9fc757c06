"""When what was done: noted by the threads of a run, packed, and read again."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from engine.api import Published, node
from engine.graph.declared import spec_of
from engine.run import timeline
from engine.run.cache import MemoryCache
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.events import RunFinished
from engine.run.kinds import Kind
from engine.run.policies import cache_for
from engine.run.timeline import Timeline, Timing, unpacked
from tests.engine.run.lab import Lab, Outcome, graph, use
from tests.engine.run.toys import Value, add, number, show


@node("Load", pinned=True)
def load(seconds: float) -> Value:
    """Takes its time, as a model does."""
    time.sleep(seconds)
    return 1


@node("Compute", device=True)
def compute(a: int, seconds: float) -> Value:
    """Takes its time on the device."""
    time.sleep(seconds)
    return a


@node("Keep")
def keep(a: int) -> Published:
    """Keeps it."""
    return Published((), {"text": (str(a),)})


@node("Break")
def break_down(a: int) -> Value:
    """Fails."""
    raise ValueError("broken")


def lab(cache: MemoryCache | None = None) -> Lab:
    return Lab([number, add, show, load, compute, keep, break_down], cache or MemoryCache())


def noted(outcome: Outcome) -> Timeline:
    last = outcome.events[-1]
    assert isinstance(last, RunFinished)
    return unpacked(last.timeline)


def test_loading_computing_and_saving_are_told_apart() -> None:
    nodes = graph(
        l=use("Load", seconds=0.02), c=use("Compute", a="@l.value", seconds=0.01), k=use("Keep", a="@c.value")
    )
    line = noted(lab().run(nodes))

    assert [(span.node, span.what) for span in line.spans] == [("l", "load"), ("c", "compute"), ("k", "save")]
    spans = {span.node: span for span in line.spans}
    assert spans["l"].end - spans["l"].begin >= 0.02
    assert 0 <= spans["l"].begin < spans["l"].end <= spans["c"].begin < spans["c"].end <= line.seconds
    assert spans["c"].end - spans["c"].begin >= 0.01


def test_who_waits_for_the_device_is_seen_waiting() -> None:
    nodes = graph(
        n=use("Number"),
        one=use("Compute", a="@n.value", seconds=0.02),
        other=use("Compute", a="@n.value", seconds=0.03),
        s=use("Show", a="@one.value"),
        t=use("Show", a="@other.value"),
    )
    spans = noted(lab().run(nodes)).spans

    (waited,) = (span for span in spans if span.what == "wait")
    (other,) = (
        span for span in spans if span.what == "compute" and span.node in {"one", "other"} - {waited.node}
    )
    (own,) = (span for span in spans if span.what == "compute" and span.node == waited.node)
    assert waited.begin <= other.end <= waited.end == pytest.approx(own.begin, abs=1e-4)


def test_a_node_that_fails_and_one_that_comes_from_the_cache_are_no_exception() -> None:
    broken = noted(
        lab().run(graph(n=use("Number"), b=use("Break", a="@n.value"), s=use("Show", a="@b.value")))
    )
    place = lab()
    nodes = graph(n=use("Number"), s=use("Show", a="@n.value"))
    place.run(nodes)
    again = noted(place.run(nodes))

    assert [span.node for span in broken.spans] == ["n", "b"]
    assert again.spans == ()


def test_reading_a_kept_result_from_the_disk_is_loading(tmp_path: Path) -> None:
    nodes = graph(
        l=use("Compute", a=1, seconds=0.01), a=use("Add", a="@l.value"), s=use("Show", a="@a.value")
    )

    def ran() -> Outcome:
        disk = DiskCache(tmp_path, Codec([compute]))
        return Lab([number, add, show, compute], cache_for("all", MemoryCache(), disk)).run(nodes)

    ran()
    outcome = ran()
    assert next((span.node, span.what) for span in noted(outcome).spans) == ("l", "load")


def test_memory_is_looked_at_now_and_then() -> None:
    line = noted(lab().run(graph(l=use("Load", seconds=0.02), k=use("Keep", a="@l.value"))))

    assert len(line.memory) >= 1
    assert all(0 <= at <= line.seconds and held > 2**20 for at, held in line.memory)


def kind_of_number() -> Kind:
    return Kind(spec_of(number), number)


def test_ten_thousand_nodes_fit_into_a_few_hundred_kilobytes() -> None:
    timing, kind = Timing("cpu", 0.0), kind_of_number()
    for at in range(10_000):
        timing.called(f"node-{at}", kind, 0.0, at * 0.01, at * 0.01 + 0.009)
    packed = timing.packed(100.0)

    assert len(unpacked(packed).spans) == 10_000
    assert len(packed) < 400_000


def test_of_too_many_the_longest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST", 100)
    timing, kind = Timing("cpu", 0.0), kind_of_number()
    for at in range(10_000):
        timing.called(str(at), kind, 0.0, float(at), at + (0.5 if at % 1000 == 0 else 1e-4))
    kept = unpacked(timing.packed(10_000.0)).spans

    assert len(kept) <= 100
    assert {span.node for span in kept if span.end - span.begin > 0.1} == {
        str(at) for at in range(0, 10_000, 1000)
    }


def test_looks_at_the_memory_become_rarer_in_a_long_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MOST_LOOKS", 50)
    timing, kind = Timing("cpu", 0.0), kind_of_number()
    for at in range(5000):
        timing.called(str(at), kind, 0.0, float(at), at + 0.5)
    looks = unpacked(timing.packed(5000.0)).memory

    assert 10 < len(looks) <= 50
    assert looks[-1][0] > 2500


def test_each_thread_is_a_lane() -> None:
    timing, kind = Timing("cpu", 0.0), kind_of_number()
    timing.called("here", kind, 0.0, 0.0, 1.0)
    other = threading.Thread(target=timing.called, args=("there", kind, 0.0, 0.5, 1.5))
    other.start()
    other.join()
    timing.called("here again", kind, 0.0, 2.0, 3.0)

    spans = unpacked(timing.packed(3.0)).spans
    assert [(span.node, span.lane) for span in spans] == [("here", 0), ("there", 1), ("here again", 0)]
