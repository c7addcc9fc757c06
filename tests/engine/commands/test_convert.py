from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.installation import Installation, use

GRAPH = {"1": use("Word", times=2), "2": use("SaveText", "Keep", text=["1", "text"])}


def test_a_graph_becomes_a_prompt(main: Installation) -> None:
    done = main("convert", main.graph(GRAPH), "--to", "prompt")

    assert done.code == 0
    assert json.loads(done.out) == {
        "1": {"class_type": "Word", "inputs": {"times": 2}},
        "2": {"class_type": "SaveText", "inputs": {"text": ["1", 0]}, "_meta": {"title": "Keep"}},
    }


def test_a_graph_becomes_a_workflow_and_a_graph_again(main: Installation, tmp_path: Path) -> None:
    workflow, back = tmp_path / "workflow.json", tmp_path / "back.json"

    assert main("convert", main.graph(GRAPH), "--to", "workflow", "--output", str(workflow)).code == 0
    assert main("convert", str(workflow), "--to", "weft", "--output", str(back)).code == 0

    nodes = json.loads(back.read_text())["nodes"]
    assert nodes["1"]["inputs"] == {"times": 2}
    assert nodes["2"]["inputs"] == {"text": ["1", "text"]}
    assert nodes["2"]["_meta"]["title"] == "Keep"
    assert nodes["2"]["_meta"]["position"][0] > nodes["1"]["_meta"]["position"][0]


@pytest.mark.parametrize("command", ["validate", "run"])
def test_a_workflow_is_checked_and_run_like_any_graph(
    main: Installation, tmp_path: Path, command: str
) -> None:
    workflow = tmp_path / "workflow.json"
    main("convert", main.graph(GRAPH), "--to", "workflow", "--output", str(workflow))

    assert main(command, str(workflow)).code == 0


DRAWN = {
    "weft": 2,
    "nodes": {
        "1": use("Word", times=2),
        "r": use("@reroute", value=["1", "text"]),
        "2": use("@keep", text=["r", "value"]),
        "3": {**use("SaveText", text=["1", "text"]), "_meta": {"mode": "mute"}},
    },
    "subgraphs": {
        "keep": {
            "title": "Keep",
            "inputs": [{"name": "text"}],
            "outputs": [],
            "nodes": {"s": use("SaveText", text=["@inputs", "text"])},
        }
    },
    "groups": [{"id": "1", "title": "all", "bounds": [0, 0, 9, 9]}],
}


def test_a_document_stays_as_it_was_drawn_and_becomes_a_flat_prompt(
    main: Installation, tmp_path: Path
) -> None:
    file = tmp_path / "drawn.json"
    file.write_text(json.dumps(DRAWN))

    assert json.loads(main("convert", str(file), "--to", "weft").out) == DRAWN
    assert json.loads(main("convert", str(file), "--to", "prompt").out) == {
        "1": {"class_type": "Word", "inputs": {"times": 2}},
        "2:s": {"class_type": "SaveText", "inputs": {"text": ["1", 0]}},
    }
    assert json.loads(main("convert", str(file), "--to", "workflow").out)["definitions"]["subgraphs"]
    assert main("run", str(file), "--set", "1.times=3").code == 0


def test_a_file_that_cannot_be_read_is_told(main: Installation, tmp_path: Path) -> None:
    file = tmp_path / "list.json"
    file.write_text("[]")
    done = main("convert", str(file), "--to", "weft")

    assert (done.code, done.out) == (2, "")
    assert "expected a graph" in done.err
