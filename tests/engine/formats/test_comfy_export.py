import itertools
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from engine.formats import comfy_prompt, comfy_workflow, native
from engine.formats.comfy_export import workflow_of
from engine.formats.comfy_versions import as_version
from engine.formats.comfy_workflow import graph_of
from engine.formats.json_text import one_line
from engine.formats.shown import document_for_editor
from engine.graph.edit import named_links, with_input
from engine.graph.graph import Graph, InputValue, Link, Node
from engine.graph.registry import Registry
from tests.engine.formats.comfy_nodes import NODES, workflow
from tests.engine.formats.drawings import documents
from tests.engine.graph.toys import GOOD, REGISTRY

FILES = ["default", "detours", "subgraphs", "group", "version1"]


def read(document: object, registry: Registry = NODES) -> Graph:
    graph, problems = graph_of(document, registry)
    assert problems == []
    return named_links(graph, registry)


def without_meta(graph: Graph) -> Mapping[str, Node]:
    return {id: Node(node.kind, node.inputs, node.title) for id, node in graph.nodes.items()}


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_that_is_read_and_written_is_the_same_file(name: str) -> None:
    document = workflow(name)

    assert workflow_of(read(document), NODES) == document


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_survives_our_own_format(name: str) -> None:
    written = native.write_graph(read(workflow(name)))
    graph, problems = native.read_graph(written, NODES)

    assert problems == []
    assert workflow_of(graph, NODES) == workflow(name)
    assert native.write_graph(graph) == written


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_and_its_prompt_say_the_same(name: str) -> None:
    graph = read(workflow(name))
    again, problems = comfy_prompt.read_prompt(comfy_prompt.write_prompt(graph, NODES))

    assert problems == []
    assert without_meta(named_links(again, NODES)) == without_meta(graph)


@pytest.mark.parametrize("name", FILES)
def test_a_workflow_without_its_file_is_written_anew_and_says_the_same(name: str) -> None:
    graph = read(workflow(name))
    bare = Graph(graph.nodes, {key: value for key, value in graph.meta.items() if key != "workflow"})
    again = read(workflow_of(bare, NODES))

    assert without_meta(again) == without_meta(bare)
    assert again.meta.get("groups") == graph.meta.get("groups")
    assert again.meta.get("notes") == graph.meta.get("notes")
    assert {id: node.meta.get("position") for id, node in again.nodes.items()} == {
        id: node.meta.get("position") for id, node in graph.nodes.items()
    }


def test_a_changed_value_is_changed_in_the_file_and_nothing_else() -> None:
    document = workflow("default")
    graph = with_input(read(document), "3", "steps", 30)

    document["nodes"][3]["widgets_values"][2] = 30
    assert workflow_of(graph, NODES) == document


def test_a_changed_title_and_place_are_changed_in_the_file_and_nothing_else() -> None:
    document = workflow("subgraphs")
    graph = read(document)
    old = graph.nodes["14"]
    moved = Node(old.kind, old.inputs, "Look", {**old.meta, "position": (5, 6.5)})

    document["nodes"][3] |= {"title": "Look", "pos": [5, 6.5]}
    assert workflow_of(Graph({**graph.nodes, "14": moved}, graph.meta), NODES) == document


def test_a_value_that_two_uses_of_a_subgraph_share_makes_a_new_workflow_with_a_copy_of_it() -> None:
    graph = with_input(read(workflow("subgraphs")), "12:4", "width", 128)
    written: Any = workflow_of(graph, NODES)

    names = [definition["name"] for definition in written["definitions"]["subgraphs"]]
    assert sorted(names) == ["encode", "paint", "paint"]
    assert without_meta(read(written)) == without_meta(graph)


