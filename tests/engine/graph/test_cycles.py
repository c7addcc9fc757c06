import pytest

from engine.graph.cycles import cycles
from engine.graph.graph import Graph, Link, Node


def wired(**reads: str) -> Graph:
    """`wired(a="", b="ac")`: b reads a and c."""
    return Graph(
        {id: Node("N", {f"in{n}": Link(source, 0) for n, source in enumerate(reads[id])}) for id in reads}
    )


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        (wired(), []),
        (wired(a="", b="a", c="ab"), []),
        (wired(c="ab", b="a", a=""), []),
        (wired(a="a"), [("a",)]),
        (wired(a="b", b="a"), [("a", "b")]),
        (wired(a="c", b="a", c="b"), [("a", "b", "c")]),
        (wired(a="c", b="a", c="b", d="c", e="d"), [("a", "b", "c")]),
        (wired(x="", a="xb", b="a", c="bd", d="c"), [("a", "b"), ("c", "d")]),
        (wired(a="?", b="ab"), [("b",)]),
    ],
    ids=[
        "empty",
        "in order",
        "out of order",
        "itself",
        "two",
        "three",
        "with a tail",
        "two cycles",
        "dangling",
    ],
)
def test_cycles_are_found_with_their_members_in_reading_order(
    graph: Graph, found: list[tuple[str, ...]]
) -> None:
    assert cycles(graph) == found


def test_a_very_long_cycle_is_found() -> None:
    ring = {str(n): Node("N", {"x": Link(str((n - 1) % 20_000), 0)}) for n in range(20_000)}

    assert cycles(Graph(ring)) == [tuple(str(n) for n in range(20_000))]
