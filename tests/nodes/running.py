"""Run graphs with the real nodes and a tiny checkpoint, in a folder of the test's own."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.backends.inline import Inline
from engine.formats.read import read_any
from engine.graph.edit import with_input
from engine.graph.graph import Graph, Link
from engine.packs.load import Loaded, load_packs
from engine.packs.source import builtin
from engine.run.cache import MemoryCache
from engine.run.events import Event
from engine.run.files import Files
from engine.run.folders import Folders
from engine.run.workers import Workers
from ldm.checkpoint import save_model
from tests.ldm.tiny import tiny_model

ROOT = Path(__file__).parents[2]
TINY = "tiny.safetensors"


@cache
def loaded() -> Loaded:
    """Weft's own nodes."""
    return load_packs([builtin(ROOT / "nodes")])


@dataclass(frozen=True)
class Outcome:
    """What happened, and the values that were asked for."""

    events: list[Event]
    values: dict[Link, object]


@dataclass(frozen=True)
class House:
    """A place to run graphs in: models, input, output, one cache."""

    folder: Path
    backend: Inline

    def run(self, graph: Graph, *targets: Link) -> Outcome:
        """Run a graph to its end."""
        events: list[Event] = []
        running = self.backend.run(graph, targets)
        while True:
            try:
                events.append(next(running))
            except StopIteration as end:
                return Outcome(events, dict(end.value))


def house(folder: Path) -> House:
    """A house with the tiny checkpoint."""
    save_model(tiny_model(), folder / "models" / "checkpoints" / TINY)
    (folder / "input").mkdir()
    workers = Workers(
        loaded().registry,
        loaded().functions,
        Folders(folder / "models", folder / "input"),
        Files(folder / "output", folder / "temp", folder / "state"),
    )
    return House(folder, Inline(workers, MemoryCache()))


def workflow(name: str) -> Graph:
    """A graph of `workflows/`, on the tiny checkpoint where it loads one."""
    graph, problems = read_any(ROOT / "workflows" / f"{name}.json")
    assert problems == []
    for id, node in graph.nodes.items():
        if node.kind in ("CheckpointLoaderSimple", "unCLIPCheckpointLoader"):
            graph = with_input(graph, id, "ckpt_name", TINY)
    return graph
