import pytest

from engine.graph.edit import EditError, find_node, named_links, only_needed, with_input, with_setting
from engine.graph.graph import Graph, Link, Node
from engine.graph.spec import Literal_
from tests.engine.graph.toys import GOOD, REGISTRY

PICTURE = Link("1", 0)
TITLED = Graph(
    {
        "1": Node("Frames", {}, title="Frames v1.5"),
        "2": Node("Write", {"picture": PICTURE, "text": ""}, title="Write"),
        "3": Node("Write", {"picture": PICTURE, "text": ""}, title="Write"),
        "4": Node("Write", {"picture": PICTURE, "text": ""}, title="prompt"),
    }
)


def test_setting_an_input_gives_a_new_graph_and_leaves_the_old_one() -> None:
    new = with_input(GOOD, "start", "seed", 8)

    assert (new.nodes["start"].inputs["seed"], GOOD.nodes["start"].inputs["seed"]) == (8, 7)
    assert new.nodes["load"] is GOOD.nodes["load"]


@pytest.mark.parametrize(("name", "id"), [("2", "2"), ("prompt", "4"), ("Frames v1.5", "1")])
def test_a_node_is_found_by_its_id_or_a_unique_title(name: str, id: str) -> None:
    assert find_node(TITLED, name) == id


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Write", "2 nodes are titled 'Write': 2, 3. Name one by its id."),
        ("promt", "No node has the id or title 'promt'. Did you mean prompt?"),
        (
            "9",
            "No node has the id or title '9'. There are 1 (Frames v1.5), 2 (Write), 3 (Write), 4 (prompt).",
        ),
    ],
)
def test_a_name_that_fits_no_node_or_several_is_refused(name: str, message: str) -> None:
    with pytest.raises(EditError) as caught:
        find_node(TITLED, name)

    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("setting", "node", "input", "value"),
    [
        ("prompt.text=a red = circle", "4", "text", "a red = circle"),
        ("2.text=3", "2", "text", "3"),
        ("2.text=", "2", "text", ""),
        ("2.font=sans", "2", "font", "sans"),
        ("2.font=none", "2", "font", "none"),
        ("2.size=2.5", "2", "size", 2.5),
        ("2.size=big", "2", "size", "big"),
        ("Frames v1.5.count=3", "1", "count", 3),
        ("2.new=[1, 2]", "2", "new", (1, 2)),
        ("2.new=true", "2", "new", True),
    ],
)
def test_a_setting_is_read_as_its_input_wants_it(
    setting: str, node: str, input: str, value: Literal_
) -> None:
    assert with_setting(TITLED, REGISTRY, setting).nodes[node].inputs[input] == value


@pytest.mark.parametrize("setting", ["", "2", "2.text", "=1", "text=1", ".text=1", "2.=1"])
def test_a_setting_of_another_form_is_refused(setting: str) -> None:
    with pytest.raises(EditError, match=r"is not of the form NODE\.INPUT=VALUE"):
        with_setting(TITLED, REGISTRY, setting)


def test_links_by_index_are_turned_into_links_by_name() -> None:
    named = named_links(TITLED, REGISTRY)

    assert named.nodes["2"].inputs["picture"] == Link("1", "picture")
    assert named.nodes["1"] is TITLED.nodes["1"]
    assert named_links(named, REGISTRY) is named


@pytest.mark.parametrize("link", [Link("1", 5), Link("1", -1), Link("9", 0), Link("x", 0)])
def test_an_index_that_does_not_exist_is_left_for_the_checks(link: Link) -> None:
    graph = Graph({"1": Node("Frames", {}), "x": Node("Unknown", {}), "2": Node("Save", {"picture": link})})

    assert named_links(graph, REGISTRY) is graph


def test_a_graph_is_cut_to_what_some_nodes_need() -> None:
    nodes = {
        "a": Node("Frames"),
        "b": Node("Write", {"picture": Link("a", 0)}),
        "c": Node("Frames"),
        "d": Node("?"),
    }
    graph = Graph({**nodes, "e": Node("Write", {"picture": Link("c", 0), "text": "x"})}, {"groups": ()})

    assert list(only_needed(graph, ["b"]).nodes) == ["a", "b"]
    assert only_needed(graph, ["b"]).meta == graph.meta
    assert only_needed(graph, graph.nodes) is graph
    assert only_needed(graph, ["nothing"]).nodes == {}


def test_a_circle_and_a_link_to_nowhere_are_cut_out_as_they_are() -> None:
    circle = {"a": Node("Write", {"picture": Link("b", 0)}), "b": Node("Write", {"picture": Link("a", 0)})}
    graph = Graph({**circle, "c": Node("Write", {"picture": Link("nowhere", 0)})})

    assert list(only_needed(graph, ["a"]).nodes) == ["a", "b"]
    assert list(only_needed(graph, ["c"]).nodes) == ["c"]
