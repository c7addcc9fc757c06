"""GET and POST /history: the runs that are over, in ComfyUI's shape."""

from __future__ import annotations

import sys

import msgspec
from aiohttp import web

from engine.server.answers import Refused
from engine.server.bodies import read_object
from engine.server.runs import history_json
from engine.server.services import SERVICES
from engine.store.history import finished, forget, forget_all, latest

PORTION = 200  # entries that are in memory at once

table = web.RouteTableDef()


@table.get("/history")
async def get_history(request: web.Request) -> web.StreamResponse:
    """The runs that are over, the oldest first: the last `max_items`, or those from number `offset` on."""
    store = request.app[SERVICES].store
    most, offset = _whole(request, "max_items"), _whole(request, "offset")
    if most is not None and (most <= PORTION or offset is None or offset < 0):
        return _json(history_json.history(await store.read(latest, most, offset)))
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    first, left = max(offset or 0, 0), sys.maxsize if most is None else most
    before = b"{"
    while left and (entries := await store.read(latest, min(left, PORTION), first)):
        await response.write(before + history_json.history(entries)[1:-1])
        before = b","
        first, left = first + len(entries), left - len(entries)
    await response.write(b"}" if before == b"," else b"{}")
    await response.write_eof()
    return response


@table.get("/history/{prompt_id}")
async def get_one(request: web.Request) -> web.Response:
    """One run that is over, under its id; nothing for one that is not, or is unknown."""
    found = await request.app[SERVICES].store.read(finished, request.match_info["prompt_id"])
    return _json(history_json.history([found] if found is not None else []))


@table.post("/history")
async def post_history(request: web.Request) -> web.Response:
    """Forget runs that are over: `{"clear": true}` or `{"delete": [id, ...]}`. Files that they made stay."""
    store = request.app[SERVICES].store
    body = await read_object(request)
    if body.get("clear") is True:
        await store.write(forget_all)
    if "delete" in body:
        await store.write(forget, ids_of(body["delete"]))
    return web.Response()


def ids_of(given: object) -> list[str]:
    """A list of runs' ids. Raises `Refused` if it is none."""
    try:
        return msgspec.convert(given, list[str])
    except msgspec.ValidationError:
        raise Refused(
            400, "invalid_request", "`delete` must be a list of runs' ids.", 'Send {"delete": ["..."]}.'
        ) from None


def _whole(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError:
        raise Refused(
            400,
            "invalid_request",
            f"`{name}` must be a whole number, not '{text}'.",
            f"Leave `{name}` out, or correct it.",
        ) from None


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
