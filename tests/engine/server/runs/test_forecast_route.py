"""POST /forecast, while nothing runs, while something does, and for what is no question at all."""

from pathlib import Path

import pytest

from engine.backends.process import ProcessBackend
from tests.engine.server.runs_lab import chain, serving, story, toy_settings, use


@story
async def test_a_forecast_is_compared_with_the_clients_last_run(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.ended(await place.send(chain(3, 1), "me"))
        same = await place.post("/forecast", {"graph": chain(3, 1), "client_id": "me"})
        changed = await place.post("/forecast", {"graph": chain(3, 2), "client_id": "me"})

    assert {id: node["state"] for id, node in same["nodes"].items()} == dict.fromkeys("123", "cached")
    assert changed["nodes"]["1"]["reason"] == {
        "kind": "input",
        "input": "value",
        "old": "1",
        "new": "2",
        "way": None,
    }
    assert changed["nodes"]["3"]["reason"]["way"] == ["2", "1"]
    assert changed["nodes"]["1"]["seconds"] > 0
    assert changed["nodes"]["1"]["outputs"]["INT"]["kind"] == "number"
    assert changed["problems"] == []


@story
async def test_problems_are_told_as_validate_tells_them(tmp_path: Path) -> None:
    nodes = {"1": use("PAdd", a=["9", 0]), "2": use("PShow", x=["1", 0]), "3": use("PShow", x=4)}
    async with serving(tmp_path) as place:
        forecast = await place.post("/forecast", {"graph": nodes, "targets": ["3", "2"]})

    (problem,) = forecast["problems"]
    assert (problem["type"], problem["node"], problem["input"]) == ("DanglingLink", "1", "a")
    assert problem["hint"]
    assert forecast["nodes"]["3"]["state"] == "runs"
    assert forecast["nodes"]["2"]["state"] == "idle"


@story
async def test_a_forecast_comes_while_a_worker_is_at_work(tmp_path: Path) -> None:
    waits = {"1": use("PDeaf", path=str(tmp_path / "go")), "2": use("PShow", x=["1", 0])}
    async with serving(tmp_path, ProcessBackend(toy_settings(tmp_path))) as place:
        run = await place.send(waits, "me")
        await place.until_running(run)
        forecast = await place.post("/forecast", {"graph": waits, "client_id": "me"})
        (tmp_path / "go").touch()
        await place.ended(run)

    assert forecast["nodes"]["2"]["state"] == "runs"


@pytest.mark.parametrize(
    "body", [{}, {"graph": [1]}, {"graph": {}, "client_id": 7}, {"graph": {}, "targets": "3"}]
)
@story
async def test_what_is_no_question_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    async with serving(tmp_path) as place:
        status, answer = await place.ask("POST", "/forecast", body)

    assert (status, answer["error"]["type"]) == (400, "invalid_request")
    assert answer["error"]["extra_info"]["hint"]


@story
async def test_a_document_with_subgraphs_is_forecast_by_its_flat_ids(tmp_path: Path) -> None:
    inner = {"a": {"class_type": "PAdd", "inputs": {"a": ["@inputs", "x"], "b": 1}}}
    outputs = [{"name": "out", "from": ["a", "INT"]}]
    document = {
        "weft": 2,
        "nodes": {
            "v": {"class_type": "PValue", "inputs": {"value": 3}},
            "g": {"class_type": "@twice", "inputs": {"x": ["v", "INT"]}},
            "s": {"class_type": "PShow", "inputs": {"x": ["g", "out"]}},
        },
        "subgraphs": {
            "twice": {"title": "Twice", "nodes": inner, "inputs": [{"name": "x"}], "outputs": outputs}
        },
    }
    async with serving(tmp_path) as place:
        before = await place.post("/forecast", {"graph": document, "client_id": "me"})
        await place.ended(await place.send(document, "me"))
        after = await place.post("/forecast", {"graph": document, "client_id": "me"})
        inner["a"]["inputs"]["b"] = 2  # type: ignore[index]
        changed = await place.post("/forecast", {"graph": document, "client_id": "me"})
        seen = await place.post("/peek", {"graph": document, "node": "v", "output": "INT"})

    assert {id: node["state"] for id, node in before["nodes"].items()} == dict.fromkeys(
        ("v", "g:a", "s"), "runs"
    )
    assert {node["state"] for node in after["nodes"].values()} == {"cached"}
    assert changed["nodes"]["g:a"]["reason"]["input"] == "b"
    assert changed["nodes"]["s"]["reason"]["way"] == ["g:a"]
    assert seen["text"] == "3"
