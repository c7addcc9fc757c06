"""`POST /document` and `/export`, `?as=document` of a run, and documents that are run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.formats.json_text import one_line
from engine.formats.native import graph_of
from engine.formats.pictures import chunks_of
from engine.server.options import Limits, Options
from tests.engine.formats.comfy_nodes import NODES, read, workflow
from tests.engine.formats.drawings import document, reroute, subgraph, use
from tests.engine.server.pictures import png
from tests.engine.server.runs_lab import serving, story
from tests.engine.server.standing import Standing, Still, standing

SUM = subgraph({"sum": use("PAdd", a=["@inputs", "n"], b=1)}, ("n",), out=["sum", "INT"])
DRAWN = document(
    {
        "1": use("PValue", value=3),
        "r": reroute(["1", "INT"]),
        "2": use("@sum", n=["r", "value"]),
        "3": use("@sum", n=["2", "out"]),
        "4": use("PAdd", mode="bypass", a=["3", "out"], b=1),
        "5": use("PShow", x=["4", "INT"]),
        "6": use("PFail", mode="mute"),
    },
    sum=SUM,
)
DRAWN |= {"groups": [{"id": "g", "title": "all", "bounds": [0, 0, 9, 9]}], "later": {"kept": True}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    """A server that knows ComfyUI's nodes, and takes little."""
    home = tmp_path_factory.mktemp("home")
    options = Options(port=0, user=home / "user", limits=Limits(json=2**16, upload=2**20))
    with standing(home, options, Still(NODES)) as server:
        yield server


def asked(server: Standing, data: bytes) -> dict[str, Any]:
    answer = server.ask("POST", "/api/document", data)
    assert answer.status == 200, answer.body
    found = answer.json
    assert isinstance(found, dict)
    return found


def nodes(answer: dict[str, Any]) -> dict[str, Any]:
    return dict(answer["document"]["nodes"])


def test_a_workflow_is_shown_as_it_was_drawn(server: Standing) -> None:
    answer = asked(server, one_line(workflow("detours")).encode())

    assert answer["problems"] == []
    assert nodes(answer)["2"]["class_type"] == "@reroute"
    assert nodes(answer)["3"]["_meta"]["mode"] == "bypass"
    assert nodes(answer)["5"]["_meta"]["mode"] == "mute"
    assert nodes(answer)["4"]["inputs"] == {
        "one": ["3", "IMAGE"],
        "other": ["5", "IMAGE"],
        "share": 0.125,
        "on": True,
    }
    assert [note["text"] for note in answer["document"]["notes"]] == ["remember", "# Title"]
    assert "workflow" not in answer["document"]


def test_the_subgraphs_of_a_workflow_are_shown(server: Standing) -> None:
    shown = asked(server, one_line(workflow("subgraphs")).encode())["document"]
    paint = shown["subgraphs"][shown["nodes"]["12"]["class_type"].removeprefix("@")]

    assert shown["nodes"]["12"]["inputs"]["text"] == "a fox"
    assert [port["name"] for port in paint["inputs"]] == ["model", "clip", "text", "seed"]
    assert paint["title"] == "paint"
    assert graph_of(shown, NODES)[0].nodes.keys() == read(workflow("subgraphs")).nodes.keys()


def test_a_prompt_is_laid_out_and_its_links_name_outputs(server: Standing) -> None:
    prompt = {
        "12:1": use("LoadImage", image="x.png"),
        "2": use("SaveImage", images=["12:1", 0]),
        "3": use("SaveImage", images=["12:1", 0]),
    }
    found = nodes(asked(server, one_line(prompt).encode()))
    places = {id: node["_meta"]["position"] for id, node in found.items()}

    assert found["2"]["inputs"] == {"images": ["12.1", "IMAGE"]}
    assert places["12.1"][0] < places["2"][0] == places["3"][0]
    assert places["2"][1] != places["3"][1]


def test_a_picture_is_shown_as_it_was_drawn(server: Standing) -> None:
    made = chunks_of(read(workflow("subgraphs")), NODES)
    from_picture = asked(server, png(weft=made["weft"], prompt=made["prompt"]))["document"]

    assert from_picture == asked(server, one_line(workflow("subgraphs")).encode())["document"]


def test_a_picture_of_comfyui_is_shown_as_its_workflow_with_what_was_run(server: Standing) -> None:
    prompt = chunks_of(read(workflow("default")), NODES)["prompt"].replace('"steps": 20', '"steps": 33')
    answer = asked(server, png(prompt=prompt, workflow=one_line(workflow("default"))))

    assert nodes(answer)["3"]["inputs"]["steps"] == 33
    assert nodes(answer)["3"]["_meta"]["position"] == [863, 186]


def test_a_picture_whose_workflow_has_changed_since_is_shown_as_its_workflow(server: Standing) -> None:
    other = one_line({"1": use("LoadImage", image="x.png")})
    answer = asked(server, png(prompt=other, workflow=one_line(workflow("default"))))

    assert nodes(answer).keys() == read(workflow("default")).nodes.keys()


