"""ComfyUI packs, written to disk, loaded as Weft loads them, and run by the real engine."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.backends.inline import Inline
from engine.graph.declared import spec_of
from engine.graph.graph import Graph
from engine.graph.registry import registry_of
from engine.graph.spec import NodeSpec
from engine.packs.comfy.places import places_below
from engine.packs.discover import discover
from engine.packs.load import Loaded, load_packs
from engine.run.cache import Cache, MemoryCache
from engine.run.events import NodeFinished
from engine.run.files import Files
from engine.run.folders import Folders
from engine.run.inbox import Inbox
from engine.run.workers import Workers
from tests.engine.packs.toys import write_packs
from tests.engine.run.lab import Outcome, collect, link

ANY = """
class AnyType(str):
    def __ne__(self, other):
        return False

any_type = AnyType("*")
"""


def v1(name: str, body: str, **attributes: object) -> str:
    """The code of a V1 class. Its FUNCTION is `run`, its output a "*", unless told otherwise."""
    usual: dict[str, object] = {"RETURN_TYPES": ("*",), "FUNCTION": "run", "CATEGORY": "toys"}
    lines = [f"    {key} = {value!r}" for key, value in {**usual, **attributes}.items()]
    methods = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return "\n".join([f"class {name}:", *lines, methods, "", ""])


def inputs(required: str = "", optional: str = "", hidden: str = "") -> str:
    """The code of INPUT_TYPES."""
    return (
        "@classmethod\ndef INPUT_TYPES(cls):\n"
        f"    return {{'required': {{{required}}}, 'optional': {{{optional}}}, 'hidden': {{{hidden}}}}}\n"
    )


def pack(*classes: str, head: str = "") -> str:
    """The code of a pack with these classes."""
    names = [
        line.split()[1].split("(")[0].rstrip(":")
        for code in classes
        for line in code.splitlines()
        if line.startswith("class ")
    ]
    listed = ", ".join(f"{name!r}: {name}" for name in names if name != "AnyType")
    return f"{head}\n{''.join(classes)}\nNODE_CLASS_MAPPINGS = {{{listed}}}\n"


@dataclass
class House:
    """A place with packs, to run graphs in; results are kept between runs."""

    root: Path
    loaded: Loaded
    natives: tuple[Callable[..., object], ...] = ()
    cache: Cache = field(default_factory=MemoryCache)

    def __post_init__(self) -> None:
        specs = [*self.loaded.registry.values(), *map(spec_of, self.natives)]
        own = {spec_of(each).id: each for each in self.natives}
        folders = Folders(self.root / "models", self.root / "input")
        files = Files(self.root / "output", self.root / ".weft" / "temp")
        workers = Workers(registry_of(specs), {**self.loaded.functions, **own}, folders, files)
        self.inline = Inline(workers, self.cache)

    def run(
        self,
        graph: Graph,
        *targets: str,
        inbox: Inbox | None = None,
        request: Mapping[str, object] | None = None,
        ids: tuple[str, ...] = (),
    ) -> Outcome:
        """Run a graph for some outputs, each written as `node.output`, or for what these nodes do."""
        wanted: list[Any] = [*(link(target) for target in targets), *ids]
        return collect(self.inline.run(graph, wanted, inbox, request=request))

    def value(self, graph: Graph, target: str) -> object:
        """The value of one output; whatever goes wrong is raised."""
        outcome = self.run(graph, target)
        assert outcome.failures == [], outcome.failure.traceback
        return outcome.value

    def spec(self, id: str) -> NodeSpec:
        """The spec of a node."""
        return self.loaded.registry[id]


def house(
    root: Path, code: str = "", *natives: Callable[..., object], files: Mapping[str, str] | None = None
) -> House:
    """A house with a pack of this code, named `toys`, and whatever other files there are."""
    folder = write_packs(root, {"toys/__init__.py": code, **(files or {})} if code else dict(files or {}))
    loaded = load_packs(discover(folder), places_below(root))
    return House(root, loaded, natives)


def ui(outcome: Outcome) -> dict[str, Mapping[str, object]]:
    """What each node showed."""
    return {
        event.path: event.published.shown
        for event in outcome.events
        if isinstance(event, NodeFinished) and event.published is not None
    }
