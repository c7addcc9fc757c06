"""/runs: pages, parts, batches, waiting, moving, cancelling, forgetting; and a run's events as they happen."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.server.runs_lab import Place, chain, serving, story, use

SHOWN = {"1": use("PValue", value=3), "2": use("PShow", x=["1", 0])}


def waiting_for(path: Path) -> dict[str, object]:
    return {"1": use("PWait", path=str(path)), "2": use("PShow", x=["1", 0])}


@story
async def test_runs_come_in_pages_without_their_graphs_the_newest_first(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        sent = [await place.send(chain(3, number)) for number in range(7)]
        await place.ended(sent[-1])
        pages: list[dict[str, Any]] = [await place.get("/runs?most=3")]
        await place.send(chain(3, 100))  # what comes meanwhile moves nothing
        while pages[-1]["next"] is not None:
            pages.append(await place.get(f"/runs?most=3&after={pages[-1]['next']}"))

    assert [run["id"] for page in pages for run in page["runs"]] == sent[::-1]
    assert [len(page["runs"]) for page in pages] == [3, 3, 1]
    assert "class_type" not in json.dumps(pages)


@story
async def test_runs_can_be_asked_for_by_their_status_and_their_batch(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        good = await place.send(SHOWN, batch="b")
        bad = await place.send({"1": use("PFail"), "2": use("PShow", x=["1", 0])})
        await place.ended(bad)

        async def ids(query: str) -> list[str]:
            return [run["id"] for run in (await place.get(f"/runs?{query}"))["runs"]]

        assert await ids("status=done") == [good]
        assert await ids("status=failed") == [bad]
        assert await ids("batch=b") == [good]
        assert await ids("status=queued") == []
        assert (await place.ask("GET", "/runs?status=lost"))[0] == 400
        assert (await place.ask("GET", "/runs?most=x"))[0] == 400


@story
async def test_nothing_is_sent_again_while_nothing_has_changed(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.ended(await place.send(SHOWN))

        async def tag(known: str = "") -> tuple[int, str]:
            async with place.session.get(place.url + "/runs", headers={"If-None-Match": known}) as answer:
                return answer.status, answer.headers["ETag"]

        _, first = await tag()
        unchanged = await tag(first)
        await place.ended(await place.send(chain(4)))
        changed = await tag(first)

    assert unchanged == (304, first)
    assert changed[0] == 200
    assert changed[1] != first


@story
async def test_a_run_tells_all_that_is_known_of_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send({"1": use("PSave", text="words")})
        await place.ended(run)
        whole = await place.get(f"/runs/{run}")
        graph = await place.get(f"/runs/{run}/graph")

    assert whole["run"]["status"] == "done"
    assert whole["artifacts"][0]["media_type"] == "image/png"
    assert whole["result"]["outputs"]["1"]["images"][0]["type"] == "output"
    assert whole["result"]["weft"]["nodes"]["1"]["why"]
    assert graph == {"1": use("PSave", text="words")}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/runs/none"),
        ("GET", "/runs/none/graph"),
        ("GET", "/runs/none/events"),
        ("DELETE", "/runs/none"),
        ("POST", "/runs/none/cancel"),
        ("PATCH", "/runs/none"),
    ],
)
@story
async def test_an_unknown_run_is_said_to_be_unknown(tmp_path: Path, method: str, path: str) -> None:
    async with serving(tmp_path) as place:
        status, answer = await place.ask(method, path, {"number": 1} if method == "PATCH" else None)

    assert (status, answer["error"]["type"]) == (404, "unknown_run")


@story
async def test_a_run_can_be_waited_for(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        done = await place.post("/runs?wait=1", {"prompt": SHOWN})
        failed = await place.post(
            "/runs?wait=1", {"prompt": {"1": use("PFail"), "2": use("PShow", x=["1", 0])}}
        )

    assert (done["run"]["status"], done["result"]["outputs"]) == (
        "done",
        {"2": {"text": ["3"], "uid": ["2"]}},
    )
    assert (failed["run"]["status"], failed["run"]["reason"]) == (
        "failed",
        "IndexError: list index out of range",
    )


@story
async def test_who_waits_for_a_run_that_is_cancelled_before_it_begins_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.post("/queue/pause")
        waiting = asyncio.create_task(place.post("/runs?wait=1", {"prompt": SHOWN, "prompt_id": "mine"}))
        while place.dispatcher.queue.remaining == 0:
            await asyncio.sleep(0.001)
        await place.post("/queue", {"delete": ["mine"]})

        assert (await waiting)["run"]["status"] == "cancelled"


@story
async def test_a_client_that_stops_waiting_stops_nothing(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        body = {"prompt": waiting_for(go), "prompt_id": "mine"}
        waiting = asyncio.create_task(place.post("/runs?wait=1", body))
        await place.until_running("mine")
        waiting.cancel()
        go.touch()

        assert (await place.ended("mine"))["status"]["completed"] is True


@story
async def test_a_batch_is_accepted_as_one(tmp_path: Path) -> None:
    bodies = [{"prompt": chain(3, number)} for number in range(20)]
    async with serving(tmp_path) as place:
        sent = (await place.post("/runs", {"runs": bodies, "batch": "b", "client_id": "me"}))["runs"]
        await place.ended(sent[-1]["id"])
        runs = (await place.get("/runs?batch=b"))["runs"]

    assert [run["id"] for run in runs] == [run["id"] for run in sent][::-1]
    assert {(run["status"], run["client"]) for run in runs} == {("done", "me")}


@story
async def test_a_batch_with_a_mistake_in_it_is_refused_as_one(tmp_path: Path) -> None:
    good, bad = {"prompt": SHOWN}, {"prompt": {"1": use("PNone")}}
    async with serving(tmp_path) as place:
        batches: list[object] = [[good, bad], [], "x", [good, 3], [{}]]
        answers = [await place.ask("POST", "/runs", {"runs": runs}) for runs in batches]
        await place.send(chain(4), prompt_id="taken")
        clash = await place.ask(
            "POST", "/runs", {"runs": [{**good, "prompt_id": "new"}, {**good, "prompt_id": "taken"}]}
        )
        known = [run["id"] for run in (await place.get("/runs"))["runs"]]

    assert [status for status, _ in (*answers, clash)] == [400] * 6
    assert known == ["taken"]


@story
async def test_a_batch_sent_twice_with_one_key_is_there_once(tmp_path: Path) -> None:
    body = {"runs": [{"prompt": chain(3, number)} for number in range(3)]}
    async with serving(tmp_path) as place:
        first = await place.post("/runs", body, Idempotency_Key="k")
        again = await place.post("/runs", body, Idempotency_Key="k")

    assert [run["id"] for run in first["runs"]] == [run["id"] for run in again["runs"]]


@story
async def test_only_a_run_that_waits_can_be_moved(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        over = await place.send(SHOWN)
        await place.ended(over)
        await place.post("/queue/pause")
        waiting = await place.send(chain(3))
        answers = [
            await place.ask("PATCH", f"/runs/{run}", change)
            for run, change in [
                (over, {"number": 1}),
                (waiting, {}),
                (waiting, {"status": "done"}),
                (waiting, {"number": "x"}),
                (waiting, {"priority": 1.5}),
                (waiting, {"number": 2.5, "priority": 3}),
            ]
        ]

    assert [status for status, _ in answers] == [409, 400, 400, 400, 400, 200]
    assert (answers[-1][1]["number"], answers[-1][1]["priority"]) == (2.5, 3)


@story
async def test_only_a_run_that_is_over_can_be_forgotten(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        run = await place.send(waiting_for(go))
        await place.until_running(run)
        early = await place.ask("DELETE", f"/runs/{run}")
        go.touch()
        await place.ended(run)
        late = await place.ask("DELETE", f"/runs/{run}")
        gone = await place.ask("GET", f"/runs/{run}")

    assert (early[0], early[1]["error"]["type"]) == (409, "not_over")
    assert (late, gone[0]) == ((204, ""), 404)


# ---- events


async def events(place: Place, run: str, last: str = "") -> AsyncIterator[dict[str, Any]]:
    """A run's events, until they end."""
    headers = {"Last-Event-ID": last} if last else {}
    async with place.session.get(f"{place.url}/runs/{run}/events", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        event: dict[str, Any] = {}
        async for line in answer.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "data":
                event["data"] = json.loads(value)
            elif name:
                event[name] = value
            else:
                yield event
                if event["event"] == "end":
                    return
                event = {}


async def all_events(place: Place, run: str, last: str = "") -> list[dict[str, Any]]:
    return [event async for event in events(place, run, last)]


@story
async def test_the_events_of_a_run_are_its_messages_before_during_and_after_it(tmp_path: Path) -> None:
    go = tmp_path / "go"
    prompt = {**chain(5), "w": use("PWait", path=str(go)), "x": use("PShow", x=["w", 0])}
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await place.post("/queue/pause")
        run = await place.send(prompt, "me")
        before = asyncio.create_task(all_events(place, run))
        await asyncio.sleep(0.05)
        await place.post("/queue/resume")
        await ears.until("executing", run, node="w")
        during = asyncio.create_task(all_events(place, run))
        await asyncio.sleep(0.05)
        go.touch()
        await ears.until_end(run)
        heard = [await before, await during, await all_events(place, run)]

    said = ears.of(run)
    for one in heard:
        assert [event["data"] for event in one[:-1]] == said
        assert [event["id"] for event in one[:-1]] == [message["data"]["at"] for message in said]
        assert [event["event"] for event in one] == [*(message["type"] for message in said), "end"]


@story
async def test_who_comes_back_goes_on_behind_the_last_event_it_has(tmp_path: Path) -> None:
    go = tmp_path / "go"
    prompt = {**chain(5), "w": use("PWait", path=str(go)), "x": use("PShow", x=["w", 0])}
    async with serving(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(prompt, "me")
        first: list[dict[str, Any]] = []
        async for event in events(place, run):
            first.append(event)
            if len(first) == 4:
                break
        rest = asyncio.create_task(all_events(place, run, first[-1]["id"]))
        await asyncio.sleep(0.05)
        go.touch()
        await ears.until_end(run)
        both = [*first, *(await rest)[:-1]]

    assert [event["data"] for event in both] == ears.of(run)


@story
async def test_events_of_a_run_that_is_over_survive_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        run = await place.send(chain(5))
        await place.ended(run)
        before = await all_events(place, run)
    async with serving(tmp_path) as place:
        assert await all_events(place, run) == before
        status, _ = await place.ask("GET", f"/runs/{run}/events", Last_Event_ID="x")

    assert len(before) > 6
    assert status == 400
