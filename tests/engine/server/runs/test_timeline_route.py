"""GET /runs/{id}/timeline: kept with the run, over both kinds of backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.backends.backend import Backend
from engine.backends.in_process import InProcessBackend
from engine.backends.options import WorkerOptions
from engine.backends.process import ProcessBackend
from tests.engine.server.runs_lab import serving, story, toy_settings, use

NODES = {"1": use("PProgress", steps=3, delay=0.005), "2": use("PShow", x=["1", 0])}


@pytest.mark.parametrize("make", [ProcessBackend, InProcessBackend])
@story
async def test_what_was_done_when_is_kept_with_the_run(tmp_path: Path, make: type[Backend]) -> None:
    options = WorkerOptions(device="cpu", disk=False)
    async with serving(tmp_path, make(toy_settings(tmp_path), options)) as place:  # type: ignore[call-arg]
        run = await place.send(NODES)
        await place.ended(run)
        line = await place.get(f"/runs/{run}/timeline")
        trace = await place.get(f"/runs/{run}/timeline?format=chrome")

    first, last = line["spans"]
    assert (first["node"], first["what"], last["node"], last["what"]) == ("1", "compute", "2", "save")
    assert first["end"] - first["begin"] >= 0.015
    assert last["end"] <= line["seconds"]
    assert line["memory"][0][1] > 0

    runs = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert [event["name"] for event in runs] == ["PProgress (1)", "PShow (2)"]
    assert runs[0]["dur"] >= 15_000
    assert {event["ph"] for event in trace["traceEvents"]} == {"X", "C"}


@story
async def test_what_is_not_known_is_said_so(tmp_path: Path) -> None:
    waits = {"1": use("PWait", path=str(tmp_path / "go")), "2": use("PShow", x=["1", 0])}
    async with serving(tmp_path) as place:
        run = await place.send(waits)
        answers = [
            await place.ask("GET", f"/runs/{path}")
            for path in ("nobody/timeline", f"{run}/timeline", f"{run}/timeline?format=svg")
        ]
        (tmp_path / "go").touch()
        await place.ended(run)

    assert [(status, answer["error"]["type"]) for status, answer in answers] == [
        (404, "unknown_run"),
        (404, "no_timeline"),
        (400, "invalid_request"),
    ]