@pytest.mark.parametrize("name", FILES)
def test_a_document_is_written_as_a_workflow_that_is_drawn_alike(name: str) -> None:
    drawn = document_for_editor(comfy_workflow.drawn_in(workflow(name), NODES)[0], NODES)
    graph, _ = native.graph_of(drawn, NODES)
    written = workflow_of(graph, NODES)
    again = document_for_editor(comfy_workflow.drawn_in(written, NODES)[0], NODES)

    assert "workflow" not in drawn
    assert without_meta(read(written)) == without_meta(graph)
    assert summary(again) == summary(drawn)


def summary(drawn: Mapping[str, Any]) -> list[object]:
    """What a person sees of a document: nodes of which kinds, where; subgraphs, groups and notes."""
    titles = {f"@{id}": inner["title"] for id, inner in drawn.get("subgraphs", {}).items()}
    sheets = [drawn, *drawn.get("subgraphs", {}).values()]
    nodes = [
        sorted(
            (titles.get(node["class_type"], node["class_type"]), str(node["_meta"].get("position")))
            for node in sheet["nodes"].values()
        )
        for sheet in sheets
    ]
    kept = [[note["text"] for note in sheet.get("notes", [])] for sheet in sheets]
    places = [[(group["title"], group["bounds"]) for group in sheet.get("groups", [])] for sheet in sheets]
    return [nodes, kept, places]


def test_a_node_that_is_gone_makes_a_new_workflow() -> None:
    graph = read(workflow("default"))
    less = Graph({id: node for id, node in graph.nodes.items() if id != "9"}, graph.meta)

    assert without_meta(read(workflow_of(less, NODES))) == without_meta(less)


ODD = Graph(
    {
        "2": Node("Strange", {"x": Link("3", 1), "text": "hello", "sizes": (1, 2)}),
        "3": Node("Strange", {}),
        "a:b": Node(
            "KSampler", {"seed": 2**64 - 1, "model": 7, "cfg": None, "positive": Link("gone", 0)}, "S"
        ),
        "4": Node("Blend", {"one": Link("2", "name"), "share": Link("3", 0), "surplus": True}),
        "5": Node("Cycle", {"which": "b", "text": ("1", 0)}),
    }
)


def test_what_the_editor_has_no_place_for_survives_in_a_new_workflow() -> None:
    document: Any = json.loads(one_line(workflow_of(ODD, NODES)))

    assert without_meta(read(document)) == without_meta(ODD)


def test_what_is_changed_in_the_editor_goes_before_what_we_noted() -> None:
    document: Any = workflow_of(
        Graph({"1": Node("CLIPTextEncode", {"text": None}), "2": Node("Blend")}), NODES
    )
    document["nodes"][0]["widgets_values"] = ["hello"]
    document["nodes"][1]["widgets_values"][0] = 0.75

    assert read(document).nodes["1"].inputs == {"text": "hello"}
    assert read(document).nodes["2"].inputs == {"share": 0.75}


def test_a_new_workflow_has_the_shape_of_comfyuis() -> None:
    document: Any = workflow_of(GOOD, REGISTRY)
    start, save = document["nodes"][1], document["nodes"][3]

    assert (document["version"], document["last_link_id"]) == (0.4, 4)
    assert document["links"][0] == [1, "load", 0, "start", 0, "MODEL"]
    assert start["widgets_values"] == [7, "fixed", 16]
    assert start["inputs"] == [{"name": "model", "type": "MODEL", "link": 1}]
    assert start["outputs"] == [{"name": "latent", "type": "Latent", "links": [2]}]
    assert save["inputs"][0]["link"] == 4
    assert [node["pos"][0] for node in document["nodes"]] == [0, 340, 680, 1020]


def test_the_nodes_of_a_layer_do_not_overlap() -> None:
    nodes = {str(i): Node("Halve", {}) for i in range(5)}
    document: Any = workflow_of(Graph(nodes), REGISTRY)
    spans = sorted((node["pos"][1], node["pos"][1] + node["size"][1]) for node in document["nodes"])

    assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


