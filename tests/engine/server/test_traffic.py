"""The same runs as a real ComfyUI was recorded with: the same messages, in the same order, in the same shape.

What differs on purpose: `progress_state` tells differences, so that there are fewer of them; Weft's own fields stand
behind ComfyUI's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.server.comfy_traffic import recorded
from tests.engine.server.runs_lab import Ears, Place, kinds, serving, story, use

RECORDED = recorded("runs")
VALUE = {"1": use("PValue", value=3), "2": use("PShow", x=["1", 0])}
QUIET = {"1": use("PValue", value=3), "2": use("PQuiet", x=["1", 0])}
PICTURES = {"p": use("PProgress", steps=2, preview=True), "s": use("PShow", x=["p", 0])}
MORE = {**PICTURES, "z": use("PShow", x=77)}
FAILING = {"a": use("PValue", value=3), "p": use("PFail", a=["a", 0]), "s": use("PShow", x=["p", 0])}

OURS = {"at", "cached", "seconds", "size", "node_path", "hint", "error_id", "weft"}


def state_of(messages: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a client knows of all nodes in the end."""
    nodes: dict[str, dict[str, Any]] = {}
    for message in messages:
        if message["type"] == "progress_state":
            nodes.update(message["data"]["nodes"])
    return nodes


def shape(value: object) -> object:
    """A message with its fields in their order, and with what differs from run to run left out."""
    match value:
        case dict():
            return {
                key: "..." if key in {"prompt_id", "timestamp", "sid"} else shape(item)
                for key, item in value.items()
                if key not in OURS
            }
        case list():
            return [shape(item) for item in value]
        case bool() | None:
            return value
        case int() | float():
            return float(value)
    return value


def in_order(messages: list[dict[str, Any]]) -> list[object]:
    """All but the progress, as shapes that also tell the order of the fields."""
    return [
        repr(shape(message)) for message in messages if message["type"] not in {"progress_state", "picture"}
    ]


async def heard(place: Place, ears: Ears, prompt: Mapping[str, object]) -> list[dict[str, Any]]:
    """Everything that a client hears of one run."""
    ears.heard.clear()
    await ears.until_end(await place.send(prompt, ears.client))
    return list(ears.heard)


@pytest.mark.parametrize(
    ("prompt", "first", "again"),
    [(VALUE, "simple", "fully_cached"), (QUIET, None, "noui_cached")],
    ids=["shows something", "shows nothing"],
)
@story
async def test_a_run_and_the_same_run_again(
    tmp_path: Path, prompt: Mapping[str, object], first: str | None, again: str
) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        fresh = await heard(place, ears, prompt)
        cached = await heard(place, ears, prompt)

    if first is not None:
        assert in_order(fresh) == in_order(RECORDED[first]["msgs"])
        assert shape(state_of(fresh)) == shape(state_of(RECORDED[first]["msgs"]))
    assert in_order(cached) == in_order(RECORDED[again]["msgs"])
    assert shape(state_of(cached)) == shape(state_of(RECORDED[again]["msgs"]))


@story
async def test_where_one_node_is_cached_and_the_other_shows_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        await heard(place, ears, VALUE)
        messages = await heard(place, ears, QUIET)

    assert in_order(messages) == in_order(RECORDED["noui"]["msgs"])
    assert shape(state_of(messages)) == shape(state_of(RECORDED["noui"]["msgs"]))


