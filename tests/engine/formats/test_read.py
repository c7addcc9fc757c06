import io
import json
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from engine.formats.comfy_prompt import prompt_of, write_prompt
from engine.formats.json_text import one_line
from engine.formats.native import write_compact, write_graph
from engine.formats.read import graph_in, read_any, read_bytes
from engine.graph.edit import named_links
from engine.graph.graph import Graph
from engine.graph.problems import Unreadable
from tests.engine.formats.comfy_nodes import NODES, workflow
from tests.engine.graph.toys import GOOD, REGISTRY


def picture() -> bytes:
    info = PngImagePlugin.PngInfo()
    info.add_text("weft", write_compact(GOOD))
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        write_graph(GOOD).encode(),
        write_compact(GOOD).encode(),
        write_prompt(GOOD, REGISTRY).encode(),
        picture(),
    ],
    ids=["native", "compact", "prompt", "picture"],
)
def test_a_file_is_read_by_what_is_in_it(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "no name tells.txt"
    file.write_bytes(data)
    graph, problems = read_any(file)

    assert (named_links(graph, REGISTRY), problems) == (GOOD, [])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", Unreadable("line 1, column 1", "JSON", "an empty file")),
        (b"hello", Unreadable("line 1, column 1", "JSON", "invalid character")),
        (b"[]", Unreadable("the file", "a graph (an object)", "an array")),
        (b"3", Unreadable("the file", "a graph (an object)", "the number 3")),
        (
            one_line({"nodes": [], "links": [], "version": 0.4}).encode(),
            Unreadable("the file", "a graph or an API prompt", "a ComfyUI editor workflow"),
        ),
    ],
)
def test_a_file_without_a_graph_is_a_problem(data: bytes, problem: Unreadable) -> None:
    assert read_bytes(data) == (Graph(), [problem])


def test_a_damaged_picture_is_a_problem() -> None:
    graph, problems = read_bytes(b"\x89PNG\r\n\x1a\nnothing")

    assert graph == Graph()
    assert problems[0].describe().startswith("the picture: expected a PNG, found a damaged one")


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"

    assert read_any(missing) == (Graph(), [Unreadable(str(missing), "a file", "No such file or directory")])
    assert read_any(tmp_path) == (Graph(), [Unreadable(str(tmp_path), "a file", "Is a directory")])


def test_a_workflow_is_read_with_the_known_nodes(tmp_path: Path) -> None:
    file = tmp_path / "workflow.json"
    file.write_text(json.dumps(workflow("version1")))
    graph, problems = read_any(file, NODES)

    assert problems == []
    assert graph.nodes["two"].inputs["share"] == 0.75


@pytest.mark.parametrize(
    "document",
    [
        json.loads(write_graph(GOOD)),
        json.loads(write_prompt(GOOD, REGISTRY)),
        {"prompt": prompt_of(GOOD, REGISTRY)},
    ],
)
def test_json_that_is_parsed_already_is_read_too(document: object) -> None:
    graph, problems = graph_in(document, REGISTRY)

    assert (named_links(graph, REGISTRY), problems) == (GOOD, [])
