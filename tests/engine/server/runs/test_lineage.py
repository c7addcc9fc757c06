"""Which run another one was changed from, and the picture by which a run is told apart."""

from pathlib import Path
from typing import Any

from tests.engine.server.runs_lab import chain, serving, story, use


def changed_from(parent: object) -> dict[str, Any]:
    return {"extra_data": {"weft": {"parent": parent}}}


@story
async def test_runs_are_listed_with_the_run_they_came_from_and_their_first_picture(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        first = await place.send({"1": use("PSave", text="one")})
        second = await place.send({"1": use("PSave", text="two")}, **changed_from(first))
        plain = await place.send(chain(3), **changed_from(second))
        await place.ended(plain)
        runs = {run["id"]: run for run in (await place.get("/runs"))["runs"]}
        whole = await place.get(f"/runs/{second}")

    assert {id: run["parent"] for id, run in runs.items()} == {first: None, second: first, plain: second}
    assert runs[first]["picture"] == {
        "filename": "text_00001_.png",
        "subfolder": "toys",
        "type": "output",
    }
    assert runs[plain]["picture"] is None
    assert (whole["run"]["parent"], whole["run"]["picture"]) == (first, runs[second]["picture"])


@story
async def test_a_parent_that_can_be_none_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        answers = [
            await place.ask("POST", "/prompt", {"prompt": chain(3), **changed_from(parent)})
            for parent in (7, "", "x" * 300)
        ]

    assert [(status, answer["error"]["type"]) for status, answer in answers] == [(400, "invalid_request")] * 3
