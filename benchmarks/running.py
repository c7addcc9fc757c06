"""Run trivial nodes, and run them again: what the engine costs beside the work, and what it saves."""

from __future__ import annotations

from benchmarks.graphs import FUNCTIONS, SHAPES, WORKERS, chain, with_last_changed
from benchmarks.report import Row
from benchmarks.timing import side_by_side
from engine.backends.inline import Inline
from engine.graph.graph import Graph
from engine.run.cache import MemoryCache
from engine.run.events import RunFinished

TITLE = "Run"
NODES = 3_000
MOST_MICROSECONDS, MOST_MILLISECONDS = 60, 30
CHAINS = ((10, 0.5, 0.25), (1_000, 40, 8), (10_000, 400, 100))  # nodes; milliseconds fresh, and cached
SMALL = 100  # so few nodes take so little time that it takes more rounds to see it
BARE = {"Number": (0,), "Add": (1, 1), "Show": (1, 1)}  # what the bare calls are given


def run_all(graph: Graph, cache: MemoryCache) -> int:
    """Everything from the graph to the last event, checks included; how many nodes ran."""
    *_, last = Inline(WORKERS, cache).run(graph)
    assert isinstance(last, RunFinished)
    assert last.status == "done"
    return last.ran


def call_all(graph: Graph) -> None:
    """The same calls without an engine."""
    for node in graph.nodes.values():
        FUNCTIONS[node.kind](*BARE[node.kind])


def measure() -> list[Row]:
    """Chains as a server gets them; for each shape of graph: from nothing; and again, with another last node too."""
    rows = [_of_size(*reach) for reach in CHAINS]
    for name, shape in SHAPES.items():
        graph = shape(NODES)
        rows += [_from_nothing(name, graph), _again(name, graph)]
    return rows


def _of_size(size: int, most_fresh: float, most_cached: float) -> Row:
    graph, empty, full = chain(size), MemoryCache(), MemoryCache()
    run_all(graph, full)

    def run_fresh() -> None:
        empty.clear(models=True, results=True)
        run_all(graph, empty)

    fresh, cached = side_by_side(run_fresh, lambda: run_all(graph, full), rounds=25 if size < SMALL else 9)
    return Row(
        work=f"chain of {size:,}, from checking to the last event: fresh; cached",
        measured=f"{fresh * 1e3:.2f} ms; {cached * 1e3:.2f} ms",
        reach=f"under {most_fresh} ms; {most_cached} ms",
        reached=fresh * 1e3 < most_fresh and cached * 1e3 < most_cached,
    )


def _from_nothing(name: str, graph: Graph) -> Row:
    ours, bare = side_by_side(lambda: run_all(graph, MemoryCache()), lambda: call_all(graph))
    above = (ours - bare) / NODES * 1e6
    return Row(
        work=f"{name}: {NODES:,} trivial nodes, from checking to the last event",
        measured=f"{above:.0f} us a node above the bare calls ({bare / NODES * 1e6:.2f} us)",
        reach=f"under {MOST_MICROSECONDS} us",
        reached=above < MOST_MICROSECONDS,
    )


def _again(name: str, graph: Graph) -> Row:
    cache = MemoryCache()
    run_all(graph, cache)
    changed = iter([with_last_changed(graph, tag) for tag in range(NODES, NODES + 20)])
    ran_again = {run_all(graph, cache)}
    ran_changed: set[int] = set()

    def run_changed() -> None:
        ran_changed.add(run_all(next(changed), cache))

    unchanged, last_changed = side_by_side(lambda: ran_again.add(run_all(graph, cache)), run_changed)
    return Row(
        work=f"{name}: {NODES:,} nodes again; with the last one changed",
        measured=f"{unchanged * 1e3:.0f} ms, runs {ran_again}; {last_changed * 1e3:.0f} ms, runs {ran_changed}",
        reach=f"under {MOST_MILLISECONDS} ms; runs {{1}}",
        reached=max(unchanged, last_changed) * 1e3 < MOST_MILLISECONDS
        and ran_changed == {1}
        and ran_again == {0},
    )
