from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from engine.formats.flatten import flattened
from engine.formats.native import drawn_in, graph_of
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.problems import DanglingLink, Problem, UnknownInput, UnknownNode, UnknownOutput, Unreadable
from engine.graph.validate import validate
from tests.engine.formats.comfy_nodes import NODES
from tests.engine.formats.drawings import document, documents, flat, problems, reroute, subgraph, use

LOAD = use("LoadImage", image="x.png")
TWICE = subgraph(
    {"b": use("Blend", one=["@inputs", "picture"], other=["@inputs", "picture"], share=["@inputs", "share"])},
    ("picture", "share"),
    out=["b", "IMAGE"],
)


def test_a_flat_document_is_the_graph_itself() -> None:
    graph, _ = graph_of(document({"1": LOAD, "2": use("SaveImage", images=["1", "IMAGE"])}))

    assert graph.drawing is None
    assert flattened(graph, None) == (graph, [])


def test_a_subgraph_is_unfolded_at_each_of_its_nodes() -> None:
    drawn = document(
        {
            "1": LOAD,
            "2": use("@twice", picture=["1", "IMAGE"], share=0.5),
            "3": use("@twice", picture=["2", "out"], share=0.25),
            "4": use("SaveImage", images=["3", "out"]),
        },
        twice=TWICE,
    )

    assert flat(drawn) == {
        "1": {"image": "x.png"},
        "2:b": {"one": Link("1", "IMAGE"), "other": Link("1", "IMAGE"), "share": 0.5},
        "3:b": {"one": Link("2:b", "IMAGE"), "other": Link("2:b", "IMAGE"), "share": 0.25},
        "4": {"images": Link("3:b", "IMAGE")},
    }


def test_subgraphs_within_subgraphs_are_named_by_their_path() -> None:
    outer = subgraph({"in": use("@twice", picture=["@inputs", "p"])}, ("p",), o=["in", "out"])
    drawn = document(
        {"1": LOAD, "2": use("@outer", p=["1", "IMAGE"]), "3": use("SaveImage", images=["2", "o"])},
        twice=TWICE,
        outer=outer,
    )

    assert list(flat(drawn)) == ["1", "2:in:b", "3"]
    assert flat(drawn)["3"]["images"] == Link("2:in:b", "IMAGE")


def test_an_input_that_is_given_nothing_has_its_default() -> None:
    inner = {**TWICE, "inputs": [{"name": "picture"}, {"name": "share", "default": 0.75}]}
    drawn = document({"2": use("@twice"), "3": use("@twice", share=0.5)}, twice=inner)

    assert flat(drawn) == {"2:b": {"share": 0.75}, "3:b": {"share": 0.5}}


def test_a_link_may_go_straight_through_a_subgraph() -> None:
    drawn = document(
        {"1": LOAD, "2": use("@t", a=["1", 0]), "3": use("SaveImage", images=["2", 0])},
        t=subgraph({}, ("a",), o=["@inputs", "a"]),
    )

    assert flat(drawn)["3"] == {"images": Link("1", 0)}


def test_reroutes_vanish_even_in_thousands() -> None:
    count = 5_000
    row = {f"r{n}": reroute([f"r{n - 1}", "value"]) for n in range(1, count)}
    ends = {f"s{n}": use("SaveImage", images=[f"r{n}", "value"]) for n in range(count)}
    found = flat(document({"1": LOAD, "r0": reroute(["1", "IMAGE"]), **row, **ends}))

    assert len(found) == count + 1
    assert {str(inputs) for id, inputs in found.items() if id != "1"} == {
        "{'images': Link(node='1', output='IMAGE')}"
    }


def test_a_reroute_hands_a_value_on_too() -> None:
    assert flat(document({"1": reroute(0.5), "2": use("Blend", share=["1", "value"])})) == {
        "2": {"share": 0.5}
    }


@pytest.mark.parametrize("value", [None, ["r", "value"]], ids=["nothing", "itself"])
def test_a_reroute_that_is_given_nothing_gives_nothing(value: object) -> None:
    inner = reroute(value) if value else use("@reroute")

    assert flat(
        document({"r": inner, "2": use("SaveImage", images=["r", "value"], filename_prefix="x")})
    ) == {"2": {"filename_prefix": "x"}}


def test_a_muted_node_and_the_links_from_it_vanish() -> None:
    drawn = document({"1": {**LOAD, "_meta": {"mode": "mute"}}, "2": use("SaveImage", images=["1", "IMAGE"])})

    assert flat(drawn) == {"2": {}}


def test_a_bypassed_node_hands_on_the_first_linked_input_of_the_same_type() -> None:
    drawn = document(
        {
            "1": LOAD,
            "2": use("Blend", mode="bypass", other=["1", "IMAGE"], share=0.5),
            "3": use("Blend", one=["2", "IMAGE"], other=["2", "MASK"]),
        }
    )

    assert flat(drawn) == {"1": {"image": "x.png"}, "3": {"one": Link("1", "IMAGE")}}


