from typing import Any

import pytest

from engine.formats.read import drawn_in
from engine.formats.shown import document_for_editor
from engine.graph.graph import Graph, Link
from engine.graph.problems import Unreadable
from tests.engine.formats.comfy_nodes import NODES, node, read, sheet, workflow

ID = "cccccccc-3333-4333-8333-cccccccccccc"


def shown(document: object) -> dict[str, Any]:
    drawn, problems = drawn_in(document, NODES)
    assert problems == []
    return document_for_editor(drawn, NODES)


def saved(slot: str = "images", link: int = 1, id: int = 9) -> dict[str, object]:
    return node(id, "SaveImage", ["out"], inputs=[{"name": slot, "type": "IMAGE", "link": link}])


def inner(*nodes: object, **more: object) -> dict[str, object]:
    return {"id": ID, "name": "inner", "nodes": list(nodes), "links": [], "inputs": [], "outputs": [], **more}


def test_points_on_links_are_reroutes_in_both_versions() -> None:
    load = node(1, "LoadImage", ["x.png"])
    points = [{"id": 1, "pos": [5, 6]}, {"id": 2, "parentId": 1, "pos": [7, 8]}, {"id": 3, "pos": [0, 0]}]
    parents = [{"id": 1, "parentId": 2}, {"id": 2, "parentId": 1}]
    links = ([1, 1, 0, 9, 0, "IMAGE"], [2, 1, 0, 8, 0, "IMAGE"])
    extra = {"reroutes": points, "linkExtensions": parents}
    found = shown(sheet(load, saved(), saved(link=2, id=8), links=links, extra=extra))["nodes"]

    assert found["9"]["inputs"]["images"] == ["reroute-2", "value"]
    assert found["8"]["inputs"]["images"] == ["reroute-1", "value"]
    assert found["reroute-2"] == {
        "class_type": "@reroute",
        "inputs": {"value": ["reroute-1", "value"]},
        "_meta": {"position": [7, 8]},
    }
    assert found["reroute-1"]["inputs"] == {"value": ["1", "IMAGE"]}
    assert "reroute-3" not in found
    assert shown(workflow("version1"))["nodes"]["reroute-1"]["inputs"] == {"value": ["1", "IMAGE"]}


@pytest.mark.parametrize(
    "points",
    [
        [{"id": 1, "parentId": 2, "pos": [0, 0]}, {"id": 2, "parentId": 1, "pos": [0, 0]}],
        [{"id": 1, "parentId": 7, "pos": [0, 0]}],
        [3, {"pos": []}],
    ],
    ids=["a ring", "one that is missing", "rubbish"],
)
def test_points_that_lead_nowhere_leave_the_link_as_it_is(points: object) -> None:
    extra = {"reroutes": points, "linkExtensions": [{"id": 1, "parentId": 1}]}
    flow = sheet(node(1, "LoadImage", ["x.png"]), saved(), links=([1, 1, 0, 9, 0, "IMAGE"],), extra=extra)

    assert shown(flow)["nodes"]["9"]["inputs"]["images"] == ["1", "IMAGE"]


def wireless(*, inside: bool) -> Graph:
    """A picture that goes without a wire into a subgraph, or to a node beside it."""
    put = node(2, "SetNode", ["pic"], inputs=[{"name": "IMAGE", "type": "IMAGE", "link": 1}])
    get = node(3, "GetNode", ["pic"])
    first = [1, 1, 0, 2, 0, "IMAGE"]
    if not inside:
        return read(
            sheet(
                node(1, "LoadImage", ["x.png"]), put, get, saved(link=2), links=(first, [2, 3, 0, 9, 0, "*"])
            )
        )
    link = {"id": 2, "origin_id": 3, "origin_slot": 0, "target_id": 9, "target_slot": 0}
    definitions = {"subgraphs": [inner(get, saved(link=2), links=[link])]}
    return read(
        sheet(node(1, "LoadImage", ["x.png"]), put, node(5, ID), links=(first,), definitions=definitions)
    )


def test_wireless_links_are_followed_into_subgraphs() -> None:
    assert wireless(inside=False).nodes["9"].inputs["images"] == Link("1", 0)
    assert wireless(inside=True).nodes["5:9"].inputs["images"] == Link("1", 0)


