import json

import pytest

from engine.formats.comfy_prompt import graph_of, prompt_of, read_prompt, write_prompt
from engine.formats.json_text import one_line
from engine.graph.edit import named_links
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Unreadable
from engine.graph.validate import validate
from tests.engine.graph.toys import GOOD, REGISTRY

PROMPT = {
    "3": {
        "class_type": "Halve",
        "inputs": {"picture": ["9", 0]},
        "_meta": {"title": "Halve it"},
        "is_changed": ["abc"],
    },
    "9": {"class_type": "Frames", "inputs": {"count": 2, "sizes": {"__value__": [1, 2]}}},
    "12:5:3": {"class_type": "Save", "inputs": {"picture": ["3", 1.0]}},
}

READ = Graph(
    {
        "3": Node("Halve", {"picture": Link("9", 0)}, title="Halve it"),
        "9": Node("Frames", {"count": 2, "sizes": (1, 2)}),
        "12:5:3": Node("Save", {"picture": Link("3", 1)}),
    }
)


@pytest.mark.parametrize("document", [PROMPT, {"prompt": PROMPT, "client_id": "a", "extra_data": {}}])
def test_a_prompt_is_read_bare_or_as_clients_post_it(document: object) -> None:
    assert read_prompt(one_line(document)) == (READ, [])


def test_a_prompt_is_written_with_indexes_of_outputs() -> None:
    written = prompt_of(named_links(READ, REGISTRY), REGISTRY)

    assert written["3"] == {
        "class_type": "Halve",
        "inputs": {"picture": ["9", 0]},
        "_meta": {"title": "Halve it"},
    }
    assert written["12:5:3"] == {"class_type": "Save", "inputs": {"picture": ["3", 1]}}


def test_a_prompt_that_is_written_and_read_is_the_same_graph() -> None:
    text = write_prompt(GOOD, REGISTRY)
    graph, problems = read_prompt(text)

    assert (named_links(graph, REGISTRY), problems) == (GOOD, [])
    assert text.isascii()


def test_an_output_that_nobody_knows_keeps_its_name() -> None:
    graph = Graph({"1": Node("Unknown"), "2": Node("Save", {"picture": Link("1", "image")})})

    assert json.loads(write_prompt(graph, REGISTRY))["2"]["inputs"] == {"picture": ["1", "image"]}


def test_the_button_of_an_image_loader_is_no_input() -> None:
    inputs = {"image": "a.png", "upload": "image"}
    graph, _ = read_prompt(one_line({"1": {"class_type": "LoadImage", "inputs": inputs}}))

    assert graph.nodes["1"].inputs == {"image": "a.png"}


def test_links_by_index_are_checked_as_they_are() -> None:
    graph, _ = read_prompt(write_prompt(GOOD, REGISTRY))

    assert validate(graph, REGISTRY) == []


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], Unreadable("the file", "an object of nodes", "an array")),
        ({"prompt": {"1": 2}}, Unreadable("prompt.1", "a node (an object)", "the number 2", "1")),
        (
            {"1": {"inputs": {}}},
            Unreadable("the file.1.class_type", "the kind of the node (a text)", "nothing", "1"),
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem(document: object, problem: Unreadable) -> None:
    assert read_prompt(one_line(document)) == (Graph(), [problem])


def test_a_node_may_be_called_prompt() -> None:
    graph, problems = graph_of(
        {"prompt": {"class_type": "A", "inputs": {}}, "b": {"class_type": "B", "inputs": {}}}
    )

    assert (list(graph.nodes), problems) == (["prompt", "b"], [])
