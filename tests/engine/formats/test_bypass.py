import pytest

from engine.formats.bypass import KnownPorts, Ports, passage
from engine.formats.native import drawn_in
from engine.graph.graph import Node
from engine.graph.types import Anything, Named, OneOf
from tests.engine.formats.comfy_nodes import NODES
from tests.engine.formats.drawings import document, reroute, subgraph, use

A, B, ANY = Named("A"), Named("B"), Anything()
SMALL = Named("Small", ("A",))


@pytest.mark.parametrize(
    ("inputs", "outputs", "linked", "handed_on"),
    [
        ([A, A], [A, A], "01", [0, 1]),
        ([A, A], [A, A], "0", [0, 0]),
        ([B, A], [A], "01", [1]),
        ([B, A], [A], "0", [None]),
        ([A], [B], "0", [None]),
        ([B, SMALL, A], [A], "012", [2]),
        ([B, SMALL], [A], "01", [1]),
        ([A, SMALL], [SMALL], "01", [1]),
        ([A], [SMALL], "0", [None]),
        ([OneOf((A, B))], [A], "0", [None]),
        ([A], [OneOf((A, B))], "0", [0]),
        ([A, B], [ANY, ANY], "01", [0, 1]),
        ([A, B], [ANY], "1", [1]),
        ([ANY, A], [B, A], "01", [0, 1]),
        ([], [A], "", [None]),
    ],
)
def test_each_output_gives_the_linked_input_that_fits_best(
    inputs: list[Named], outputs: list[Named], linked: str, handed_on: list[int | None]
) -> None:
    ports = Ports(
        tuple((f"i{place}", type) for place, type in enumerate(inputs)),
        tuple((f"o{place}", type) for place, type in enumerate(outputs)),
    )
    names = {f"i{place}" for place in linked}

    assert [passage(ports, place, names) for place in range(len(outputs))] == [
        None if place is None else f"i{place}" for place in handed_on
    ]
    assert passage(ports, "gone", names) is None
    assert passage(ports, len(outputs), names) is None


def test_the_ports_of_a_subgraph_have_the_types_of_what_is_within() -> None:
    inner = {"b": use("Blend", one=["@inputs", "p"], share=["r", "value"]), "r": reroute(["@inputs", "n"])}
    outer = {"in": use("@inner", p=["@inputs", "q"], n=["@inputs", "m"])}
    drawing = drawn_in(
        document(
            {"1": use("@outer")},
            inner=subgraph(inner, ("p", "n", "unused"), o=["b", "MASK"], straight=["@inputs", "n"]),
            outer=subgraph(outer, ("q", "m"), x=["in", "o"], y=["in", "straight"]),
        )
    )[0].drawing
    assert drawing is not None
    known = KnownPorts(drawing, NODES)

    assert known.of(Node("@outer")) == Ports(
        (("q", Named("IMAGE")), ("m", Named("float"))), (("x", Named("MASK")), ("y", Named("float")))
    )
    inner_ports = known.of(Node("@inner"))
    assert inner_ports is not None
    assert inner_ports.inputs[2] == ("unused", ANY)


def test_a_ring_of_reroutes_within_a_subgraph_has_no_type() -> None:
    ring = {"a": reroute(["b", "value"]), "b": reroute(["a", "value"])}
    drawing = drawn_in(document({}, s=subgraph(ring, o=["a", "value"])))[0].drawing
    assert drawing is not None

    assert KnownPorts(drawing, NODES).of(Node("@s")) == Ports((), (("o", ANY),))
