from typing import Any

from engine.formats.comfy_prompt import prompt_of
from engine.formats.native import document_of
from engine.formats.read import drawn_bytes, drawn_in
from engine.formats.shown import document_for_editor, named
from engine.graph.registry import Registry
from tests.engine.formats.comfy_nodes import NODES, kind, node, read, sheet, socket, workflow
from tests.engine.formats.drawings import document, reroute, subgraph, use


def shown(document: object, registry: Registry = NODES) -> dict[str, Any]:
    """What the editor shows of a graph in which nothing is wrong."""
    drawn, problems = drawn_in(document, registry)
    assert problems == []
    return document_for_editor(drawn, registry)


def test_links_name_outputs_within_subgraphs_too() -> None:
    inside = {"b": use("Blend", one=["@inputs", "p"]), "r": reroute(["b", 1])}
    drawn = document(
        {"1": use("LoadImage"), "2": use("@s", p=["1", 0]), "3": use("SaveImage", images=["2", 0])},
        s=subgraph(inside, ("p",), o=["r", 0]),
    )
    found = shown(drawn)

    assert found["nodes"]["2"]["inputs"] == {"p": ["1", "IMAGE"]}
    assert found["nodes"]["3"]["inputs"] == {"images": ["2", "o"]}
    assert found["subgraphs"]["s"]["nodes"]["r"]["inputs"] == {"value": ["b", "MASK"]}
    assert found["subgraphs"]["s"]["outputs"] == [{"name": "o", "from": ["r", "value"]}]


def test_an_output_of_an_unknown_node_is_named_as_far_as_the_file_tells() -> None:
    strange = node(1, "Strange", outputs=[{"name": "pic", "type": "IMAGE"}])
    save = node(2, "SaveImage", ["x"], inputs=[{"name": "images", "type": "IMAGE", "link": 1}])
    told = shown(sheet(strange, save, links=([1, 1, 0, 2, 0, "IMAGE"],)))

    assert told["nodes"]["2"]["inputs"]["images"] == ["1", "pic"]
    assert told["nodes"]["1"]["_meta"]["ports"] == {"inputs": [], "outputs": [["pic", "IMAGE"]]}

    prompt = {"1": use("Strange"), "2": use("SaveImage", images=["1", 0])}
    untold = shown(prompt)
    assert untold["nodes"]["2"]["inputs"]["images"] == ["1", "0"]
    installed = Registry({**NODES.specs, "Strange": kind("Strange", socket("x", "X"), outputs="IMAGE")})
    assert shown(untold, installed)["nodes"]["2"]["inputs"]["images"] == ["1", "IMAGE"]


def test_nodes_without_a_place_stand_below_those_that_have_one() -> None:
    placed = {**use("LoadImage"), "_meta": {"position": [100, 50], "size": [200, 300]}}
    found = shown(document({"1": placed, "2": use("LoadImage"), "3": use("SaveImage", images=["2", 0])}))
    places = {id: node["_meta"]["position"] for id, node in found["nodes"].items()}

    assert places["1"] == [100, 50]
    assert places["2"][0] == 100 < places["3"][0]
    assert places["2"][1] == places["3"][1] > 350


def test_every_sheet_is_laid_out() -> None:
    inside = {"a": use("LoadImage"), "b": use("Blend", one=["a", 0])}
    found = shown(document({"1": use("@s")}, s=subgraph(inside)))
    places = [node["_meta"]["position"] for node in found["subgraphs"]["s"]["nodes"].values()]

    assert places[0][0] < places[1][0]


def test_ids_that_a_document_cannot_have_are_changed_everywhere() -> None:
    prompt = {
        "1:2": use("LoadImage"),
        "1.2": use("LoadImage"),
        "@x": use("Blend", one=["1:2", 0], other=["1.2", 0]),
    }
    exposed = [{"node": "1:2", "input": "image"}]
    found = shown({"weft": 1, "nodes": prompt, "exposed": exposed})

    assert list(found["nodes"]) == ["1.2'", "1.2", "x"]
    assert found["nodes"]["x"]["inputs"] == {"one": ["1.2'", "IMAGE"], "other": ["1.2", "IMAGE"]}
    assert found["exposed"] == [{"node": "1.2'", "input": "image"}]


def test_a_file_of_version_1_with_its_workflow_shows_what_the_workflow_does() -> None:
    flat = prompt_of(read(workflow("detours")), NODES)
    old = {"weft": 1, "nodes": flat, "workflow": workflow("detours")}

    assert shown(old) == shown(workflow("detours"))


def test_what_was_shown_is_shown_again_as_it_is() -> None:
    for name in ("default", "detours", "subgraphs", "group", "version1"):
        once = shown(workflow(name))

        assert shown(once) == once


def test_naming_the_links_of_a_graph_names_those_of_its_drawing() -> None:
    written: Any = document_of(named(read(workflow("subgraphs")), NODES))
    paint = written["subgraphs"][written["nodes"]["12"]["class_type"].removeprefix("@")]

    assert written["nodes"]["14"]["inputs"] == {"samples": ["12", "LATENT"], "vae": ["11", "VAE"]}
    assert paint["nodes"]["6"]["inputs"]["latent_image"] == ["4", "LATENT"]


def test_a_file_that_holds_no_graph_gives_a_problem() -> None:
    assert drawn_bytes(b"{", NODES)[1]
    assert drawn_bytes(b"[]", NODES)[1]
