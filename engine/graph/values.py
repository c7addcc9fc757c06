"""What a node may take and return beside plain values: a lazy input, a subgraph, a refusal, its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from engine.graph.graph import Graph, Link
from engine.graph.spec import Literal_

T = TypeVar("T")

# In an Expand's graph, the id of the node that expanded: `Link(OUTER, "model")` is what came in at its input `model`.
OUTER = ".."


class Needed(BaseException):
    """A node asked for a lazy input that is not there yet: the executor runs it, then calls again.

    Not an `Exception`, so that a node's own `except Exception` cannot swallow it.
    """

    def __init__(self, input: str) -> None:
        super().__init__(input)
        self.input = input


@dataclass(frozen=True)  # no slots: with them `Lazy[int](...)` fails (cpython #105936)
class Lazy(Generic[T]):
    """An input that is computed only if the node asks for it: `value.get()`.

    `found` holds the value, or is empty while nothing upstream has run. In a test: `Lazy.ready(3)`.
    """

    input: str
    found: tuple[T, ...] = ()

    @staticmethod
    def ready(value: T, input: str = "") -> Lazy[T]:
        """A lazy input whose value is there already."""
        return Lazy(input, (value,))

    def get(self) -> T:
        """The value. The first call may end the node here; it is called again once the value is there."""
        if not self.found:
            raise Needed(self.input)
        return self.found[0]


@dataclass(frozen=True, slots=True)
class Expand:
    """Returned by a node that turns into a graph. Its outputs are then those of the links, by output name.

    A single link will do for a node with a single output; what is no link is the output's value. Inside,
    `Link(OUTER, name)` reads the node's own inputs and the `given` values, which a graph could not hold; other links
    that lead out of the graph read the nodes of the graph around it. `published` is what the node itself shows.
    """

    graph: Graph
    outputs: Mapping[str, object] | Link
    given: Mapping[str, object] = field(default_factory=dict)
    published: Published | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """Returned instead of a value: whatever reads it is skipped, and the person is told why.

    `passed_on`: a node was skipped for it already, so that the person knows.
    """

    reason: str
    passed_on: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """A file that a node made for the user: `name` below `folder` ("output", "temp"), and where it lies."""

    name: str
    folder: str
    path: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Published:
    """Returned by a node that is run for what it does: the files it made, and what else it shows.

    `shown` is plain data by key, each a list: `{"text": ("seven",)}`. It is what ComfyUI calls the `ui` of a node.
    """

    files: tuple[PublishedFile, ...] = ()
    shown: Mapping[str, tuple[Literal_, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Both:
    """Returned by a node that gives values and publishes something as well: its outputs in order, and what it made."""

    values: tuple[object, ...]
    published: Published
