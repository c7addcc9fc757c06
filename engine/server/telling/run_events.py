"""GET /runs/{id}/events: what is said of one run, as server-sent events; who comes back goes on where it was."""

from __future__ import annotations

import asyncio

from aiohttp import web

from engine.server.answers import Refused
from engine.server.dispatch.journal import START, PlaceError, Said, position_of
from engine.server.services import SERVICES
from engine.server.telling.watching import TooSlow
from engine.store.history import find

QUIET = 15.0  # seconds after which a comment shows that the connection is well

table = web.RouteTableDef()


@table.get("/runs/{id}/events")
async def get_events(request: web.Request) -> web.StreamResponse:
    """All messages of a run from its beginning, or behind `Last-Event-ID` (or `?after=`), until it is over.

    Each event has the websocket's type and message, and as its id the place of it.
    """
    services = request.app[SERVICES]
    id = request.match_info["id"]
    last = request.headers.get("Last-Event-ID") or request.query.get("after")
    try:
        after = START if last is None else position_of(last)
    except PlaceError as error:
        raise Refused(
            400, "invalid_place", str(error), "Send the id of the last event that you have."
        ) from None
    if await services.store.read(find, id) is None:
        raise Refused(404, "unknown_run", "There is no such run.", "It may have been forgotten meanwhile.")
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    beat = asyncio.create_task(_beat(response))
    try:
        async for said in services.dispatcher.audience.watch(id, after):
            await response.write(event(said))
        await response.write(b"event: end\ndata: {}\n\n")
    except TooSlow:
        pass  # it comes back by itself, and asks for what it missed
    finally:
        beat.cancel()
    return response


def event(said: Said) -> bytes:
    """One event. JSON has no line breaks in it, so it is one line."""
    attempt, number = said.position
    return b"id: %d.%d\nevent: %s\ndata: %s\n\n" % (attempt, number, said.kind.encode(), said.payload)


async def _beat(response: web.StreamResponse) -> None:
    while True:
        await asyncio.sleep(QUIET)
        await response.write(b": still here\n\n")
