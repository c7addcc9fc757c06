"""A server for runs: the real store, dispatcher and backend, with toy nodes, and clients over real sockets."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import aiohttp
from aiohttp import web

from engine.backends.backend import Backend
from engine.backends.in_process import InProcessBackend
from engine.backends.options import WorkerOptions
from engine.backends.settings import Settings, settings_at
from engine.packs.source import builtin
from engine.server.dispatch.disk_space import DiskSpace
from engine.server.dispatch.dispatcher import Dispatcher
from engine.server.nodes.known_nodes import KnownNodes
from engine.server.options import Options
from engine.server.prompts import accept
from engine.server.runs import (
    forecast_routes,
    history_routes,
    job_routes,
    peek_routes,
    queue_routes,
    runs_routes,
    timeline_routes,
)
from engine.server.services import SERVICES, Services
from engine.server.telling import run_events, socket
from engine.server.telling.hub import Hub
from engine.store.opening import open_store

P = ParamSpec("P")

TOYS = Path(__file__).parent / "toy_pack"
TABLES = (
    accept,
    queue_routes,
    history_routes,
    runs_routes,
    job_routes,
    forecast_routes,
    peek_routes,
    timeline_routes,
    run_events,
    socket,
)
PATIENCE = 20.0  # seconds that a test waits at most for what must come


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test that is a coroutine."""

    @wraps(test)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        async def within_reason() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(within_reason())

    return told


def toy_settings(home: Path) -> Settings:
    """The toy nodes, and folders below `home`."""
    return replace(settings_at(home), packs=(builtin(TOYS),), libraries=())


@dataclass
class Ears:
    """A client's socket, and all that it has heard."""

    socket: aiohttp.ClientWebSocketResponse
    client: str
    heard: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)

    async def until(self, kind: str, run: str | None = None, **data: object) -> dict[str, Any]:
        """Listen until such a message comes; gives its data."""
        async with asyncio.timeout(PATIENCE):
            while True:
                message = await self.next()
                told = message.get("data", {})
                right = run is None or told.get("prompt_id") == run
                if (
                    message["type"] == kind
                    and right
                    and all(told.get(key) == value for key, value in data.items())
                ):
                    return dict(told)

    async def until_end(self, run: str) -> None:
        """Listen until a run is over."""
        while (await self.until("executing", run))["node"] is not None:
            pass

    async def next(self) -> dict[str, Any]:
        """The next message; a picture is one of type "picture"."""
        message = await self.socket.receive(PATIENCE)
        if message.type is aiohttp.WSMsgType.BINARY:
            self.pictures.append(message.data)
            told = {"type": "picture", "data": {"bytes": message.data}}
        else:
            assert message.type is aiohttp.WSMsgType.TEXT, message
            told = json.loads(message.data)
        self.heard.append(told)
        return told

    async def flags(self) -> None:
        """Say what this client knows, as the stock one does."""
        await self.socket.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
        await self.until("feature_flags")

    def of(self, run: str, *kinds: str) -> list[dict[str, Any]]:
        """What was heard of a run, of these kinds or of all but `progress_state`."""
        return [
            message
            for message in self.heard
            if message["data"].get("prompt_id") == run
            and (message["type"] in kinds if kinds else message["type"] != "progress_state")
        ]


@dataclass
class Place:
    """A server that stands, and how to talk to it."""

    url: str
    session: aiohttp.ClientSession
    services: Services
    home: Path

    @property
    def dispatcher(self) -> Dispatcher:
        return self.services.dispatcher

    async def ask(self, method: str, path: str, data: object = None, **headers: str) -> tuple[int, Any]:
        """The status, and the JSON or text of an answer."""
        body = data if isinstance(data, bytes) else None if data is None else json.dumps(data).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(method, self.url + path, data=body, headers=named) as answer:
            content = await answer.read()
            is_json = answer.content_type == "application/json" and content
            return answer.status, json.loads(content) if is_json else content.decode()

    async def get(self, path: str) -> Any:
        """The JSON of what must be there."""
        status, found = await self.ask("GET", path)
        assert status == 200, (status, found)
        return found

    async def post(self, path: str, data: object = None, **headers: str) -> Any:
        """The JSON of what must be accepted."""
        status, found = await self.ask("POST", path, data, **headers)
        assert status in {200, 201}, (status, found)
        return found

    async def send(self, prompt: Mapping[str, object], client: str | None = None, **more: object) -> str:
        """Send a prompt; gives the run's id."""
        known = {"client_id": client} if client else {}
        answer = await self.post("/prompt", {"prompt": prompt, **known, **more})
        assert answer["node_errors"] == {}
        return str(answer["prompt_id"])

    @asynccontextmanager
    async def listen(self, client: str, **query: str) -> AsyncIterator[Ears]:
        """A socket of a client."""
        known = {"clientId": client, **query}
        async with self.session.ws_connect(self.url + "/ws", params=known, max_msg_size=0) as socket:
            yield Ears(socket, client)

    async def ended(self, run: str) -> dict[str, Any]:
        """The history's entry of a run, once it is over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found: dict[str, dict[str, Any]] = await self.get(f"/history/{run}")
                if run in found:
                    return found[run]
                await asyncio.sleep(0.005)

    async def status_of(self, run: str) -> str:
        return str((await self.get(f"/runs/{run}"))["run"]["status"])

    async def until_running(self, run: str) -> None:
        """Wait until a run is being carried out."""
        async with asyncio.timeout(PATIENCE):
            while self.dispatcher.running is None or self.dispatcher.running.id != run:
                await asyncio.sleep(0.002)


@asynccontextmanager
async def serving(
    home: Path,
    backend: Backend | None = None,
    *,
    disk: DiskSpace | None = None,
    grace: float = 5.0,
    drain: float | None = None,
    options: Options | None = None,
) -> AsyncIterator[Place]:
    """A server over a folder. It ends as if it had been killed, or with `drain` as if it had been told to."""
    settings = toy_settings(home)
    backend = backend or InProcessBackend(settings, WorkerOptions(device="cpu", disk=False))
    await backend.open()
    store, hub = open_store(settings.store, reserve=4096), Hub()
    nodes = KnownNodes(await backend.ready(), settings.folders)
    dispatcher = Dispatcher(store, backend, hub, disk=disk, grace=grace, look_for_room=0.02)
    services = Services(options or Options(), settings, nodes, store, backend, hub, dispatcher)
    app = web.Application(client_max_size=2**24)
    app[SERVICES] = services
    socket.say_goodbye_in_the_end(app)
    for table in TABLES:
        app.add_routes(table.table)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await dispatcher.start()
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            port = runner.addresses[0][1]
            yield Place(f"http://127.0.0.1:{port}", session, services, home)
            if drain is not None:
                await dispatcher.drain(drain)
    finally:
        await dispatcher.close()
        await runner.cleanup()
        await backend.close(0.5)
        await asyncio.to_thread(store.close)


def use(kind: str, **inputs: object) -> dict[str, object]:
    """A node of a prompt."""
    return {"class_type": kind, "inputs": inputs}


def chain(length: int, start: int = 0) -> dict[str, object]:
    """A number that goes through so many nodes, and is shown by the last."""
    nodes: dict[str, object] = {"1": use("PValue", value=start)}
    for number in range(2, length):
        nodes[str(number)] = use("PAdd", a=[str(number - 1), 0], b=1)
    nodes[str(length)] = use("PShow", x=[str(length - 1), 0])
    return nodes


def kinds(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The types of messages."""
    return [str(message["type"]) for message in messages]