def test_what_can_be_read_is_shown_beside_what_is_wrong(server: Standing) -> None:
    drawn = document({"1": use("@gone"), "2": use("LoadImage", image="x.png")})
    answer = asked(server, one_line(drawn).encode())

    assert list(nodes(answer)) == ["1", "2"]
    assert [(problem["node"], problem["type"]) for problem in answer["problems"]] == [("1", "Unreadable")]
    assert answer["problems"][0]["hint"]


@pytest.mark.parametrize(
    ("data", "status", "error"),
    [
        (b"{", 400, "invalid_json"),
        (b"", 400, "invalid_json"),
        (b"[]", 400, "no_graph"),
        (b'{"weft": 99, "nodes": {}}', 400, "no_graph"),
        (png(), 400, "no_graph"),
        (png(comment="hello")[:60], 400, "no_graph"),
        (b" " * 2**17 + b"{}", 413, "too_large"),
        (b" " * 2**21, 413, "too_large"),
    ],
)
def test_what_holds_no_graph_is_refused(server: Standing, data: bytes, status: int, error: str) -> None:
    answer = server.ask("POST", "/document", data)

    assert (answer.status, answer.error) == (status, error)


def test_an_empty_document_is_one(server: Standing) -> None:
    assert asked(server, b'{"weft": 1, "nodes": {}}') == {
        "document": {"weft": 2, "nodes": {}},
        "problems": [],
    }


def test_a_document_is_exported_flattened_as_a_prompt_and_whole_as_a_workflow(server: Standing) -> None:
    shown = asked(server, one_line(workflow("subgraphs")).encode())["document"]

    def exported(to: str) -> dict[str, Any]:
        answer: Any = server.ask("POST", "/export", one_line({"document": shown, "to": to}).encode()).json
        assert answer["problems"] == []
        return dict(answer["graph"])

    assert exported("prompt")["14"]["inputs"] == {"samples": ["12:6", 0], "vae": ["11", 2]}
    assert len(exported("workflow")["definitions"]["subgraphs"]) == 2
    assert read(exported("workflow")).nodes.keys() == read(workflow("subgraphs")).nodes.keys()


@pytest.mark.parametrize("body", [{}, {"to": "png"}, {"to": "prompt"}, {"to": "workflow", "document": []}])
def test_an_export_of_nothing_is_refused(server: Standing, body: object) -> None:
    assert server.ask("POST", "/export", one_line(body).encode()).status == 400


@story
async def test_a_document_is_run_flattened_and_kept_as_it_was_sent(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send(DRAWN, extra_data={"weft": {"other": 1}})
        entry = await place.ended(run)
        flat = await place.get(f"/runs/{run}/graph")
        again = await place.get(f"/runs/{run}/graph?as=document")
        refused, _ = await place.ask("GET", f"/runs/{run}/graph?as=picture")
        posted = await place.post("/runs?wait=1", {"prompt": again})

    assert entry["outputs"]["5"]["text"] == ["5"]
    assert list(flat) == ["1", "2:sum", "3:sum", "5"]
    assert flat["5"]["inputs"] == {"x": ["3:sum", 0]}
    assert again == DRAWN
    assert entry["prompt"][3]["weft"]["other"] == 1
    assert refused == 400
    assert posted["run"]["status"] == "done"


@story
async def test_a_prompt_that_was_sent_alone_is_shown_laid_out(tmp_path: Path) -> None:
    prompt = {"1": use("PValue", value=3), "2": use("PShow", x=["1", 0])}
    async with serving(tmp_path) as place:
        run = await place.send(prompt)
        shown = await place.get(f"/runs/{run}/graph?as=document")

    assert shown["nodes"]["2"]["inputs"] == {"x": ["1", "INT"]}
    assert {len(node["_meta"]["position"]) for node in shown["nodes"].values()} == {2}


@story
async def test_a_prompt_is_shown_as_the_workflow_that_was_sent_with_it(tmp_path: Path) -> None:
    flow = {
        "nodes": [
            {"id": 1, "type": "PValue", "widgets_values": [3], "pos": [7, 8]},
            {"id": 2, "type": "PShow", "inputs": [{"name": "x", "type": "*", "link": 1}], "pos": [9, 8]},
            {"id": 3, "type": "Note", "widgets_values": ["why"], "pos": [0, 0], "size": [10, 10]},
        ],
        "links": [[1, 1, 0, 2, 0, "*"]],
        "version": 0.4,
    }
    prompt = {"1": use("PValue", value=4), "2": use("PShow", x=["1", 0])}
    async with serving(tmp_path) as place:
        run = await place.send(prompt, extra_data={"extra_pnginfo": {"workflow": flow}})
        shown = await place.get(f"/runs/{run}/graph?as=document")

    assert shown["nodes"]["1"] == {
        "class_type": "PValue",
        "inputs": {"value": 4},
        "_meta": {"position": [7, 8]},
    }
    assert [note["text"] for note in shown["notes"]] == ["why"]


@story
async def test_a_document_that_cannot_be_flattened_is_refused_with_the_place(tmp_path: Path) -> None:
    drawn = document({"1": use("@a"), "2": use("PShow", x=1)}, a=subgraph({"x": use("@a")}))
    async with serving(tmp_path) as place:
        status, answer = await place.ask("POST", "/prompt", {"prompt": drawn})

    assert status == 400
    assert "inside itself" in json.dumps(answer)
