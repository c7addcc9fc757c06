import io
from collections.abc import Mapping

import pytest
from PIL import Image, PngImagePlugin

from engine.formats.pictures import chunks_of, read_picture
from engine.graph.edit import named_links
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Unreadable
from tests.engine.graph.toys import GOOD, REGISTRY


def png(chunks: Mapping[str, str]) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, text in chunks.items():
        info.add_text(name, text)
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def test_a_picture_tells_which_graph_made_it() -> None:
    assert read_picture(png(chunks_of(GOOD, REGISTRY))) == (GOOD, [])


def test_a_picture_of_comfyui_tells_it_too() -> None:
    graph, problems = read_picture(png({"prompt": chunks_of(GOOD, REGISTRY)["prompt"], "workflow": "{}"}))

    assert (named_links(graph, REGISTRY), problems) == (GOOD, [])


def test_any_language_survives_in_a_picture() -> None:
    graph = Graph({"1": Node("Write", {"text": "ein Kreis, 円, 🔴"})})

    assert read_picture(png(chunks_of(graph, REGISTRY)))[0] == graph


def test_the_nan_that_comfyui_writes_is_read() -> None:
    prompt = (
        '{"1": {"class_type": "Save", "inputs": {"text": "NaN \\" NaN"}, "is_changed": [NaN, -Infinity]}}'
    )

    assert read_picture(png({"prompt": prompt})) == (Graph({"1": Node("Save", {"text": 'NaN " NaN'})}), [])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (png({}), "none"),
        (png({"workflow": "{}", "Software": "x"}), "only workflow, Software"),
    ],
)
def test_a_picture_without_a_graph_is_a_problem(data: bytes, found: str) -> None:
    wrong = Unreadable("the picture", "a graph (a text chunk 'weft' or 'prompt')", found)

    assert read_picture(data) == (Graph(), [wrong])


GRAPH = Graph({"1": Node("Save", {"picture": Link("2", 0)})})
WHOLE = png(chunks_of(GRAPH, REGISTRY))


@pytest.mark.parametrize("length", range(8, len(WHOLE), 7))
def test_a_truncated_picture_gives_its_graph_or_a_problem(length: int) -> None:
    graph, problems = read_picture(WHOLE[:length])

    assert graph == GRAPH or problems


@pytest.mark.parametrize("position", range(8, len(WHOLE), 11))
def test_a_damaged_picture_gives_its_graph_or_a_problem(position: int) -> None:
    damaged = WHOLE[:position] + bytes([WHOLE[position] ^ 0xFF]) + WHOLE[position + 1 :]
    graph, problems = read_picture(damaged)

    assert graph == GRAPH or problems
