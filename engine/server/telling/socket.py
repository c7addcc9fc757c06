"""GET /ws: a client's ear. It says what it knows of previews, and where it was when it was last connected."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from engine.server.answers import Refused
from engine.server.dispatch.journal import PlaceError, Position, position_of
from engine.server.services import SERVICES
from engine.server.telling.hub import Listener

HEARTBEAT = 25.0  # seconds between pings; who does not answer within half of it is gone
LONGEST = 2**16  # bytes of a message from a client; there is nothing long to say
LAST_WORDS = 5.0  # seconds that a client which was given up has to read why

SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets")
FAREWELL = 0.5  # seconds that clients have to answer when the server ends

table = web.RouteTableDef()

_ends: set[asyncio.Task[None]] = set()  # the loop itself holds tasks but weakly


class FeatureFlags(msgspec.Struct):
    """What a client says first of all."""

    type: str
    data: dict[str, object]


@table.get("/ws")
async def get_socket(request: web.Request) -> web.StreamResponse:
    """Everything that happens, as it happens, to this client; with `after=RUN:PLACE`, what it missed of a run first."""
    services = request.app[SERVICES]
    if services.hub.full:
        raise Refused(
            503, "too_many_clients", "Too many clients are connected.", "Close some, or try again later."
        )
    after = _after(request.query.get("after"))
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT, compress=False, max_msg_size=LONGEST)
    await socket.prepare(request)
    transport = request.transport
    if transport is None:
        return socket  # it left before it was let in
    listener = Listener(
        request.query.get("clientId") or uuid.uuid4().hex, transport, partial(_give_up, socket, transport)
    )
    missed = [] if after is None else await services.dispatcher.audience.missed(*after)
    # No waiting from here to `join`, so that nothing that happens is said twice or not at all.
    listener.send("status", services.dispatcher.audience.status(listener.client))
    if after is not None:
        listener.repeat([*missed, *(said.payload for said in services.dispatcher.audience.present(*after))])
    services.dispatcher.audience.greet(listener)
    services.hub.join(listener)
    sockets = request.app[SOCKETS]
    sockets.add(socket)
    try:
        await _listen(socket, listener, services.options.limits.upload)
    finally:
        sockets.discard(socket)
        services.hub.leave(listener)
    return socket


def say_goodbye_in_the_end(app: web.Application) -> None:
    """Have clients told that the server ends (1001), and not that their connection broke."""
    app[SOCKETS] = set()
    app.on_shutdown.append(_say_goodbye)


async def _say_goodbye(app: web.Application) -> None:
    await asyncio.sleep(0)  # what has been said last is on its way first
    words = b"The server ends: connect again later."
    closing = [
        asyncio.ensure_future(socket.close(code=WSCloseCode.GOING_AWAY, message=words, drain=False))
        for socket in app[SOCKETS]
    ]
    if closing:
        _, late = await asyncio.wait(closing, timeout=FAREWELL)
        for task in late:
            task.cancel()


def _after(text: str | None) -> tuple[str, Position] | None:
    if text is None:
        return None
    run, _, place = text.rpartition(":")
    try:
        return run, position_of(place)
    except PlaceError as error:
        raise Refused(
            400, "invalid_place", str(error), "Write after=RUN:ATTEMPT.NUMBER, as a message's `at` has it."
        ) from None


async def _listen(socket: web.WebSocketResponse, listener: Listener, upload: int) -> None:
    first = True
    async for message in socket:
        if first and message.type is WSMsgType.TEXT:
            first = False
            try:
                said = msgspec.json.decode(message.data, type=FeatureFlags)
            except msgspec.DecodeError:
                continue
            if said.type == "feature_flags":
                listener.features = said.data
                listener.send("feature_flags", features(upload))


def _give_up(socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
    # What waits for it is dropped, so it hears why as soon as it reads what the system has already.
    task = asyncio.ensure_future(_say_why(socket, transport))
    _ends.add(task)
    task.add_done_callback(_ends.discard)


async def _say_why(socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
    closing = asyncio.ensure_future(
        socket.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"Too far behind: connect again.", drain=False)
    )
    try:
        # The connection closes by itself once the client has read all of it, if it ever does.
        await asyncio.sleep(LAST_WORDS)
    finally:
        closing.cancel()
        transport.abort()


def features(upload: int) -> dict[str, object]:
    """What this server says of itself, here and at GET /features."""
    return {"supports_preview_metadata": True, "max_upload_size": upload}
