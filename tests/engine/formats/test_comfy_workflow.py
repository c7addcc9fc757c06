from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from engine.formats.comfy_workflow import graph_of
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Unreadable
from engine.graph.registry import registry_of
from engine.graph.validate import validate
from tests.engine.formats.comfy_nodes import NODES, inputs, kind, node, read, sheet, widget, workflow


def test_the_default_workflow_of_the_first_years_is_read() -> None:
    graph = read(workflow("default"))

    assert inputs(graph) == {
        "4": {"ckpt_name": "b.ckpt"},
        "5": {"width": 512, "height": 768, "batch_size": 1},
        "6": {"text": "a bottle", "clip": Link("4", 1)},
        "7": {"text": "blurry", "clip": Link("4", 1)},
        "3": {
            "seed": 156680208700286,
            "steps": 20,
            "cfg": 8,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1,
            "model": Link("4", 0),
            "positive": Link("6", 0),
            "negative": Link("7", 0),
            "latent_image": Link("5", 0),
        },
        "8": {"samples": Link("3", 0), "vae": Link("4", 2)},
        "9": {"images": Link("8", 0), "filename_prefix": "ComfyUI"},
    }
    assert list(graph.nodes) == ["4", "5", "6", "7", "3", "8", "9"]
    assert validate(graph, NODES) == []


def test_what_the_editor_keeps_is_in_the_meta() -> None:
    graph = read(workflow("default"))

    assert graph.nodes["6"].title == "Positive"
    assert graph.nodes["6"].meta == {
        "position": (415, 186),
        "size": (210, 100),
        "color": "#232",
        "background": "#353",
    }
    assert graph.nodes["3"].meta["position"] == (863, 186)
    assert graph.nodes["3"].meta["control"] == {"seed": "randomize"}
    assert graph.nodes["7"].meta["size"] == (425, 180)
    assert graph.nodes["9"].meta["collapsed"] is True
    assert graph.meta["groups"] == (
        {"id": "1", "title": "Texts", "color": "#3f789e", "bounds": (400, 100, 450, 500)},
    )


def test_reroutes_primitives_muted_and_bypassed_nodes_are_resolved() -> None:
    graph = read(workflow("detours"))

    assert inputs(graph) == {
        "1": {"image": "x.png"},
        "4": {"one": Link("1", 0), "share": 0.125, "on": True},
        "7": {"images": Link("4", 0), "filename_prefix": "out"},
    }
    assert graph.meta["notes"] == (
        {"id": "8", "text": "remember", "bounds": (10, 20, 210, 100), "plain": True},
        {"id": "9", "text": "# Title", "bounds": (30, 40, 210, 100)},
    )


def test_subgraphs_are_unfolded_with_the_values_of_each_of_their_nodes() -> None:
    graph = read(workflow("subgraphs"))

    assert list(graph.nodes) == [
        *("11", "12:4", "12:5:3", "12:6", "13:4", "13:5:3", "13:6", "14", "15", "16", "17"),
    ]
    assert graph.nodes["12:5:3"].inputs == {"text": "a fox", "clip": Link("11", 1)}
    assert graph.nodes["13:5:3"].inputs == {"text": "a crow", "clip": Link("11", 1)}
    assert (graph.nodes["12:6"].inputs["seed"], graph.nodes["13:6"].inputs["seed"]) == (2**64 - 1, 7)
    assert graph.nodes["12:6"].inputs["positive"] == Link("12:5:3", 0)
    assert graph.nodes["14"].inputs["samples"] == Link("12:6", 0)
    assert validate(graph, NODES) == []


def test_a_widget_of_a_subgraph_without_a_value_leaves_that_of_the_node_inside() -> None:
    document = workflow("subgraphs")
    document["nodes"][1]["widgets_values"] = []

    assert read(document).nodes["12:5:3"].inputs["text"] == "outer default"