@story
async def test_progress_and_pictures(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        fresh = await heard(place, ears, PICTURES)
        cached = await heard(place, ears, MORE)

    legacy, again = RECORDED["progress_preview_legacy"]["msgs"], RECORDED["progress_preview_cached"]["msgs"]
    legacy = [message for message in legacy if "type" in message]
    assert in_order(without_middle(fresh)) == in_order(without_middle(legacy))
    assert shape(state_of(fresh)) == shape(state_of(legacy))
    assert in_order(cached) == in_order(again)
    assert shape(state_of(cached)) == shape(state_of(again))


def without_middle(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the steps before the last, which may go by too fast to be told."""
    return [m for m in messages if m["type"] != "progress" or m["data"]["value"] == m["data"]["max"]]


@story
async def test_a_failure(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        messages = await heard(place, ears, FAILING)
        entry = await place.ended(messages[-1]["data"]["prompt_id"])

    theirs = RECORDED["empty_list"]["msgs"]
    (error,) = [message["data"] for message in messages if message["type"] == "execution_error"]
    (known,) = [message["data"] for message in theirs if message["type"] == "execution_error"]
    assert kinds(messages)[-4:] == ["progress_state", *kinds(theirs)[-3:]]
    assert [key for key in error if key not in OURS] == list(known)
    for same in ("node_id", "executed", "exception_message", "exception_type"):
        assert error[same] == known[same]
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1] == ["execution_error", error]


@story
async def test_the_history_of_a_run_and_of_the_same_run_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("23892c5f38984bcd87e59f8ede4edbc5") as ears:
        for name in ("history_one", "history_cached"):
            run = (await heard(place, ears, VALUE))[-1]["data"]["prompt_id"]
            entry = (await place.get(f"/history/{run}"))[run]
            (known,) = RECORDED[name][1].values()
            known["prompt"][1] = run

            assert repr(shape(entry)) == repr(shape(known))


@story
async def test_what_others_hear_of_a_run(tmp_path: Path) -> None:
    """ComfyUI also sends them the pictures of runs whose client gave no name; Weft does not."""
    recording = recorded("queue")
    async with serving(tmp_path) as place, place.listen("c") as c, place.listen("d") as d:
        for ears in (c, d):
            await ears.until("status")
            ears.heard.clear()
        await c.until_end(await place.send(VALUE, "c"))
        await d.until("status", status={"exec_info": {"queue_remaining": 0}})
        assert [
            f"status:{m['data']['status']['exec_info']['queue_remaining']}" for m in d.heard
        ] == recording["client_c_seen_by_d"]

        d.heard.clear()
        await place.send({"1": use("PProgress", steps=1, preview=True), "2": use("PShow", x=["1", 0])})
        await d.until("status", status={"exec_info": {"queue_remaining": 0}})
        theirs = [one.partition(":")[0] for one in recording["no_client_id_seen_by_d"] if one != "BIN1"]
        assert [k for k in kinds(d.heard) if k != "progress_state"] == [
            k for k in theirs if k != "progress_state"
        ]
        assert "progress_state" in kinds(d.heard)


@story
async def test_an_interrupted_run_and_what_goes_on_behind_it(tmp_path: Path) -> None:
    recording = recorded("queue")
    slow = {"1": use("PProgress", steps=4000, delay=0.01), "2": use("PShow", x=["1", 0])}
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        ears.heard.clear()
        first = await place.send(slow, "me")
        await ears.until("executing", first)
        second = await place.send({**slow, "1": use("PProgress", steps=4001, delay=0.01)}, "me")
        third = await place.send(slow, "me", front=True)
        listed = await place.get("/queue")
        assert (await place.get("/prompt")) == recording["prompt_get"][1]
        assert (await place.ask("POST", "/interrupt", {"prompt_id": "another"})) == (200, "")
        assert (await place.ask("POST", "/queue", {"delete": [second]})) == (200, "")
        assert (await place.ask("POST", "/interrupt", {"prompt_id": first})) == (200, "")
        await ears.until("executing", third)
        assert (await place.ask("POST", "/interrupt")) == (200, "")
        await ears.until_end(third)
        entry = await place.ended(first)

        assert [item[1] for item in listed["queue_running"]] == [first]
        assert [item[1] for item in listed["queue_pending"]] == [third, second]
        assert [len(item) for item in listed["queue_pending"]] == [5, 5]
        assert await place.get(f"/history/{second}") == {} or (await place.ended(second))

    told = [message for message in ears.heard if message["type"] not in {"progress", "progress_state"}]
    theirs = [as_message(text) for text in recording["interrupt_msgs"] if not text.startswith("progress")]
    assert outline(told) == outline(theirs)
    (known,) = recording["history_interrupted"][1].values()
    assert [kind for kind, _ in entry["status"]["messages"]] == [m[0] for m in known["status"]["messages"]]
    assert (entry["status"]["status_str"], entry["status"]["completed"]) == ("error", False)
    assert entry["outputs"] == {}


def as_message(text: str) -> dict[str, Any]:
    """A message as it was recorded in brief."""
    kind, _, rest = text.partition(":")
    if kind == "status":
        return {"type": kind, "data": {"status": {"exec_info": {"queue_remaining": int(rest)}}}}
    return {"type": kind, "data": json.loads(rest)}


def outline(messages: list[dict[str, Any]]) -> list[object]:
    """What each message is, of which run (the first that is named, or the second), and at which node."""
    runs = list(dict.fromkeys(m["data"]["prompt_id"] for m in messages if m["type"] != "status"))
    return [
        message["data"]["status"]
        if message["type"] == "status"
        else (message["type"], runs.index(message["data"]["prompt_id"]), message["data"].get("node"))
        for message in messages
    ]
