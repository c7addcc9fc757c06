"""`python -m tests.engine.run.resuming FOLDER`: a chain of slow steps, each told as it starts, kept in a folder."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from engine.api import OUTER, Expand, Graph, Link, node
from engine.backends.inline import Inline
from engine.graph.declared import spec_of
from engine.graph.registry import registry_of
from engine.run.cache import Layers, MemoryCache
from engine.run.codec import Codec
from engine.run.disk_cache import DiskCache
from engine.run.events import NodeStarted
from engine.run.workers import Workers
from tests.engine.run.lab import graph, link, use
from tests.engine.run.toys import Value

STEPS = 10
SECONDS = 0.1


@node("Step")
def step(a: int, index: int) -> Value:
    """Takes its time."""
    time.sleep(SECONDS)
    return a * 3 + index


@node("Steps")
def steps(start: int) -> Value | Expand:
    """All of them, one behind the other."""
    nodes = {"0": use("Step", a=Link(OUTER, "start"), index=0)}
    nodes |= {str(each): use("Step", a=f"@{each - 1}.value", index=each) for each in range(1, STEPS)}
    return Expand(Graph(nodes), Link(str(STEPS - 1), "value"))


def main(folder: Path) -> None:
    """Run it, telling what starts, and what came out."""
    functions = {spec_of(function).id: function for function in (step, steps)}
    workers = Workers(registry_of(map(spec_of, functions.values())), functions)
    cache = Layers(MemoryCache(), DiskCache(folder, Codec(functions.values())))
    running = Inline(workers, cache).run(graph(s=use("Steps", start=1)), [link("s.value")])
    while True:
        try:
            event = next(running)
        except StopIteration as end:
            print("value", *end.value.values(), flush=True)
            return
        if isinstance(event, NodeStarted):
            print(event.path, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