def test_version_1_is_read() -> None:
    graph = read(workflow("version1"))

    assert inputs(graph) == {
        "1": {"image": "x.png"},
        "two": {"one": Link("1", 0), "share": 0.75, "on": False},
        "3": {"images": Link("two", 0), "filename_prefix": "v1"},
    }


@pytest.mark.parametrize(
    ("type", "values", "named"),
    [
        ("LoadImage", ["x.png"], {"image": "x.png"}),
        ("LoadImage", ["x.png", "image"], {"image": "x.png"}),
        ("LoadImage", [], {"image": "x.png"}),
        ("EmptyLatentImage", {"width": 8, "gone": 3}, {"width": 8, "height": 512, "batch_size": 1}),
        ("EmptyLatentImage", [8, 16, 1, "surplus"], {"width": 8, "height": 16, "batch_size": 1}),
        ("EmptyLatentImage", None, {"width": 512, "height": 512, "batch_size": 1}),
        ("Forced", ["hello"], {"text": "hello"}),
        ("Forced", [7, "hello"], {"text": "hello"}),
        ("Roll", [3, "increment", True], {"seed": 3, "flip": True}),
        ("Roll", [3, False, True], {"seed": 3, "flip": True}),
        ("Roll", [3, True], {"seed": 3, "flip": True}),
        ("Cycle", ["b", "increment-wrap", "", "hello"], {"which": "b", "text": "hello"}),
        ("Cycle", ["b", "fixed", "hello"], {"which": "b", "text": "hello"}),
        ("Cycle", ["b", "hello"], {"which": "b", "text": "hello"}),
        ("Hidden", [5, "not sent"], {"shown": 5}),
        ("Hidden", [5, None], {"shown": 5}),
    ],
)
def test_widget_values_find_their_inputs(type: str, values: object, named: Mapping[str, object]) -> None:
    assert read(sheet(node(1, type, values))).nodes["1"].inputs == named


def test_a_sampler_of_the_first_versions_loses_its_prefix() -> None:
    values = [1, "fixed", 2, 3.5, "sample_euler", "normal", 1]

    assert read(sheet(node(1, "KSampler", values))).nodes["1"].inputs["sampler_name"] == "euler"


def test_an_unknown_kind_keeps_what_the_file_tells_of_it() -> None:
    socket = {"name": "n", "type": "INT", "link": None, "widget": {"name": "n"}}
    named = node(1, "Strange", [7], inputs=[socket], properties={"cnr_id": "strange-pack"})
    by_key = node(2, "Strange", {"text": "hello"})
    linked = node(3, "Strange", [1, 2], inputs=[{"name": "x", "type": "INT", "link": 1}])
    graph = read(sheet(named, by_key, linked, links=([1, 1, 0, 3, 0, "INT"],)))

    assert inputs(graph) == {"1": {"n": 7}, "2": {"text": "hello"}, "3": {"x": Link("1", 0)}}
    assert validate(graph, NODES)[0].hint == "Put the pack strange-pack into custom_nodes/."


def test_a_list_among_the_values_is_a_list() -> None:
    assert read(sheet(node(1, "CLIPTextEncode", [["1", 0]]))).nodes["1"].inputs["text"] == ("1", 0)


def blends(*modes: int, wanted: str = "IMAGE") -> Graph:
    """A picture through a chain of Blend nodes of these modes, into a last one."""
    nodes = [node(0, "LoadImage", ["x.png"], outputs=[{"name": "IMAGE", "type": "IMAGE"}])]
    links: list[object] = []
    for index, mode in enumerate(modes, 1):
        sockets = [
            {"name": "other", "type": "MASK", "link": None},
            {"name": "one", "type": "IMAGE", "link": index},
        ]
        outputs = [{"name": "IMAGE", "type": "IMAGE"}]
        nodes.append(node(index, "Blend", [0.5, True], inputs=sockets, outputs=outputs, mode=mode))
        links.append([index, index - 1, 0, index, 1, "IMAGE"])
    end = len(modes) + 1
    last = [{"name": "images", "type": wanted, "link": end}]
    nodes.append(node(end, "SaveImage", ["out"], inputs=last))
    links.append([end, end - 1, 0, end, 0, "IMAGE"])
    return read(sheet(*nodes, links=tuple(links)))


