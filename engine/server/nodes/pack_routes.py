"""Routes that packs have registered: they are answered in the worker, where the packs live, and passed on here."""

from __future__ import annotations

import asyncio

from aiohttp import web

from engine.backends.backend import PackCall, WorkerLost
from engine.packs.serving import ON_PROMPT
from engine.server.access.headers import FOREIGN_EDITOR
from engine.server.answers import Refused
from engine.server.bodies import read_body
from engine.server.services import SERVICES

# What belongs to one connection, or is this server's own to say.
NOT_PASSED_ON = {
    "connection",
    "keep-alive",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "content-encoding",
    "authorization",
    "cookie",
    "date",
    "server",
}


LONGEST_WAIT = 10.0  # seconds for paths that only a pack can know


class PackRoutes:
    """The routes of the packs that are loaded at the moment; `replace` takes those after a reload."""

    def __init__(self) -> None:
        self._known = web.UrlDispatcher()
        self._settled = asyncio.Event()

    def replace(self, routes: tuple[tuple[str, str], ...]) -> None:
        """Take these routes, as (method, path) in aiohttp's notation."""
        known = web.UrlDispatcher()
        for method, path in routes:
            if (method, path) != ON_PROMPT:
                known.add_route(method, path, _nowhere)
        self._known = known
        self._settled.set()

    async def settled(self) -> None:
        """Wait until the worker has said which routes there are, which takes seconds after the start.

        Raises `Refused` where it takes longer: a worker that cannot start must not keep clients for ever.
        """
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._settled.wait()
        except TimeoutError:
            raise Refused(
                503,
                "not_ready",
                "Nobody knows that path yet: the worker, in which packs answer, has not started so far.",
                "Try again later; GET /api/ready says when.",
            ) from None

    async def knows(self, request: web.Request) -> bool:
        """Whether a pack answers this request, which may be asked for below /api too."""
        path = path_asked(request)
        found = await self._known.resolve(request.clone(rel_url=path))
        return found.http_exception is None


PACK_ROUTES = web.AppKey("pack_routes", PackRoutes)


def path_asked(request: web.Request) -> str:
    """The path and query without /api."""
    path = request.raw_path
    return path.removeprefix("/api") if path.startswith("/api/") else path


async def pack_answer(request: web.Request) -> web.Response:
    """What the pack answers."""
    services = request.app[SERVICES]
    path, _, query = path_asked(request).partition("?")
    headers = tuple((name, value) for name, value in request.headers.items() if _passes(name))
    body = await read_body(request, services.options.limits.upload)
    try:
        answer = await services.backend.answer(PackCall(request.method, path, query, headers, body))
    except WorkerLost as error:
        raise Refused(503, "worker_lost", str(error), "It is being started anew: try again.") from error
    response = web.Response(status=answer.status, body=answer.body)
    for name, value in answer.headers:
        if name.lower() == "content-type":
            response.headers["Content-Type"] = value
        elif _passes(name):
            response.headers.add(name, value)
    # A pack's page is the pack's own code, which the user has chosen to trust.
    response.headers.setdefault("Content-Security-Policy", FOREIGN_EDITOR)
    return response


def _passes(name: str) -> bool:
    return name.lower() not in NOT_PASSED_ON


async def _nowhere(request: web.Request) -> web.StreamResponse:
    raise web.HTTPNotFound
