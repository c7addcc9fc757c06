import io
from collections.abc import Mapping

import pytest
from PIL import Image, PngImagePlugin

from engine.formats.comfy_export import workflow_of
from engine.formats.json_text import one_line
from engine.formats.pictures import chunks_of
from engine.formats.read import read_bytes
from engine.graph.edit import named_links
from engine.graph.graph import Graph, Link, Node
from engine.graph.problems import Unreadable
from engine.graph.registry import Registry
from tests.engine.formats.comfy_nodes import NODES, workflow
from tests.engine.graph.toys import GOOD, REGISTRY


def png(chunks: Mapping[str, str]) -> bytes:
    info = PngImagePlugin.PngInfo()
    for name, text in chunks.items():
        info.add_text(name, text)
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def webp(texts: Mapping[int, str]) -> bytes:
    """A WEBP with these EXIF tags, as ComfyUI writes one."""
    picture = Image.new("RGB", (8, 8))
    exif = picture.getexif()
    for tag, text in texts.items():
        exif[tag] = text
    file = io.BytesIO()
    picture.save(file, "WEBP", exif=exif)
    return file.getvalue()


def test_a_picture_tells_which_graph_made_it() -> None:
    assert read_bytes(png(chunks_of(GOOD, REGISTRY))) == (GOOD, [])


def test_a_picture_of_comfyui_tells_it_too() -> None:
    graph, problems = read_bytes(png({"prompt": chunks_of(GOOD, REGISTRY)["prompt"], "workflow": "{}"}))

    assert (named_links(graph, REGISTRY), problems) == (GOOD, [])


def test_any_language_survives_in_a_picture() -> None:
    graph = Graph({"1": Node("Write", {"text": "ein Kreis, 円, 🔴"})})

    assert read_bytes(png(chunks_of(graph, REGISTRY)))[0] == graph


def test_the_nan_that_comfyui_writes_is_read() -> None:
    prompt = (
        '{"1": {"class_type": "Save", "inputs": {"text": "NaN \\" NaN"}, "is_changed": [NaN, -Infinity]}}'
    )

    assert read_bytes(png({"prompt": prompt})) == (Graph({"1": Node("Save", {"text": 'NaN " NaN'})}), [])


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (png({}), "none"),
        (png({"workflow": "{}", "Software": "x"}), "only workflow, Software"),
    ],
)
def test_a_picture_without_a_graph_is_a_problem(data: bytes, found: str) -> None:
    wrong = Unreadable("the picture", "a graph (a text 'weft', 'prompt' or 'workflow')", found)

    assert read_bytes(data) == (Graph(), [wrong])


GRAPH = Graph({"1": Node("Save", {"picture": Link("2", 0)})})
WHOLE = png(chunks_of(GRAPH, REGISTRY))


@pytest.mark.parametrize("length", range(8, len(WHOLE), 7))
def test_a_truncated_picture_gives_its_graph_or_a_problem(length: int) -> None:
    graph, problems = read_bytes(WHOLE[:length])

    assert graph == GRAPH or problems


@pytest.mark.parametrize("position", range(8, len(WHOLE), 11))
def test_a_damaged_picture_gives_its_graph_or_a_problem(position: int) -> None:
    damaged = WHOLE[:position] + bytes([WHOLE[position] ^ 0xFF]) + WHOLE[position + 1 :]
    graph, problems = read_bytes(damaged)

    assert graph == GRAPH or problems


DETOURS = workflow("detours")
MADE = read_bytes(one_line(DETOURS).encode(), NODES)[0]
PROMPT = chunks_of(MADE, NODES)["prompt"]


def test_a_picture_of_ours_carries_the_workflow_once() -> None:
    chunks = chunks_of(MADE, NODES)

    assert sorted(chunks) == ["prompt", "weft", "workflow"]
    assert "bounding" not in chunks["weft"]
    assert read_bytes(png(chunks), NODES) == (MADE, [])


@pytest.mark.parametrize("registry", [NODES, None], ids=["known nodes", "no nodes"])
def test_of_prompt_and_workflow_the_prompt_is_run(registry: Registry | None) -> None:
    changed = PROMPT.replace("0.125", "0.5")
    graph, problems = read_bytes(png({"prompt": changed, "workflow": one_line(DETOURS)}), registry)

    assert problems == []
    assert graph.nodes["4"].inputs["share"] == 0.5
    assert graph.nodes["4"].meta["size"] == (210, 100)


def test_the_workflow_is_read_where_it_is_asked_for() -> None:
    changed = PROMPT.replace("0.125", "0.5")
    data = png({"prompt": changed, "workflow": one_line(DETOURS)})

    assert read_bytes(data, NODES, prefer="workflow") == (MADE, [])


def test_a_picture_with_a_workflow_alone_is_read() -> None:
    assert read_bytes(png({"workflow": one_line(DETOURS)}), NODES) == (MADE, [])


def test_a_prompt_and_its_workflow_in_a_picture_give_back_that_workflow() -> None:
    graph, _ = read_bytes(png({"prompt": PROMPT, "workflow": one_line(DETOURS)}), NODES)

    assert workflow_of(graph, NODES) == DETOURS


@pytest.mark.parametrize("key", ["prompt", "Prompt"])
def test_a_webp_carries_a_graph_in_its_exif_tags(key: str) -> None:
    data = webp({0x0110: f"{key}:{PROMPT}", 0x010F: f"workflow:{one_line(DETOURS)}"})
    graph, problems = read_bytes(data, NODES)

    assert problems == []
    assert graph.nodes["4"].inputs["share"] == 0.125
    assert workflow_of(graph, NODES) == DETOURS


def test_a_webp_without_a_graph_is_a_problem() -> None:
    _, problems = read_bytes(webp({0x0110: "a camera: made here"}))

    assert problems[0].describe().endswith("found none.")


def test_a_damaged_webp_is_a_problem() -> None:
    _, problems = read_bytes(webp({})[:20])

    assert problems[0].describe().startswith("the picture: expected a WEBP, found a damaged one")


def test_compressed_and_international_texts_of_a_png_are_read() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", PROMPT, zip=True)
    info.add_itxt("workflow", one_line(DETOURS))
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG", pnginfo=info)
    graph, problems = read_bytes(file.getvalue(), NODES)

    assert problems == []
    assert workflow_of(graph, NODES) == DETOURS