def test_a_bypassed_node_hands_on_what_has_the_type_that_is_wanted() -> None:
    assert blends(4, 4).nodes["3"].inputs["images"] == Link("0", 0)


def test_a_bypassed_node_hands_on_what_is_linked_to_it_to_whoever_takes_anything() -> None:
    assert blends(4, wanted="*").nodes["2"].inputs["images"] == Link("0", 0)


def test_what_reads_a_muted_node_has_nothing() -> None:
    assert "images" not in blends(2, 4).nodes["3"].inputs


def test_a_widget_that_reads_a_muted_node_has_nothing_either() -> None:
    mute = node(1, "Forced", ["hello"], mode=2)
    socket = {"name": "steps", "type": "INT", "link": 1, "widget": {"name": "steps"}}
    sampler = node(2, "KSampler", [1, "fixed", 30, 3.5, "euler", "normal", 1], inputs=[socket])
    graph = read(sheet(mute, sampler, links=([1, 1, 0, 2, 0, "INT"],)))

    assert "steps" not in graph.nodes["2"].inputs


def test_reroutes_in_a_ring_lead_nowhere() -> None:
    ring = [node(i, "Reroute", inputs=[{"name": "", "type": "*", "link": i}]) for i in (1, 2)]
    save = node(3, "SaveImage", ["out"], inputs=[{"name": "images", "type": "IMAGE", "link": 3}])
    links = ([1, 2, 0, 1, 0, "*"], [2, 1, 0, 2, 0, "*"], [3, 1, 0, 3, 0, "*"])

    assert inputs(read(sheet(*ring, save, links=links))) == {"3": {"filename_prefix": "out"}}


def test_wireless_links_are_followed() -> None:
    load = node(1, "LoadImage", ["x.png"])
    put = node(2, "SetNode", ["pic"], inputs=[{"name": "IMAGE", "type": "IMAGE", "link": 1}])
    get = node(3, "GetNode", ["pic"])
    save = node(4, "SaveImage", ["out"], inputs=[{"name": "images", "type": "IMAGE", "link": 2}])
    graph = read(sheet(load, put, get, save, links=([1, 1, 0, 2, 0, "IMAGE"], [2, 3, 0, 4, 0, "IMAGE"])))

    assert graph.nodes["4"].inputs["images"] == Link("1", 0)


def test_a_pack_may_have_a_node_that_is_called_like_one_of_the_browser() -> None:
    registry = registry_of([kind("Note", widget("text", ""))])

    assert read(sheet(node(1, "Note", ["hello"])), registry).nodes["1"].inputs == {"text": "hello"}


@pytest.mark.parametrize("mode", [2, 4])
def test_a_muted_or_bypassed_subgraph_does_not_run(mode: int) -> None:
    document = workflow("subgraphs")
    document["nodes"][1]["mode"] = mode

    assert not any(id.startswith("12:") for id in read(document).nodes)


ID = "cccccccc-3333-4333-8333-cccccccccccc"
OTHER = "dddddddd-4444-4444-8444-dddddddddddd"


def subgraph(id: str, *nodes: Mapping[str, object]) -> Mapping[str, object]:
    return {"id": id, "name": id[0], "nodes": list(nodes), "links": [], "inputs": [], "outputs": []}


def test_a_subgraph_that_contains_itself_is_a_problem_with_its_path() -> None:
    inside = {"subgraphs": [subgraph(ID, node(5, OTHER)), subgraph(OTHER, node(6, ID), node(7, "LoadImage"))]}
    graph, problems = graph_of(sheet(node(1, ID), definitions=inside), NODES)

    assert list(graph.nodes) == ["1:5:7"]
    assert problems == [
        Unreadable("node 1:5:6", "a subgraph that does not contain itself", "c inside itself", "1:5:6")
    ]


