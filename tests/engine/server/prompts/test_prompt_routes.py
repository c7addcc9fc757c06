"""POST and GET /prompt, /queue, /interrupt, /history and /free: what they take, and what they refuse."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from engine.server.options import Limits, Options
from tests.engine.server.comfy_traffic import recorded
from tests.engine.server.runs_lab import Place, chain, serving, story, use

SHOWN = {"1": use("PValue", value=3), "2": use("PShow", x=["1", 0])}
RUBBISH: list[Any] = [
    None,
    True,
    3,
    -1.5,
    "text",
    "",
    [],
    [1],
    {},
    {"a": None},
    {"prompt": {"1": []}},
    [[]],
    "\u0000",
]
FIELDS = (
    "prompt",
    "prompt_id",
    "client_id",
    "number",
    "front",
    "extra_data",
    "partial_execution_targets",
    "priority",
)


@story
async def test_an_accepted_prompt_is_answered_as_comfyui_does(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        answer = await place.post("/prompt", {"prompt": SHOWN})
        await place.post("/queue/pause")
        named = await place.post("/prompt", {"prompt": SHOWN, "prompt_id": "my id / x"})
        front = await place.post("/prompt", {"prompt": SHOWN, "front": True})
        numbered = await place.post("/prompt", {"prompt": SHOWN, "number": "-5"})

    assert list(answer) == ["prompt_id", "number", "node_errors"]
    assert (answer["number"], type(answer["number"])) == (0, int)
    assert named == {"prompt_id": "my id / x", "number": 1, "node_errors": {}}
    assert front["number"] < 0
    assert isinstance(front["number"], int)
    assert (numbered["number"], type(numbered["number"])) == (-5.0, float)


@story
async def test_a_prompt_that_is_partly_wrong_runs_in_part(tmp_path: Path) -> None:
    prompt = {
        **SHOWN,
        "3": use("PValue", value=-1),
        "4": use("PShow", x=["3", 0]),
        "5": use("PShow", x=["1", 0, 3]),
    }
    async with serving(tmp_path) as place:
        status, answer = await place.ask("POST", "/prompt", {"prompt": prompt})
        entry = await place.ended(answer["prompt_id"])

    assert status == 200
    assert {id: error["dependent_outputs"] for id, error in answer["node_errors"].items()} == {
        "3": ["4"],
        "5": ["5"],
    }
    assert entry["prompt"][4] == ["2"]
    assert entry["prompt"][2] == {**prompt, "5": use("PShow")}  # without what could not be read
    assert entry["status"]["completed"] is True
    assert list(entry["outputs"]) == ["2"]


@story
async def test_only_the_outputs_that_are_asked_for_run(tmp_path: Path) -> None:
    prompt = {**SHOWN, "3": use("PShow", x=5)}
    async with serving(tmp_path) as place:
        run = await place.send(prompt, partial_execution_targets=["3"])
        entry = await place.ended(run)
        none = await place.ask("POST", "/prompt", {"prompt": prompt, "partial_execution_targets": []})

    assert list(entry["outputs"]) == ["3"]
    assert none == (400, recorded("validation")["partial_empty"]["resp"])


@story
async def test_a_prompt_that_is_wrong_altogether_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        answers = [
            await place.ask("POST", "/prompt", {"prompt": {"1": use("PNone")}}),
            await place.ask("POST", "/prompt", {"prompt": {"1": use("PValue", value=1)}}),
            await place.ask("POST", "/prompt", {"client_id": "x"}),
            await place.ask(
                "POST", "/prompt", {"prompt": {"1": use("PShow", x=["2", 0]), "2": use("PAdd", a=["2", 0])}}
            ),
        ]
        runs = await place.get("/runs")

    assert [status for status, _ in answers] == [400] * 4
    assert [answer["error"]["type"] for _, answer in answers] == [
        "invalid_prompt",
        "prompt_no_outputs",
        "no_prompt",
        "prompt_outputs_failed_validation",
    ]
    assert runs == {"runs": [], "next": None}


@story
async def test_weft_s_own_format_is_taken_and_shown_as_a_prompt(tmp_path: Path) -> None:
    graph = {"weft": 1, "nodes": {"1": use("PValue", value=3), "2": use("PShow", x=["1", "INT"])}}
    async with serving(tmp_path) as place:
        for body in ({"prompt": graph}, graph):
            entry = await place.ended((await place.post("/prompt", body))["prompt_id"])

            assert entry["prompt"][2] == SHOWN
            assert entry["outputs"]["2"]["text"] == ["3"]
            assert entry["prompt"][3]["weft"] == {"document": graph}


@story
async def test_the_same_key_makes_one_run_however_often_it_is_sent(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        answers = await asyncio.gather(
            *(place.post("/prompt", {"prompt": SHOWN}, Idempotency_Key="k") for _ in range(10))
        )
        await place.ended(answers[0]["prompt_id"])
        later = await place.post("/prompt", {"prompt": chain(4)}, Idempotency_Key="k")
        runs = (await place.get("/runs"))["runs"]

    assert {answer["prompt_id"] for answer in (*answers, later)} == {runs[0]["id"]}
    assert len(runs) == 1


@story
async def test_an_id_belongs_to_one_graph(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        await place.send(SHOWN, prompt_id="mine")
        again = await place.post("/prompt", {"prompt": SHOWN, "prompt_id": "mine"})
        status, other = await place.ask("POST", "/prompt", {"prompt": chain(4), "prompt_id": "mine"})

    assert again["prompt_id"] == "mine"
    assert (status, other["error"]["type"]) == (400, "prompt_id_in_use")


@story
async def test_history_has_the_last_or_those_from_a_number_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as place:
        runs = [await place.send(chain(3, number)) for number in range(6)]
        await place.ended(runs[-1])
        listed = {
            query: list(await place.get(f"/history{query}"))
            for query in (
                "",
                "?max_items=2",
                "?max_items=2&offset=1",
                "?offset=4",
                "?max_items=0",
                "?max_items=500",
            )
        }
        await place.post("/history", {"delete": [runs[0], "unknown"]})
        fewer = list(await place.get("/history"))
        await place.post("/history", {"clear": True})
        none = await place.get("/history")

    assert listed == {
        "": runs,
        "?max_items=2": runs[4:],
        "?max_items=2&offset=1": runs[1:3],
        "?offset=4": runs[4:],
        "?max_items=0": [],
        "?max_items=500": runs,
    }
    assert fewer == runs[1:]
    assert none == {}


@story
async def test_a_long_history_comes_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.server.runs.history_routes.PORTION", 3)
    async with serving(tmp_path) as place:
        runs = [await place.send(chain(3, number)) for number in range(7)]
        await place.ended(runs[-1])

        assert list(await place.get("/history")) == runs
        assert list(await place.get("/history?max_items=5&offset=1")) == runs[1:6]
        assert list(await place.get("/history?max_items=5")) == runs[2:]
        assert await place.get("/history?max_items=5&offset=100") == {}


@story
async def test_clearing_the_queue_leaves_what_goes_on(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with serving(tmp_path) as place:
        going = await place.send({"1": use("PWait", path=str(go)), "2": use("PShow", x=["1", 0])})
        await place.until_running(going)
        waiting = [await place.send(chain(3, number)) for number in range(3)]
        cleared = await place.ask("POST", "/queue", {"clear": True})
        left = await place.get("/queue")
        go.touch()
        await place.ended(going)

        assert cleared == (200, "")
        assert ([item[1] for item in left["queue_running"]], left["queue_pending"]) == ([going], [])
        assert {await place.status_of(run) for run in waiting} == {"cancelled"}
        assert list(await place.get("/history")) == [going]


@pytest.mark.parametrize("body", [{}, {"unload_models": True}, {"free_memory": True}])
@story
async def test_memory_is_freed_without_anybody_waiting_for_it(tmp_path: Path, body: object) -> None:
    async with serving(tmp_path) as place:
        assert await place.ask("POST", "/free", body) == (200, "")
        await place.ended(await place.send(SHOWN))


@story
async def test_results_that_were_freed_are_computed_anew(tmp_path: Path) -> None:
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until_end(await place.send(SHOWN, "me"))
        await place.ask("POST", "/free", {"free_memory": True})
        await asyncio.sleep(0.1)
        run = await place.send(SHOWN, "me")
        await ears.until_end(run)

    (cached,) = ears.of(run, "execution_cached")
    assert cached["data"]["nodes"] == []


# ---- what is no request at all


async def refusals(place: Place, path: str, bodies: list[Any]) -> list[tuple[int, Any]]:
    return [await place.ask("POST", path, body) for body in bodies]


@story
async def test_what_is_no_json_is_refused_with_its_place(tmp_path: Path) -> None:
    bodies = [
        b"{",
        b"",
        b"\xff",
        b"{'a': 1}",
        b'{"prompt": NaN}',
        b'{"prompt": {"1": 1e999}}',
        b'"' + b"x" * 100,
    ]
    async with serving(tmp_path) as place:
        answers = await refusals(place, "/prompt", bodies)

    assert {status for status, _ in answers} == {400}
    assert all({"error", "node_errors"} == answer.keys() for _, answer in answers)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 10**6, 400),
        (b'{"prompt":' * 5000 + b"1" + b"}" * 5000, 400),
        (b'{"prompt": {"1": {"class_type": "PShow", "inputs": {"x": "' + b"a" * 2_000_000 + b'"}}}}', 413),
        (json.dumps({"prompt": {str(i): use("PValue") for i in range(300)}}).encode(), 413),
        (b'{"prompt": "' + b"a" * 5_000_000 + b'"}', 413),
    ],
    ids=["deep list", "deep object", "long text", "many nodes", "large"],
)
@story
async def test_what_is_too_much_is_refused(tmp_path: Path, body: bytes, status: int) -> None:
    options = Options(limits=Limits(json=4_000_000, nodes=200))
    async with serving(tmp_path, options=options) as place:
        assert (await place.ask("POST", "/prompt", body))[0] == status


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/queue", {"delete": "all"}),
        ("/queue", {"delete": [1]}),
        ("/queue", []),
        ("/history", {"delete": {"a": 1}}),
        ("/interrupt", {"prompt_id": 3}),
        ("/interrupt", [1]),
        ("/queue/pause", {"reason": 1}),
        ("/prompt", {"prompt": SHOWN, "number": "first"}),
        ("/prompt", {"prompt": SHOWN, "number": [1]}),
        ("/prompt", {"prompt": SHOWN, "extra_data": [1]}),
        ("/prompt", {"prompt": SHOWN, "client_id": {}}),
        ("/prompt", {"prompt": SHOWN, "prompt_id": "x" * 300}),
        ("/prompt", {"prompt": SHOWN, "prompt_id": ""}),
        ("/prompt", {"prompt": SHOWN, "partial_execution_targets": "2"}),
        ("/prompt", {"prompt": SHOWN, "priority": 2**70}),
    ],
)
@story
async def test_what_is_malformed_is_a_typed_error(tmp_path: Path, path: str, body: object) -> None:
    async with serving(tmp_path) as place:
        status, answer = await place.ask("POST", path, body)

    assert status == 400
    assert answer["error"]["type"] in {"invalid_request", "invalid_body"}
    assert answer["error"]["message"]
    assert answer["error"]["details"]


@pytest.mark.parametrize("query", ["max_items=abc", "offset=x", "max_items=1.5"])
@story
async def test_a_malformed_query_is_a_typed_error(tmp_path: Path, query: str) -> None:
    async with serving(tmp_path) as place:
        status, answer = await place.ask("GET", f"/history?{query}")

    assert (status, answer["error"]["type"]) == (400, "invalid_request")


@story
async def test_whatever_is_sent_nothing_fails_and_the_queue_goes_on(tmp_path: Path) -> None:
    dice = random.Random(11)
    paths = ["/prompt", "/queue", "/history", "/interrupt", "/free", "/queue/pause", "/queue/resume", "/runs"]

    def rubbish(depth: int = 0) -> Any:
        choice = dice.random()
        if depth > 3 or choice < 0.4:
            return dice.choice(RUBBISH)
        if choice < 0.6:
            return [rubbish(depth + 1) for _ in range(dice.randrange(4))]
        return {
            dice.choice([*FIELDS, "runs", "clear", "delete", "1", ""]): rubbish(depth + 1) for _ in range(4)
        }

    def mutated() -> Any:
        node = {
            "class_type": "PShow",
            "inputs": {"x": rubbish(2)},
            dice.choice(["_meta", "is_changed", "q"]): rubbish(2),
        }
        return {"prompt": {"1": dice.choice([node, rubbish(2)]), dice.choice(["2", "a/b", ""]): node}}

    async with serving(tmp_path) as place:
        for _ in range(400):
            path = dice.choice(paths)
            body = dice.choice([rubbish, mutated])()
            status, answer = await place.ask("POST", path, body)
            assert status < 500, (path, body, answer)
        await place.post("/queue/resume")
        assert (await place.ended(await place.send(chain(3, 5))))["status"]["completed"] is True
