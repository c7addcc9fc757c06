"""Group nodes, which ComfyUI's editor had before subgraphs."""

from engine.graph.graph import Graph, Link
from engine.graph.validate import validate
from tests.engine.formats.comfy_nodes import NODES, node, read, sheet, workflow


def test_a_group_node_is_unfolded() -> None:
    graph = read(workflow("group"))

    assert graph.nodes["3:0"].inputs == {"text": "good", "clip": Link("1", 1)}
    assert graph.nodes["3:1"].inputs == {"text": "bad", "clip": Link("1", 1)}
    assert graph.nodes["3:2"].inputs == {
        "seed": 5,
        "steps": 3,
        "cfg": 1.5,
        "sampler_name": "heun",
        "scheduler": "karras",
        "denoise": 0.5,
        "model": Link("1", 0),
        "positive": Link("3:0", 0),
        "negative": Link("3:1", 0),
        "latent_image": Link("2", 0),
    }
    assert graph.nodes["4"].inputs["samples"] == Link("3:2", 0)
    assert validate(graph, NODES) == []


def test_a_group_tells_inputs_of_the_same_name_by_their_nodes() -> None:
    document = workflow("group")
    document["nodes"][2]["inputs"][0]["name"] = "CLIPTextEncode clip"
    document["nodes"][2]["inputs"][1]["name"] = "clip"
    document["extra"]["groupNodes"]["Paint"]["nodes"][0]["title"] = "First"
    document["links"][1][1:3] = [2, 0]
    graph = read(document)

    assert graph.nodes["3:0"].inputs["clip"] == Link("1", 1)
    assert graph.nodes["3:1"].inputs["clip"] == Link("2", 0)


def grouped(values: list[object], **inside: object) -> Graph:
    """A group of a picture that is blended with itself, with these values."""
    load = {
        "type": "LoadImage",
        "widgets_values": ["x.png", "image"],
        "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
    }
    sockets = [
        {"name": "one", "type": "IMAGE"},
        {"name": "share", "type": "FLOAT", "widget": {"name": "share"}},
        {"name": "on", "type": "BOOLEAN", "widget": {"name": "on"}},
    ]
    blend = {
        "type": "Blend",
        "inputs": sockets,
        "widgets_values": [0.5, True],
        "outputs": [{"name": "IMAGE"}],
    }
    definition = {"nodes": [load, blend], "links": [[0, 0, 1, 0, 1, "IMAGE"]], **inside}
    group = node(7, "workflow/Twice", values)
    save = node(8, "SaveImage", ["out"], inputs=[{"name": "images", "type": "IMAGE", "link": 1}])
    extra = {"groupNodes": {"Twice": definition}}
    return read(sheet(group, save, links=([1, 7, 0, 8, 0, "IMAGE"],), extra=extra))


def test_a_group_whose_widgets_have_sockets_beside_them_keeps_their_values() -> None:
    graph = grouped(["x.png", "image", 0.25, False])

    assert graph.nodes["7:1"].inputs == {"one": Link("7:0", 0), "share": 0.25, "on": False}
    assert graph.nodes["8"].inputs["images"] == Link("7:1", 0)


def test_what_is_taken_off_a_group_keeps_its_own_value() -> None:
    hidden = {"1": {"input": {"share": {"visible": False}}}}

    assert grouped(["x.png", "image", False], config=hidden).nodes["7:1"].inputs["share"] == 0.5


def test_an_output_that_is_used_inside_a_group_leaves_it_only_where_the_group_says_so() -> None:
    graph = grouped(["x.png", "image", 0.25, False], external=[[0, 0, "IMAGE"]])

    assert graph.nodes["8"].inputs["images"] == Link("7:0", 0)