def test_a_wireless_link_that_nobody_gives_to_gives_nothing() -> None:
    flow = sheet(node(3, "GetNode", ["pic"]), saved(), links=([1, 3, 0, 9, 0, "*"],))

    assert "images" not in read(flow).nodes["9"].inputs


def test_two_wireless_links_in_a_ring_lead_nowhere() -> None:
    put = node(2, "SetNode", ["pic"], inputs=[{"name": "*", "type": "*", "link": 1}])
    flow = sheet(
        put, node(3, "GetNode", ["pic"]), saved(link=2), links=([1, 3, 0, 2, 0, "*"], [2, 3, 0, 9, 0, "*"])
    )

    assert "images" not in read(flow).nodes["9"].inputs


def test_a_primitive_gives_its_value_to_the_widgets_that_it_leads_to() -> None:
    socket = {"name": "steps", "type": "INT", "link": 1, "widget": {"name": "steps"}}
    sampler = node(2, "KSampler", [1, "fixed", 30, 3.5, "euler", "normal", 1], inputs=[socket])
    flow = sheet(node(1, "PrimitiveNode", [12, "fixed"]), sampler, links=([1, 1, 0, 2, 0, "INT"],))

    assert list(shown(flow)["nodes"]) == ["2"]
    assert shown(flow)["nodes"]["2"]["inputs"]["steps"] == 12


def test_a_value_that_leads_out_of_a_subgraph_is_handed_on() -> None:
    link = {"id": 1, "origin_id": 1, "origin_slot": 0, "target_id": -20, "target_slot": 0}
    definition = inner(
        node(1, "PrimitiveNode", [0.25]),
        links=[link],
        outputs=[{"name": "n", "type": "FLOAT", "linkIds": [1]}],
    )
    socket = {"name": "share", "type": "FLOAT", "link": 1, "widget": {"name": "share"}}
    blend = node(2, "Blend", [0.5, True], inputs=[socket])
    flow = sheet(
        node(5, ID), blend, links=([1, 5, 0, 2, 0, "FLOAT"],), definitions={"subgraphs": [definition]}
    )

    assert read(flow).nodes["2"].inputs["share"] == 0.25


def test_what_is_drawn_of_a_subgraph_is_kept() -> None:
    definition = inner(
        node(1, "Note", ["why"], pos=[1, 2], size=[3, 4]),
        node(2, "LoadImage", ["x.png"], flags={"pinned": True}, mode=2),
        groups=[{"id": 7, "title": "g", "bounding": [1, 2, 3, 4], "color": "#111"}],
        inputNode={"id": -10, "bounding": [-9, 1, 5, 5]},
        outputNode={"id": -20, "bounding": [99, 1, 5, 5]},
        inputs=[{"name": "a", "label": "A!", "type": "IMAGE"}],
    )
    found = shown(sheet(node(5, ID), definitions={"subgraphs": [definition]}))["subgraphs"][ID]

    assert found["title"] == "inner"
    assert found["notes"] == [{"id": "1", "text": "why", "bounds": [1, 2, 3, 4], "plain": True}]
    assert found["groups"] == [{"id": "7", "title": "g", "color": "#111", "bounds": [1, 2, 3, 4]}]
    assert found["places"] == {"inputs": [-9, 1], "outputs": [99, 1]}
    assert found["inputs"] == [{"name": "a", "label": "A!", "type": "IMAGE"}]
    assert found["nodes"]["2"]["_meta"] == {"pinned": True, "mode": "mute", "position": [0, 0]}


def test_an_old_group_is_shown_as_a_subgraph() -> None:
    found = shown(workflow("group"))

    assert found["nodes"]["3"]["class_type"] == "@Paint"
    assert [node["class_type"] for node in found["subgraphs"]["Paint"]["nodes"].values()] == [
        *("CLIPTextEncode", "CLIPTextEncode", "KSampler"),
    ]


def test_a_group_that_contains_itself_is_a_problem() -> None:
    inside = {"nodes": [{"type": "workflow>G"}, {"type": "LoadImage"}], "links": []}
    _, problems = drawn_in(sheet(node(1, "workflow>G"), extra={"groupNodes": {"G": inside}}), NODES)

    assert problems == [Unreadable("group 'G'", "a group that does not contain itself", "G inside itself")]
