from engine.formats.layout import layered, layers_of
from engine.graph.graph import Graph, Link, Node


def chain(**reads: str) -> Graph:
    """`chain(b="a")`: b reads a; several are separated by spaces."""
    return Graph(
        {
            id: Node("Toy", {str(i): Link(source, 0) for i, source in enumerate(sources.split())})
            for id, sources in reads.items()
        }
    )


def test_a_node_stands_right_of_all_that_it_reads() -> None:
    assert layers_of(chain(d="a c", c="b", b="a", a="")) == {"d": 3, "c": 2, "b": 1, "a": 0}


def test_nodes_in_a_cycle_stand_left() -> None:
    assert layers_of(chain(a="b", b="a", c="")) == {"a": 0, "b": 0, "c": 0}


def test_a_link_from_nowhere_counts_for_nothing() -> None:
    assert layers_of(chain(a="gone")) == {"a": 0}


def test_ten_thousand_nodes_in_a_row_have_a_layer_each() -> None:
    long = Graph({str(i): Node("Toy", {"x": Link(str(i + 1), 0)}) for i in range(10_000)})

    assert layers_of(long)["0"] == 9_999


def test_nodes_of_a_layer_stand_below_one_another() -> None:
    assert layered(chain(a="", b="", c="a"), {"a": 100.0}) == {"a": (0, 0), "b": (0, 140), "c": (340, 0)}
