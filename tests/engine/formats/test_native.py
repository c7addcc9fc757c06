import json
import math
from pathlib import Path

import pytest

from engine.formats.json_text import one_line
from engine.formats.native import document_of, read_graph, write_compact, write_graph
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Unreadable
from tests.engine.formats.drawings import document, subgraph, use
from tests.engine.graph.toys import GOOD

EVERYTHING = Graph(
    {
        "3": Node(
            "Sample",
            {
                "seed": 7,
                "scale": 1.0,
                "text": 'ä "quoted"\n',
                "on": True,
                "nothing": None,
                "model": Link("4", "model"),
                "image": Link("4", 1),
                "sizes": (1, (2, "a")),
                "pair": ("4", "model"),
                "options": {"a": (1, 2), "b": {"c": None}},
                "wrapper": {"__value__": (1,)},
            },
            title="Sample",
            meta={"position": (40, 80.5), "color": "#fff"},
        ),
        "4": Node("Load"),
    },
    meta={"groups": ({"title": "a", "nodes": ("3",)},), "exposed": {"seed": ("3", "seed")}},
)


@pytest.mark.parametrize("graph", [Graph(), GOOD, EVERYTHING], ids=["empty", "good", "everything"])
def test_a_graph_that_is_written_and_read_is_the_same(graph: Graph) -> None:
    assert read_graph(write_graph(graph)) == (graph, [])
    assert read_graph(write_compact(graph)) == (graph, [])
    assert write_graph(read_graph(write_graph(graph))[0]) == write_graph(graph)


def test_a_file_has_an_input_per_line() -> None:
    graph = Graph(
        {
            "3": Node(
                "Sample", {"seed": 7, "model": Link("4", "model"), "sizes": (1, 2)}, "Go", {"at": (1, 2)}
            )
        },
        meta={"groups": ()},
    )

    assert write_graph(graph) == (
        "{\n"
        '  "weft": 2,\n'
        '  "nodes": {\n'
        '    "3": {\n'
        '      "class_type": "Sample",\n'
        '      "inputs": {\n'
        '        "seed": 7,\n'
        '        "model": ["4", "model"],\n'
        '        "sizes": {"__value__": [1, 2]}\n'
        "      },\n"
        '      "_meta": {\n'
        '        "title": "Go",\n'
        '        "at": [1, 2]\n'
        "      }\n"
        "    }\n"
        "  },\n"
        '  "groups": []\n'
        "}\n"
    )


def test_a_compact_file_is_one_line_of_ascii() -> None:
    text = write_compact(EVERYTHING)

    assert text.isascii()
    assert "\n" not in text


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ([], Unreadable("the file", "an object", "an array")),
        ({"weft": 3}, Unreadable("weft", "version 2 or older", "version 3; a newer Weft wrote it")),
        ({"weft": 1}, Unreadable("nodes", "an object of nodes", "null")),
        ({"weft": 1, "nodes": []}, Unreadable("nodes", "an object of nodes", "an array")),
        ({"weft": 1, "nodes": {"3": 4}}, Unreadable("nodes.3", "a node (an object)", "the number 4", "3")),
        (
            {"weft": 1, "nodes": {"3": {"inputs": {}}}},
            Unreadable("nodes.3.class_type", "the kind of the node (a text)", "nothing", "3"),
        ),
        (
            {"weft": 1, "nodes": {"3": {"class_type": 7}}},
            Unreadable("nodes.3.class_type", "the kind of the node (a text)", "the number 7", "3"),
        ),
        (
            {"weft": 1, "nodes": {"3": {"class_type": "N", "inputs": None}}},
            Unreadable("nodes.3.inputs", "an object", "null", "3"),
        ),
        (
            {"weft": 1, "nodes": {"3": {"class_type": "N", "_meta": "x"}}},
            Unreadable("nodes.3._meta", "an object", "the text 'x'", "3"),
        ),
        (
            {"weft": 1, "nodes": {"3": {"class_type": "N", "_meta": {"title": [1]}}}},
            Unreadable("nodes.3._meta.title", "a text", "an array", "3"),
        ),
        (
            {"weft": 1, "nodes": {"3": {"class_type": "N", "clas": 1}}},
            Unreadable("nodes.3.clas", "class_type, inputs or _meta", "an unknown key", "3"),
        ),
    ],
)
def test_what_cannot_be_read_is_a_problem_with_its_place(document: object, problem: Unreadable) -> None:
    assert read_graph(one_line(document))[1] == [problem]


