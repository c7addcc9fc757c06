"""Whatever is posted (7, 8, 10, 11): never an error of the server's own, never a hang, and the queue goes on."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

import pytest

from engine.server.app import routes
from tests.engine.served import Served
from tests.faults.lab import Live, saved, shown, story, talking, use

POSTS = sorted(
    (route.method, re.sub(r"\{[^}]*\}", "x", route.path))
    for route in routes()
    if route.method in {"POST", "PUT", "PATCH"}
)
LEAVES: list[object] = [
    *(None, True, 0, -1, 2**63, 10**400, 1.5, "", "1", "\x00", "é", "../x", "a" * 5000, [], {}, [["1", 0]]),
    *(
        ["1"],
        ["1", -1],
        ["1", 99],
        ["1", "INT"],
        ["1", 0, 0],
        [None, 0],
        ["nowhere", 0],
        [1, 0],
        {"class_type": "Save"},
    ),
]
GOOD: dict[str, Any] = {
    "prompt": {**saved(1), "3": use("Show", x=["1", 0]), "4": use("Load", name="a")},
    "client_id": "me",
    "extra_data": {"extra_pnginfo": {"workflow": {"nodes": [], "links": []}}},
    "number": 1,
    "front": False,
}
RAW = {
    "deep lists": b"[" * 10**6,
    "deep objects": b'{"a":' * 10**5,
    "a long text": b'{"prompt": "' + b"a" * (17 * 2**20) + b'"}',
    "many keys": b"{" + b",".join(b'"%d": 1' % number for number in range(10**5)) + b"}",
    "a key twice": b'{"prompt": {}, "prompt": []}',
    "no numbers": b'{"prompt": {"1": {"class_type": "Number", "inputs": {"value": NaN}}}}',
    "infinite": b'{"prompt": {"1": {"class_type": "Number", "inputs": {"value": 1e999}}}}',
    "a huge number": b'{"prompt": {"1": {"class_type": "Number", "inputs": {"value": '
    + b"9" * 10_000
    + b"}}}}",
    "a lone surrogate": b'{"prompt": {"1": {"class_type": "\\ud800", "inputs": {}}}}',
    "nul": b'{"prompt": {"1\\u0000": {"class_type": "Number\\u0000", "inputs": {}}}}',
    "nothing": b"",
    "bytes": bytes(range(256)),
}


@story
async def test_raw_bytes_of_any_kind_are_answered_with_a_refusal(standing: Served) -> None:
    async with talking(standing) as live:
        for name, body in RAW.items():
            for path in ("/prompt", "/runs", "/queue", "/validate", "/settings"):
                status, answer = await live.ask("POST", path, body)
                assert status < 500, (name, path, status, answer[:300])
                if path == "/prompt":
                    assert 400 <= status < 500, (name, status)
        await live.check()


@pytest.mark.parametrize("seed", range(4))
@story
async def test_mutated_prompts_are_run_or_refused_with_the_place_of_what_is_wrong(
    standing: Served, seed: int
) -> None:
    chance = random.Random(seed)
    async with talking(standing) as live:
        for _ in range(60):
            body = copy.deepcopy(GOOD)
            for _ in range(chance.randint(1, 3)):
                mutate(body, chance)
            path = chance.choice(["/prompt", "/prompt", "/runs", "/validate"])
            status, answer = await live.ask("POST", path, json.dumps(body).encode())
            assert status < 500, (path, body, answer)
            told = json.loads(answer)
            if path == "/prompt" and status == 200:
                live.accepted.add(told["prompt_id"])
            elif path == "/prompt":
                assert told["error"]["type"], (body, told)
                nodes = body.get("prompt")
                assert set(told.get("node_errors") or {}) <= set(nodes if isinstance(nodes, dict) else ()), (
                    told
                )
        for run in [*live.accepted]:
            await live.ended(run)
        await live.check()


def mutate(value: Any, chance: random.Random) -> None:
    """Change something somewhere within: replace, remove, or add."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not keys or chance.random() < 0.15:
            if isinstance(value, dict):
                value[chance.choice(["1", "prompt", "inputs", "class_type", "x", "é"])] = chance.choice(
                    LEAVES
                )
            else:
                value.append(chance.choice(LEAVES))
            return
        key = chance.choice(keys)
        inner = value[key]
        if isinstance(inner, dict | list) and chance.random() < 0.7:
            value = inner
        elif chance.random() < 0.2:
            del value[key]
            return
        else:
            value[key] = copy.deepcopy(chance.choice(LEAVES))
            return


@pytest.mark.parametrize("seed", range(2))
@story
async def test_arbitrary_json_is_answered_by_every_route_that_takes_some(standing: Served, seed: int) -> None:
    chance = random.Random(seed)
    async with talking(standing) as live:
        for method, path in POSTS:
            for _ in range(4):
                body = arbitrary(chance, 4)
                status, answer = await live.ask(method, path, json.dumps(body).encode())
                assert status < 500, (method, path, body, answer)
        await resume(live)
        await live.check()


def arbitrary(chance: random.Random, depth: int) -> object:
    """Any JSON, with names that the server knows among its keys."""
    names = [
        "prompt",
        "client_id",
        "number",
        "extra_data",
        "clear",
        "delete",
        "runs",
        "weft",
        "nodes",
        "links",
        "x",
    ]
    kind = chance.randint(0, 3) if depth else 3
    if kind == 0:
        return [arbitrary(chance, depth - 1) for _ in range(chance.randint(0, 3))]
    if kind in {1, 2}:
        return {chance.choice(names): arbitrary(chance, depth - 1) for _ in range(chance.randint(0, 4))}
    return chance.choice(LEAVES)


async def resume(live: Live) -> None:
    """Open the queue again, should something have paused it."""
    await live.ask("POST", "/queue", {"resume": True})


@story
async def test_circles_of_any_length_are_named_and_refused(standing: Served) -> None:
    async with talking(standing) as live:
        for length in (1, 2, 1000):
            ring = {
                str(number): use("Step", a=[str((number + 1) % length), 0], index=number, log="", seconds=0.0)
                for number in range(length)
            }
            status, answer = await live.ask(
                "POST", "/prompt", {"prompt": {**ring, "s": use("Show", x=["0", 0])}}
            )
            assert status == 400, answer[:500]
            assert json.loads(answer)["error"]["type"], answer[:500]
        await live.check()


@story
async def test_odd_slots_are_refused_at_their_node(standing: Served) -> None:
    async with talking(standing) as live:
        for link in (["1", -1], ["1", 7], ["1", "nothing"], ["nowhere", 0]):
            prompt = {**shown(use("Number")), "2": use("Show", x=link)}
            status, answer = await live.ask("POST", "/prompt", {"prompt": prompt})
            assert (status, list(json.loads(answer)["node_errors"])) == (400, ["2"]), (link, answer)
        await live.check()
