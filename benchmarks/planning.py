"""Check, key and plan large graphs: the work before anything runs, which must grow with the graph and no faster."""

from __future__ import annotations

from functools import partial

from benchmarks.graphs import SHAPES, WORKERS, chain, written_backwards
from benchmarks.report import Row
from benchmarks.timing import side_by_side
from engine.graph.graph import Graph
from engine.run.cache import NoCache
from engine.run.prepare import prepare, runnable

TITLE = "Validate + key + plan"
SMALL, LARGE = 1_000, 10_000
MOST = (100, 12)  # milliseconds, and times as many as for the small graph
MOST_BACKWARDS = (150, 15)  # our own bound for the worst order


def decide(graph: Graph) -> None:
    """All that happens before the first node runs."""
    WORKERS.key_memory.clear()  # each time as if the graph had never been seen
    plan = prepare(runnable(graph, WORKERS.registry), WORKERS, NoCache())
    assert len(plan.steps) == len(graph.nodes)


def measure() -> list[Row]:
    """A row for each shape of graph, the two sizes taking turns; and one for a graph in the worst order."""
    rows = [_row(name, shape(SMALL), shape(LARGE), MOST) for name, shape in SHAPES.items()]
    small, large = written_backwards(chain(SMALL)), written_backwards(chain(LARGE))
    return [*rows, _row("chain, written backwards", small, large, MOST_BACKWARDS)]


def _row(name: str, small: Graph, large: Graph, most: tuple[int, int]) -> Row:
    of_small, of_large = side_by_side(partial(decide, small), partial(decide, large))
    growth = of_large / of_small
    return Row(
        work=f"{name}: {LARGE:,} nodes",
        measured=f"{of_large * 1e3:.0f} ms; {growth:.1f}x of {SMALL:,} nodes ({of_small * 1e3:.1f} ms)",
        reach=f"under {most[0]} ms, at most {most[1]}x",
        reached=of_large * 1e3 < most[0] and growth <= most[1],
    )
