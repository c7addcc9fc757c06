import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.json_text import one_line
from engine.formats.native import document_of, read_graph, write_compact, write_graph
from engine.formats.redraw import redrawn
from engine.graph.edit import named_links, with_input
from engine.graph.graph import Graph, Link, Node
from tests.engine.formats.comfy_nodes import NODES
from tests.engine.formats.drawings import document, documents, read, reroute, subgraph, use

LOAD = use("LoadImage", image="x.png")
INSIDE = {
    "b": use("Blend", one=["@inputs", "p"], share=["@inputs", "share"], on=True),
    "c": use("Blend", one=["b", 0]),
}
DRAWN = document(
    {
        "1": LOAD,
        "r": reroute(["1", 0]),
        "2": use("@s", p=["r", "value"], share=0.5),
        "3": use("@s", p=["2", "o"], share=0.25),
        "4": use("SaveImage", images=["3", "o"], filename_prefix="x"),
        "5": use("SaveImage", mode="mute", images=["3", "o"]),
    },
    s=subgraph(INSIDE, ("p", "share"), o=["c", 0]),
)


def changed(*path: str) -> dict[str, Any]:
    """The document, and in it what is at a path, for a test to change."""
    found: Any = json.loads(one_line(DRAWN))
    return dict(found)


def test_a_graph_remembers_how_it_was_drawn() -> None:
    assert document_of(read(DRAWN)) == DRAWN


def test_naming_the_outputs_of_links_leaves_the_drawing_as_it_is() -> None:
    assert document_of(named_links(read(DRAWN), NODES)) == DRAWN


def test_a_changed_value_is_changed_where_it_was_drawn() -> None:
    expected = changed()
    expected["nodes"]["4"]["inputs"]["filename_prefix"] = "y"

    assert document_of(with_input(read(DRAWN), "4", "filename_prefix", "y")) == expected


def test_a_value_that_a_subgraph_takes_is_changed_at_the_node_that_stands_for_it() -> None:
    expected = changed()
    expected["nodes"]["3"]["inputs"]["share"] = 0.75

    assert document_of(with_input(read(DRAWN), "3:b", "share", 0.75)) == expected


def test_a_value_within_a_subgraph_is_changed_for_that_one_use_of_it() -> None:
    graph = with_input(read(DRAWN), "3:b", "on", False)
    written: Any = document_of(graph)

    assert [written["nodes"][id]["class_type"] for id in ("2", "3")] == ["@s", "@s 2"]
    assert written["subgraphs"]["s"] == DRAWN["subgraphs"]["s"]
    assert written["subgraphs"]["s 2"]["nodes"]["b"]["inputs"]["on"] is False
    assert read(written).nodes == graph.nodes


def test_a_value_within_a_subgraph_that_is_used_once_is_changed_there() -> None:
    once = changed()
    del once["nodes"]["3"], once["nodes"]["4"], once["nodes"]["5"]
    written: Any = document_of(with_input(read(once), "2:b", "on", False))

    assert list(written["subgraphs"]) == ["s"]
    assert written["subgraphs"]["s"]["nodes"]["b"]["inputs"]["on"] is False


def test_a_value_that_is_read_twice_is_changed_for_one_of_its_readers() -> None:
    both = {"b": use("Blend", share=["@inputs", "n"]), "c": use("Blend", share=["@inputs", "n"])}
    drawn = document({"1": use("@s", n=0.5)}, s=subgraph(both, ("n",)))
    graph = with_input(read(drawn), "1:b", "share", 0.75)
    written: Any = document_of(graph)

    assert written["nodes"]["1"]["inputs"] == {"n": 0.5}
    assert {id: dict(node.inputs) for id, node in read(written).nodes.items()} == {
        "1:b": {"share": 0.75},
        "1:c": {"share": 0.5},
    }


def test_a_value_in_place_of_a_link_cuts_the_link() -> None:
    drawn = document({"1": reroute(0.5), "2": use("Blend", share=["1", "value"])})
    written: Any = document_of(with_input(read(drawn), "2", "share", 0.75))

    assert written["nodes"] == {**drawn["nodes"], "2": use("Blend", share=0.75)}


def test_a_changed_title_is_changed_where_it_was_drawn() -> None:
    graph = read(DRAWN)
    titled = replace(graph, nodes={**graph.nodes, "4": replace(graph.nodes["4"], title="Keep")})
    written: Any = document_of(titled)

    assert written["nodes"]["4"]["_meta"] == {"title": "Keep"}


@pytest.mark.parametrize("change", ["more", "less", "link", "kind"])
def test_a_graph_that_was_changed_in_other_ways_is_written_as_it_runs(change: str) -> None:
    graph = read(DRAWN)
    nodes = dict(graph.nodes)
    match change:
        case "more":
            nodes["6"] = Node("SaveImage", {"images": Link("3:c", 0)})
        case "less":
            del nodes["4"]
        case "link":
            nodes["4"] = replace(nodes["4"], inputs={"images": Link("1", 0)})
        case "kind":
            nodes["4"] = replace(nodes["4"], kind="Hidden")
    edited = replace(graph, nodes=nodes)

    assert redrawn(edited) is None
    assert read_graph(write_graph(edited)) == (Graph(nodes, graph.meta), [])


@given(documents())
@settings(max_examples=40, deadline=None)
def test_any_document_that_is_read_and_written_is_the_same(drawn: dict[str, Any]) -> None:
    graph = read_graph(one_line(drawn), NODES)[0]

    assert document_of(graph) == drawn
    assert json.loads(write_graph(graph)) == json.loads(write_compact(graph)) == drawn


@given(documents(), st.data())
@settings(max_examples=40, deadline=None)
def test_any_document_whose_values_were_changed_means_the_changed_graph(
    drawn: dict[str, Any], data: st.DataObject
) -> None:
    graph = read(drawn)
    for _ in range(data.draw(st.integers(1, 3)) if graph.nodes else 0):
        id = data.draw(st.sampled_from(list(graph.nodes)))
        names = [input.name for input in NODES[graph.nodes[id].kind].inputs]
        graph = with_input(graph, id, data.draw(st.sampled_from(names)), data.draw(st.integers(10, 19)))
    again = read(document_of(graph))

    assert redrawn(graph) is not None or graph.drawing is None
    assert again.nodes == graph.nodes