@pytest.mark.parametrize(
    "array", [[], ["4"], ["4", "model", 1], [4, 0], ["4", True], ["4", None], ["4", 0.5]]
)
def test_an_array_that_is_no_link_is_a_problem(array: list[object]) -> None:
    graph, problems = read_graph(
        one_line({"weft": 1, "nodes": {"3": {"class_type": "N", "inputs": {"x": array, "y": 1}}}})
    )

    assert graph == Graph({"3": Node("N", {"y": 1})})
    assert [(problem.node, type(problem)) for problem in problems] == [("3", Unreadable)]
    assert problems[0].describe() == (
        'nodes.3.inputs.x: expected a link ["node", "output"], or a list as {"__value__": [...]}, '
        "found another array."
    )


@pytest.mark.parametrize(
    ("subgraphs", "problem"),
    [
        ([], Unreadable("subgraphs", "an object of subgraphs", "an array")),
        ({"s": 3}, Unreadable("subgraphs.s", "a subgraph (an object)", "the number 3")),
        ({"s": {}}, Unreadable("subgraphs.s.nodes", "an object of nodes", "null")),
        (
            {"s": {"nodes": {"1": 3}}},
            Unreadable("subgraphs.s.nodes.1", "a node (an object)", "the number 3"),
        ),
        (
            {"s": {"nodes": {}, "inputs": {}}},
            Unreadable("subgraphs.s.inputs", "a list of ports", "an object"),
        ),
        (
            {"s": {"nodes": {}, "inputs": [{"label": "x"}]}},
            Unreadable("subgraphs.s.inputs[0]", "a port (an object with a name)", "an object"),
        ),
        (
            {"s": {"nodes": {}, "outputs": [{"name": "a"}, {"name": "a"}]}},
            Unreadable("subgraphs.s.outputs[1].name", "a name of its own", "'a' once more"),
        ),
        (
            {"s": {"nodes": {}, "outputs": [{"name": "a", "from": "b"}]}},
            Unreadable("subgraphs.s.outputs[0].from", 'a link ["node", "output"]', "the text 'b'"),
        ),
        (
            {"s": {"nodes": {}, "inputs": [{"name": "a", "default": [1]}]}},
            Unreadable(
                "subgraphs.s.inputs[0].default", 'a value, a list as {"__value__": [...]}', "an array"
            ),
        ),
    ],
)
def test_what_cannot_be_read_of_a_subgraph_is_a_problem_with_its_place(
    subgraphs: object, problem: Unreadable
) -> None:
    assert problem in read_graph(one_line({"weft": 2, "nodes": {}, "subgraphs": subgraphs}))[1]


def test_unknown_keys_stay_wherever_they_stand() -> None:
    odd = {"odd": {"x": [1, None]}}
    inner = {
        "title": "t",
        "inputs": [{"name": "a", "default": {"__value__": [1]}, **odd}],
        "outputs": [{"name": "b", "from": ["1", 0], **odd}],
        "nodes": {"1": {"class_type": "N", "inputs": {}, "_meta": odd}},
        **odd,
    }
    document = {"weft": 2, "nodes": {}, "subgraphs": {"s": inner}, **odd}

    assert document_of(read_graph(one_line(document))[0]) == document


def test_the_example_of_the_format_s_page_is_read() -> None:
    page = (Path(__file__).parents[3] / "docs" / "graph-file.md").read_text("utf-8")
    example = page.split("```json\n")[1].split("```")[0]
    graph, problems = read_graph(example)

    assert problems == []
    assert graph.nodes["paint:words"].inputs["text"] == "a blue star"
    assert document_of(graph) == json.loads(example)


def test_the_nodes_that_can_be_read_are_kept() -> None:
    graph, problems = read_graph(one_line({"weft": 1, "nodes": {"1": 0, "2": {"class_type": "N"}, "3": 0}}))

    assert list(graph.nodes) == ["2"]
    assert [problem.node for problem in problems] == ["1", "3"]


def test_malformed_text_is_a_problem() -> None:
    assert read_graph('{"weft": 1') == (
        Graph(),
        [Unreadable("line 1, column 11", "JSON", "the end of the file")],
    )


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_graph(Graph({"1": Node("N", {"x": math.inf})}))


@pytest.mark.parametrize("id", ["__proto__", "constructor", "ä b", ""])
def test_a_node_may_be_called_anything(id: str) -> None:
    drawn = document(
        {id: use("Load"), "1": use("Sample", model=[id, "model"])}, s=subgraph({id: use("Load")})
    )

    graph, problems = read_graph(json.dumps(drawn))

    assert problems == []
    assert json.loads(write_graph(graph)) == drawn
