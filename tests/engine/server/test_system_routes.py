from __future__ import annotations

import asyncio
import logging
import os
import re
from pathlib import Path

from aiohttp import ClientSession

from engine.backends.backend import BackendState, Device, Packs
from engine.server.app import routes
from engine.server.system_routes import memory
from tests.engine.server.standing import Standing, Still, standing


def test_the_machine_has_memory_some_of_which_is_free() -> None:
    total, free = memory()

    assert 0 < free < total


class Starting(Still):
    """A backend that never finishes to start, and must not be waited for."""

    state: BackendState = "starting"

    async def ready(self) -> Packs:
        await asyncio.sleep(3600)
        return self.packs

    async def device(self) -> Device:
        raise AssertionError("nobody is there to be asked")


def test_the_system_answers_while_the_worker_is_starting(tmp_path: Path) -> None:
    with standing(tmp_path, backend=Starting()) as server:
        stats, ready, health = (server.get(path) for path in ("/system_stats", "/ready", "/health"))

    assert (stats.status, ready.status, health.status) == (200, 503, 200)
    assert isinstance(ready.json, dict)
    assert (ready.json["ready"], ready.json["backend"]) == (False, "starting")


def test_a_server_with_a_worker_is_ready(server: Standing) -> None:
    told = server.get("/api/ready")

    assert told.status == 200
    assert told.json == {
        "ready": True,
        "backend": "idle",
        "queue": "open",
        "reason": "",
        "waiting": 0,
        "running": 0,
    }


def test_metrics_count_what_happens(server: Standing) -> None:
    server.get("/nowhere")
    text = server.get("/metrics").body.decode()

    assert 'weft_http_requests_total{method="GET",status="404"} 1.0' in text
    assert "weft_runs_waiting 0.0" in text
    assert "weft_worker_ready 1.0" in text
    assert "process_resident_memory_bytes" in text


def test_the_openapi_document_has_every_route_and_says_what_it_does(server: Standing) -> None:
    document = server.get("/api/openapi.json").json
    assert isinstance(document, dict)
    told = {(method, path) for path, methods in document["paths"].items() for method in methods}
    there = {(route.method.lower(), re.sub(r":[^{}]*\}", "}", route.path)) for route in routes()}

    assert told == there
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert [operation["operationId"] for operation in operations if not operation["summary"]] == []


def test_names_of_operations_are_unique(server: Standing) -> None:
    document = server.get("/api/openapi.json").json
    assert isinstance(document, dict)
    ids = [
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
    ]

    assert len(ids) == len(set(ids))


def test_the_log_can_be_read_and_followed(server: Standing) -> None:
    server.loop.call_soon_threadsafe(logging.getLogger("weft.test").warning, "a line %d", 7)

    async def follow() -> list[str]:
        address = f"http://{server.host}:{server.port}"
        async with ClientSession(address) as session, session.ws_connect("/ws?clientId=panel") as socket:
            await socket.receive_json()
            wish = {"clientId": "panel", "enabled": True}
            async with session.patch("/internal/logs/subscribe", json=wish) as answer:
                assert answer.status == 200
            logging.getLogger("weft.test").warning("another line")
            while True:
                message = await socket.receive_json(timeout=10)
                if message["type"] == "logs":
                    return [entry["m"] for entry in message["data"]["entries"]]

    assert asyncio.run(follow()) == ["another line\n"]
    raw = server.get("/internal/logs/raw").json
    assert isinstance(raw, dict)
    assert "a line 7\n" in [entry["m"] for entry in raw["entries"]]
    assert "a line 7" in str(server.get("/internal/logs").json)


def test_who_names_no_client_cannot_follow_the_log(server: Standing) -> None:
    assert server.ask("PATCH", "/internal/logs/subscribe", b"{}").status == 400


def test_files_are_listed_with_the_newest_first(server: Standing) -> None:
    folder = server.home / "output"
    folder.mkdir()
    for age, name in enumerate(["new.png", "old.png"]):
        (folder / name).touch()
        os.utime(folder / name, (1_000_000 - age, 1_000_000 - age))

    assert server.get("/internal/files/output").json == ["new.png", "old.png"]
