"""Routes that packs register with aiohttp on `PromptServer.instance.routes`, answered where the packs' code is.

A request that the server has passed on goes to a real aiohttp application over a pair of sockets, so that handlers,
views, folders and streams work as they are. aiohttp is loaded with the first pack that imports `server`.
"""

from __future__ import annotations

import asyncio
import http.client
import inspect
import io
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

from aiohttp import web
from aiohttp.web_routedef import AbstractRouteDef, RouteDef, StaticDef

from engine.packs.comfy.loading import pack_now
from engine.packs.serving import ON_PROMPT, ROUTES, Answer, Call, Route

LARGEST = 2**30  # bytes of a request; the server in front has its own limit
NOT_SENT = {"host", "connection", "content-length", "transfer-encoding", "expect"}


class PackRoutes(web.RouteTableDef):
    """aiohttp's table of routes. Whatever is registered is answered from then on."""

    def route(self, method: str, path: str, **options: Any) -> Callable[[Any], Any]:
        """Register the handler below."""

        def register(handler: Any) -> Any:
            add_route(RouteDef(method, path, handler, options))
            return handler

        return register

    def static(self, prefix: str, path: Any, **options: Any) -> None:
        """Serve the files of a folder."""
        add_route(StaticDef(prefix, path, options))


class PackApp:
    """What packs take for the server's application: routes can be added to it. It is its own router."""

    def __init__(self) -> None:
        self.middlewares: list[Any] = []
        self.on_startup: list[Any] = []
        self.on_shutdown: list[Any] = []
        self.on_cleanup: list[Any] = []
        self._kept: dict[Any, Any] = {}

    @property
    def router(self) -> PackApp:
        """Where routes are added."""
        return self

    def add_routes(self, routes: Any) -> None:
        """Register the routes of a table or a list."""
        for each in routes:
            add_route(each)

    def add_route(self, method: str, path: str, handler: Any, **options: Any) -> None:
        """Register a route."""
        options.pop("name", None)
        add_route(RouteDef(method, path, handler, options))

    def add_static(self, prefix: str, path: Any, **options: Any) -> None:
        """Serve the files of a folder."""
        options.pop("name", None)
        add_route(StaticDef(prefix, path, options))

    def __getattr__(self, name: str) -> Any:
        method = name.removeprefix("add_").upper()
        if not name.startswith("add_") or method not in {
            "GET",
            "POST",
            "PUT",
            "DELETE",
            "PATCH",
            "HEAD",
            "OPTIONS",
            "VIEW",
        }:
            raise AttributeError(name)
        return lambda path, handler, **options: self.add_route(
            "*" if method == "VIEW" else method, path, handler, **options
        )

    def __getitem__(self, key: Any) -> Any:
        return self._kept[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        self._kept[key] = value

    def __contains__(self, key: Any) -> bool:
        return key in self._kept


def add_route(definition: AbstractRouteDef) -> None:
    """Answer what a definition of aiohttp's describes, from now on."""
    one = OneRoute(definition)
    match definition:
        case RouteDef(method=method, path=path):
            ROUTES.append(Route(method.upper(), path, one.answer, pack_now()))
        case StaticDef(prefix=prefix):
            ROUTES.append(Route("GET", f"{prefix.rstrip('/')}/{{path:.*}}", one.answer, pack_now()))


def add_prompt_handler(handler: Callable[[Any], Any]) -> None:
    """Have prompts go through a function, from now on."""

    async def answer(call: Call) -> Answer:
        changed = handler(json.loads(call.body))
        changed = await changed if inspect.isawaitable(changed) else changed
        if not isinstance(changed, dict):
            raise TypeError(f"a handler of prompts returned {type(changed).__name__}, not what was posted.")
        return 200, (), json.dumps(changed).encode()

    ROUTES.append(Route(*ON_PROMPT, answer, pack_now()))


class OneRoute:
    """An application with a single route, started when it is first asked."""

    def __init__(self, definition: AbstractRouteDef) -> None:
        self._definition = definition
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def answer(self, call: Call) -> Answer:
        """What the route answers."""
        loop = asyncio.get_running_loop()
        if self._runner is None or self._loop is not loop:
            app = web.Application(client_max_size=LARGEST)
            self._definition.register(app.router)
            self._runner, self._loop = web.AppRunner(app, access_log=None), loop
            await self._runner.setup()
        ours, theirs = socket.socketpair()
        server: Any = self._runner.server
        await loop.connect_accepted_socket(server, theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            writer.write(_request(call))
            received = await reader.read()
        finally:
            writer.close()
        return _answer(received, call.method)


def _request(call: Call) -> bytes:
    target = call.path + (f"?{call.query}" if call.query else "")
    lines = [f"{call.method} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in call.headers if name.lower() not in NOT_SENT]
    lines += [f"Content-Length: {len(call.body)}", "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + call.body


class _Received:
    """What `http.client` takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        """All that came."""
        return io.BytesIO(self._data)


def _answer(received: bytes, method: str) -> Answer:
    response = http.client.HTTPResponse(_Received(received), method=method)  # type: ignore[arg-type]
    response.begin()
    body = response.read()
    headers = [(name, value) for name, value in response.getheaders() if name.lower() != "transfer-encoding"]
    return response.status, tuple(headers), body


_LOOPS: list[asyncio.AbstractEventLoop] = []


def background_loop() -> asyncio.AbstractEventLoop:
    """An event loop of its own for what packs do beside requests."""
    if not _LOOPS:
        _LOOPS.append(asyncio.new_event_loop())
        threading.Thread(target=_LOOPS[0].run_forever, name="packs", daemon=True).start()
    return _LOOPS[0]