def test_of_several_inputs_of_the_same_type_the_one_in_the_same_place_is_handed_on() -> None:
    pair = subgraph({}, ("x", "y"), first=["@inputs", "x"], second=["@inputs", "y"])
    typed = {**pair, "nodes": {"s": use("Blend", one=["@inputs", "x"], other=["@inputs", "y"])}}
    drawn = document(
        {
            "1": LOAD,
            "2": LOAD,
            "3": use("@pair", mode="bypass", x=["1", "IMAGE"], y=["2", "IMAGE"]),
            "4": use("Blend", one=["3", "first"], other=["3", "second"]),
        },
        pair=typed,
    )

    assert flat(drawn)["4"] == {"one": Link("1", "IMAGE"), "other": Link("2", "IMAGE")}


@pytest.mark.parametrize(("mode", "expected"), [("mute", {}), ("bypass", {"images": Link("1", "IMAGE")})])
def test_a_subgraph_is_muted_or_bypassed_as_a_whole(mode: str, expected: Mapping[str, InputValue]) -> None:
    # Within, nothing leads from a picture to a picture: only as a whole it takes one and gives one.
    inside = {
        "a": use("SaveImage", images=["@inputs", "p"]),
        "b": use("LoadImage", image="y.png"),
        "r": reroute(["b", "IMAGE"]),
    }
    drawn = document(
        {"1": LOAD, "2": use("@s", mode=mode, p=["1", "IMAGE"]), "3": use("SaveImage", images=["2", "o"])},
        s=subgraph(inside, ("p",), o=["r", "value"]),
    )

    assert flat(drawn) == {"1": {"image": "x.png"}, "3": expected}


def bypassed(kind: str, **meta: object) -> dict[str, Any]:
    node = {"class_type": kind, "inputs": {"x": ["1", 0]}, "_meta": {"mode": "bypass", **meta}}
    return document({"1": LOAD, "2": node, "3": use("SaveImage", images=["2", 0])})


def test_what_a_bypassed_node_of_an_unknown_kind_hands_on_is_not_guessed() -> None:
    assert problems(bypassed("Strange")) == [UnknownNode("2", "Strange")]
    wish = "the known nodes, which tell what a bypassed node hands on"
    assert graph_of(bypassed("Blend"), None)[1] == [Unreadable("node 2", wish, "none", "2")]


def test_a_bypassed_node_that_nobody_reads_needs_no_types() -> None:
    drawn = bypassed("Strange")
    drawn["nodes"].pop("3")

    assert list(flat(drawn)) == ["1"]


def test_the_file_may_tell_the_ports_of_a_kind_that_is_not_installed() -> None:
    ports = {"inputs": [["x", "IMAGE"]], "outputs": [["out", "IMAGE"]]}

    assert flat(bypassed("Strange", ports=ports))["3"] == {"images": Link("1", 0)}


@pytest.mark.parametrize(
    ("drawn", "problem"),
    [
        (
            document({"1": use("@gone")}),
            Unreadable("node 1", "a subgraph that the file defines", "gone", "1"),
        ),
        (
            document({"1": use("@a")}, a=subgraph({"x": use("@b")}), b=subgraph({"y": use("@a")})),
            Unreadable(
                "node 1:x:y", "a subgraph that does not contain itself", "inside inside itself", "1:x:y"
            ),
        ),
        (
            document({"1": use("SaveImage", images=["@inputs", "x"]), "2": reroute(1)}),
            DanglingLink("1", "images", "@inputs"),
        ),
        (
            document({"1": use("@a")}, a=subgraph({"x": use("SaveImage", images=["@inputs", "q"])}, ("p",))),
            UnknownOutput("1:x", "images", "@inputs", "q", ("p",)),
        ),
        (
            document(
                {"1": use("@a"), "2": use("SaveImage", images=["1", "q"])},
                a=subgraph({}, ("p",), o=["@inputs", "p"]),
            ),
            UnknownOutput("2", "images", "1", "q", ("o",)),
        ),
        (
            document({"1": reroute(1), "2": use("Blend", share=["1", "out"])}),
            UnknownOutput("2", "share", "1", "out", ("value",)),
        ),
        (
            document({"1": use("@a", pp=1)}, a=subgraph({}, ("p",))),
            UnknownInput("1", "pp", "inside", ("p",), ("p",)),
        ),
        (
            document({"1": use("@a")}, a=subgraph({}, o=["gone", "x"])),
            Unreadable(
                "output 'o' of the subgraph inside",
                "a link to an output of one of its nodes",
                "'x' of gone",
                "1",
            ),
        ),
        (
            document({"1": use("Blend", mode="off")}),
            Unreadable("nodes.1._meta.mode", "'mute' or 'bypass'", "the text 'off'", "1"),
        ),
        (
            document({"1:2": LOAD, "3": reroute(1)}),
            Unreadable(
                "nodes.1:2", "an id that does not begin with '@' and has neither ':' nor '/'", "'1:2'", "1:2"
            ),
        ),
        (
            document({"1": LOAD}, reroute=subgraph({})),
            Unreadable(
                "subgraphs.reroute", "another id for a subgraph", "'reroute', which has a meaning of its own"
            ),
        ),
    ],
)
def test_what_keeps_a_drawing_from_being_flattened_is_a_problem_with_its_place(
    drawn: object, problem: Problem
) -> None:
    assert problem in problems(drawn)
    assert problem.describe()
    assert problem.hint