@pytest.mark.parametrize("name", FILES)
def test_each_version_says_the_same(name: str) -> None:
    graph = read(workflow(name))
    old, new = workflow_of(graph, NODES, "0.4"), workflow_of(graph, NODES, "1.0")

    assert (old["version"], new["version"]) == (0.4, 1)
    assert read(old).nodes == read(new).nodes == graph.nodes


@pytest.mark.parametrize("name", ["default", "detours", "subgraphs"])
def test_a_workflow_that_goes_to_the_other_version_and_back_is_the_same(name: str) -> None:
    document = {**workflow(name), "links": [row for row in workflow(name)["links"] if row is not None]}

    assert as_version(as_version(document, "1.0"), "0.4") == document


def random_graph(seed: int) -> Graph:
    """Nodes of many kinds, linked at random, right or wrong, with values of all kinds."""
    chance = random.Random(seed)
    values: list[InputValue] = [
        0,
        -1,
        2**64 - 1,
        0.1,
        1e300,
        True,
        None,
        "",
        'ä\n"',
        (),
        ("1", 0),
        {"a": (1,)},
    ]
    values.append({"__value__": (1, {"__value__": None})})
    ids = [chance.choice([str(i), f"{i}:7", f"n {i}", "-10", "9" * 20]) for i in range(chance.randint(1, 12))]
    kinds = [*NODES, "Strange"]
    nodes: dict[str, Node] = {}
    for id in ids:
        name = chance.choice(kinds)
        spec = NODES.get(name)
        names = [*([input.name for input in spec.inputs] if spec else []), "odd", "n", "x y"]
        inputs = {
            input: Link(chance.choice(ids), chance.choice([0, 0, 1, 5]))
            if chance.random() < 0.4
            else chance.choice(values)
            for input in chance.sample(names, chance.randint(0, len(names)))
        }
        nodes[id] = Node(name, inputs, chance.choice([None, "T", ""]))
    return named_links(Graph(nodes), NODES)


@pytest.mark.parametrize("seed", range(200))
def test_any_graph_that_is_written_and_read_is_the_same(seed: int) -> None:
    graph = random_graph(seed)
    as_workflow = read(json.loads(one_line(workflow_of(graph, NODES))))
    as_prompt, problems = comfy_prompt.read_prompt(comfy_prompt.write_prompt(graph, NODES))

    assert without_meta(as_workflow) == without_meta(graph)
    assert (named_links(as_prompt, NODES), problems) == (graph, [])
    assert native.read_graph(native.write_graph(graph)) == (graph, [])


@pytest.mark.parametrize("seed", range(50))
def test_any_prompt_that_is_read_and_written_is_the_same(seed: int) -> None:
    prompt = comfy_prompt.prompt_of(random_graph(seed), NODES)
    chance = random.Random(seed)
    for id, node in prompt.items():
        assert isinstance(node, dict)
        node["_meta"] = {"title": id, "note": [1, {"a": None}]}
        if chance.random() < 0.3:
            node["extension"] = {"list": [1, [2]]}
        if node["class_type"] == "LoadImage":
            node["inputs"]["upload"] = "image"
    text = one_line(prompt)

    assert json.loads(comfy_prompt.write_prompt(comfy_prompt.read_prompt(text)[0], NODES)) == json.loads(text)


@given(documents())
@settings(max_examples=40, deadline=None)
def test_nothing_that_runs_of_any_document_is_lost_in_a_workflow(drawn: dict[str, Any]) -> None:
    graph = named_links(native.graph_of(drawn, NODES)[0], NODES)
    again = read(json.loads(one_line(workflow_of(graph, NODES))))

    assert again.nodes.keys() == graph.nodes.keys()
    for id, node in graph.nodes.items():
        # More is there where a link led nowhere, or to null: a widget of ComfyUI's always has a value.
        told = {name: value for name, value in node.inputs.items() if value is not None}
        assert {**again.nodes[id].inputs, **told} == again.nodes[id].inputs
