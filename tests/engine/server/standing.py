"""A real server on a port of its own, in a thread of the test's process, and a client that can be rude."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import urlsplit

from engine.backends.backend import (
    BackendState,
    CancelOutcome,
    Device,
    PackAnswer,
    PackCall,
    Packs,
    RunRequest,
    Told,
)
from engine.backends.settings import Settings, settings_at
from engine.graph.problems import Problem
from engine.graph.registry import Registry, registry_of
from engine.packs.source import PackFailure
from engine.run.forecast import Forecast
from engine.run.peeking import Peek
from engine.server.options import Options
from engine.server.running import Server, running


class Still:
    """A backend that knows nodes and never runs anything. Its pack answers what it is asked, in capitals."""

    state: BackendState = "idle"

    def __init__(self, registry: Registry | None = None, failures: tuple[PackFailure, ...] = ()) -> None:
        self.packs = Packs(registry or registry_of(()), failures)
        self.reloaded: list[str] = []

    async def open(self) -> None:
        pass

    async def ready(self) -> Packs:
        return self.packs

    async def run(self, request: RunRequest) -> AsyncIterator[Sequence[Told]]:
        await asyncio.sleep(3600)
        yield ()

    async def cancel(self, run: str, grace: float) -> CancelOutcome:
        return "not running"

    async def check(self, request: RunRequest) -> list[Problem]:
        return []

    async def forecast(self, request: RunRequest) -> Forecast:
        return Forecast({})

    async def peek(self, request: RunRequest, node: str, output: str | int) -> Peek | None:
        return None

    async def device(self) -> Device:
        return Device("cpu", "cpu", torch="2.13.0")

    async def free(self, *, models: bool, results: bool) -> None:
        pass

    async def reload(self, pack: str) -> Packs:
        if pack == "nowhere":
            raise LookupError("There is no pack 'nowhere'.")
        self.reloaded.append(pack)
        return self.packs

    async def routes(self) -> tuple[tuple[str, str], ...]:
        return (("GET", "/loud/{word}"), ("POST", "/loud"))

    async def answer(self, call: PackCall) -> PackAnswer:
        body = (call.path + "?" + call.query).upper().encode() + call.body.upper()
        return PackAnswer(
            201, (("Content-Type", "text/x-loud"), ("Connection", "close"), ("X-Loud", "yes")), body
        )

    async def close(self, grace: float) -> None:
        pass


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> object:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The type of a refusal."""
        return str(json.loads(self.body)["error"]["type"])


@dataclass
class Standing:
    """A server that runs, and where its folders are."""

    home: Path
    settings: Settings
    server: Server
    backend: Still
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    host: str = field(init=False)
    port: int = field(init=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.server.listening.urls[0])
        self.host, self.port = str(parts.hostname), int(parts.port or 0)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        connection = HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, path, body, dict(headers or {}))
            got = connection.getresponse()
            return Answer(got.status, got.headers, got.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, {name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, data: object = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", path, json.dumps(data).encode(), named)

    def upload(self, path: str, data: bytes, name: str = "a.png", **fields: str) -> Answer:
        return self.ask("POST", path, form(data, name, fields), {"Content-Type": FORM})

    def raw(self, text: bytes) -> bytes:
        """What the server says to exactly these bytes."""
        with socket.create_connection((self.host, self.port), timeout=10) as line:
            line.sendall(text)
            said = b""
            while part := line.recv(65536):
                said += part
        return said


FORM = "multipart/form-data; boundary=BOUNDARY"


def form(data: bytes | None, name: str = "a.png", fields: Mapping[str, str] | None = None) -> bytes:
    """A form with a file in the field `image`, and other fields."""
    parts = [
        b'--BOUNDARY\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
        % (key.encode(), value.encode())
        for key, value in (fields or {}).items()
    ]
    if data is not None:
        head = f'--BOUNDARY\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n\r\n'
        parts.insert(0, head.encode() + data + b"\r\n")
    return b"".join(parts) + b"--BOUNDARY--\r\n"


@contextmanager
def standing(
    home: Path, options: Options | None = None, backend: Still | None = None, settings: Settings | None = None
) -> Iterator[Standing]:
    """A server whose folders lie below `home`."""
    chosen = options or Options(port=0, user=home / "user", packs=(home / "custom_nodes",))
    settings, backend = settings or settings_at(home), backend or Still()
    started = threading.Event()
    found: list[Standing | BaseException] = []

    async def serve() -> None:
        stop = asyncio.Event()
        try:
            async with running(chosen, settings, backend) as server:
                found.append(Standing(home, settings, server, backend, asyncio.get_running_loop(), stop))
                started.set()
                await stop.wait()
        except BaseException as error:
            found.append(error)
            started.set()
            raise

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    started.wait(30)
    first = found[0]
    if isinstance(first, BaseException):
        raise first
    try:
        yield first
    finally:
        first.loop.call_soon_threadsafe(first.stop.set)
        thread.join(30)