def test_subgraphs_that_would_unfold_to_too_much_are_a_problem() -> None:
    names = [f"s{n}" for n in range(30)]
    doubling = {a: subgraph({"1": use(f"@{b}"), "2": use(f"@{b}")}) for a, b in pairwise(names)}
    graph, found = graph_of(document({"1": use("@s0")}, **doubling, s29=subgraph({"1": LOAD})), NODES)

    wish = "at most 100000 nodes, counting those in subgraphs"
    assert (graph.nodes, found) == ({}, [Unreadable("the graph", wish, "more")])


def test_a_link_to_a_node_that_is_not_there_is_left_for_the_check_of_the_graph() -> None:
    drawn = document({"1": use("@a")}, a=subgraph({"x": use("SaveImage", images=["gone", 0])}))
    graph, _ = graph_of(drawn, NODES)

    assert DanglingLink("1:x", "images", "1:gone") in validate(graph, NODES)


@given(documents())
@settings(max_examples=40, deadline=None)
def test_every_input_is_given_what_a_person_would_follow_its_link_to(drawn: dict[str, Any]) -> None:
    graph, _ = graph_of(drawn, NODES)

    assert {id: dict(node.inputs) for id, node in graph.nodes.items()} == dict(_followed(drawn))


@given(documents())
@settings(max_examples=20, deadline=None)
def test_flattening_what_is_flat_changes_nothing(drawn: dict[str, Any]) -> None:
    graph, _ = graph_of(drawn, NODES)
    bare = Graph(graph.nodes)

    assert flattened(bare, NODES) == (bare, [])
    assert drawn_in({"weft": 2, "nodes": {}})[0].drawing is None


# ---- the same said simply, with recursion, for small documents

Way = tuple[
    tuple[str, Mapping[str, Any], Mapping[str, Any]], ...
]  # (id, instance, subgraph) from the outside in


def _followed(drawn: dict[str, Any]) -> list[tuple[str, dict[str, InputValue]]]:
    found: list[tuple[str, dict[str, InputValue]]] = []

    def walk(way: Way, nodes: Mapping[str, Any]) -> None:
        for id, node in nodes.items():
            kind = node["class_type"]
            if "mode" in node.get("_meta", {}) or kind == "@reroute":
                continue
            if kind.startswith("@"):
                inner = drawn["subgraphs"][kind[1:]]
                walk((*way, (id, node, inner)), inner["nodes"])
                continue
            inputs = {name: _end(drawn, way, value, set()) for name, value in node["inputs"].items()}
            path = ":".join([*(step[0] for step in way), id])
            found.append((path, {name: value for name, value in inputs.items() if value is not NOTHING}))

    walk((), drawn["nodes"])
    return found


NOTHING: Any = object()


def _end(drawn: dict[str, Any], way: Way, value: Any, seen: set[object]) -> Any:
    if not isinstance(value, list):
        return value
    source, output = value
    place = (tuple(step[0] for step in way), source, output)
    if place in seen:
        return NOTHING
    seen = seen | {place}
    if source == "@inputs":
        _, instance, inner = way[-1]
        if output in instance["inputs"]:
            return _end(drawn, way[:-1], instance["inputs"][output], seen)
        port = next(port for port in inner["inputs"] if port["name"] == output)
        return port.get("default", NOTHING)
    node = (way[-1][2] if way else drawn)["nodes"][source]
    kind, mode = node["class_type"], node.get("_meta", {}).get("mode")
    if mode == "mute":
        return NOTHING
    if mode == "bypass" and kind == "@reroute":
        link = node["inputs"].get("value")
        return _end(drawn, way, link, seen) if isinstance(link, list) else NOTHING
    if mode == "bypass":
        return _handed_on(drawn, way, node, output, seen)
    if kind == "@reroute":
        return _end(drawn, way, node["inputs"]["value"], seen) if "value" in node["inputs"] else NOTHING
    if kind.startswith("@"):
        inner = drawn["subgraphs"][kind[1:]]
        port = next(port for port in inner["outputs"] if port["name"] == output)
        return _end(drawn, (*way, (source, node, inner)), port["from"], seen)
    return Link(":".join([*(step[0] for step in way), source]), output)


def _handed_on(
    drawn: dict[str, Any], way: Way, node: Mapping[str, Any], output: str, seen: set[object]
) -> Any:
    from engine.formats.bypass import KnownPorts, passage  # noqa: PLC0415  (its own tests say what it must give)

    graph, _ = drawn_in(drawn)
    assert graph.drawing is not None
    ports = KnownPorts(graph.drawing, NODES).of(Node(node["class_type"]))
    linked = [name for name, value in node["inputs"].items() if isinstance(value, list)]
    name = passage(ports, output, linked) if ports else None
    return _end(drawn, way, node["inputs"][name], seen) if name else NOTHING