def test_a_subgraph_that_is_not_there_is_a_problem() -> None:
    problem = Unreadable("node 1", "a subgraph that the file defines", ID, "1")

    assert graph_of(sheet(node(1, ID)), NODES) == (graph_of(sheet(node(1, ID)), NODES)[0], [problem])


def test_subgraphs_that_would_unfold_to_too_much_are_a_problem() -> None:
    ids = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(30)]
    definitions = [subgraph(a, node(1, b), node(2, b)) for a, b in pairwise(ids)]
    many = {"subgraphs": [*definitions, subgraph(ids[-1], node(1, "LoadImage"))]}
    graph, problems = graph_of(sheet(node(1, ids[0]), definitions=many), NODES)

    wish = "at most 100000 nodes, counting those in subgraphs"
    assert (graph.nodes, problems) == ({}, [Unreadable("the graph", wish, "more")])


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (3, Unreadable("nodes[0]", "a node (an object)", "the number 3")),
        ({"type": "X"}, Unreadable("nodes[0].id", "the node's id (a number or a text)", "null")),
        ({"id": 7}, Unreadable("nodes[0].type", "the kind of the node (a text)", "null", "7")),
    ],
)
def test_a_damaged_node_is_a_problem_and_the_others_are_read(broken: object, problem: Unreadable) -> None:
    document: Any = sheet(node(1, "LoadImage", ["x.png"]))
    document["nodes"].insert(0, broken)

    graph, problems = graph_of(document, NODES)
    assert (list(graph.nodes), problems) == (["1"], [problem])


@pytest.mark.parametrize(
    "damage",
    [
        {"links": [3, [1], [1, 2, 3, 4, "x", "*"], {"id": 1}, [None] * 6]},
        {"groups": [3, {"bounding": "x"}], "extra": [], "definitions": 3},
        {"extra": {"groupNodes": [], "reroutes": 3}, "definitions": {"subgraphs": {}}},
        {"nodes": [{"id": 1, "type": "LoadImage", "inputs": [3, {"link": 99}], "outputs": 4, "pos": "x"}]},
        {"nodes": [{"id": 1, "type": "LoadImage", "mode": "x", "order": [], "properties": 3, "flags": []}]},
        {
            "nodes": [
                {"id": 1, "type": "workflow>G", "inputs": [{}], "widgets_values": [1]},
                {"id": 2, "type": "LoadImage"},
            ],
            "extra": {
                "groupNodes": {
                    "G": {
                        "nodes": [3, {"type": "Blend", "inputs": 3}],
                        "links": [[0, 0, 9, 9]],
                        "external": [3, [9, 9]],
                        "config": {"0": 3},
                    }
                }
            },
        },
    ],
)
def test_damage_elsewhere_does_not_keep_nodes_from_being_read(damage: Mapping[str, object]) -> None:
    graph, _ = graph_of({**sheet(node(1, "LoadImage", ["x.png"])), **damage}, NODES)

    assert any(node.kind == "LoadImage" for node in graph.nodes.values())


def test_thousands_of_reroutes_in_a_row_are_passed_once() -> None:
    count = 3_000
    nodes = [node(0, "LoadImage", ["x.png"])]
    links: list[object] = []
    for index in range(1, count):
        nodes.append(node(index, "Reroute", inputs=[{"name": "", "type": "*", "link": index}]))
        links.append([index, index - 1, 0, index, 0, "*"])
        save = [{"name": "images", "type": "IMAGE", "link": count + index}]
        nodes.append(node(count + index, "SaveImage", ["out"], inputs=save))
        links.append([count + index, index, 0, count + index, 0, "*"])

    graph = read(sheet(*nodes, links=tuple(links)))
    assert {value.inputs["images"] for id, value in graph.nodes.items() if id != "0"} == {Link("0", 0)}


def test_a_node_is_read_only_once_where_its_id_stands_twice() -> None:
    graph = read(sheet(node(1, "LoadImage", ["x.png"]), node(1, "Hidden", [1])))

    assert graph.nodes["1"] == Node("Hidden", {"shown": 1})
