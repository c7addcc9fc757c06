"""What stands before every handler: is this server meant, may that page use it, has the client the token?

It holds for every method, for files and for the websocket, since all of them pass here.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.server.access.hosts import Host, host_of, is_ours
from engine.server.access.origins import may_use
from engine.server.access.tokens import Door
from engine.server.answers import Refused, refused
from engine.server.options import Options
from engine.server.services import SERVICES

DOOR = web.AppKey("door", Door)
OPEN_TO_ALL = {"/login"}  # where one shows the token
LOG = logging.getLogger("weft.server")
CORS_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"


@web.middleware
async def check_place(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what is meant for another host, or comes from a page of another origin."""
    options = request.app[SERVICES].options
    host = _host(request, options)
    if host is None:
        return refused(
            421,
            "wrong_host",
            "This server is not known by that name.",
            "Ask for it by its address, or name it with --allow-host at the start.",
        )
    if not may_use(request.method, request.headers, host, options.origins):
        return refused(
            403,
            "wrong_origin",
            "Another site's page may not use this server.",
            "Name its origin with --allow-origin at the start if it should.",
        )
    if request.method == "OPTIONS":
        return web.Response()
    return await handler(request)


@web.middleware
async def check_token(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse who has neither the token nor the cookie that a browser gets for it."""
    door = request.app[DOOR]
    if door.is_open or request.path in OPEN_TO_ALL:
        return await handler(request)
    if door.is_cookie(request.cookies.get(door.cookie_name, "")):
        return await handler(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return refused(
            401, "token_required", "This server asks for a token.", "Send 'Authorization: Bearer <token>'."
        )
    check_secret(request, lambda: door.is_token(token.strip()))
    return await handler(request)


def check_secret(request: web.Request, is_right: Callable[[], bool]) -> None:
    """Raise `Refused` unless it is right; who is wrong too often is not asked any more for a while."""
    door, address = request.app[DOOR], request.remote or ""
    if door.is_shut_for(address):
        raise Refused(429, "too_many_failures", "Too many wrong tokens.", "Wait a minute.")
    if not is_right():
        door.failed(address)
        raise Refused(401, "wrong_token", "That is not this server's token.", "It stands in the token file.")


@web.middleware
async def tell_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what no handler expected into an id, by which it is found in the log; the client learns no more."""
    try:
        return await handler(request)
    except web.HTTPException:
        raise
    except ConnectionResetError:
        raise  # the client is gone, and so is nobody's fault
    except Exception:
        id = secrets.token_hex(4)
        LOG.exception("Internal error %s at %s %s", id, request.method, request.path)
        return refused(500, "internal_error", f"Internal error {id}.", "The server's log says more.", id=id)


async def allow_origins(request: web.Request, answer: web.StreamResponse) -> None:
    """Tell the browser of a page that was allowed by name that it may read the answer."""
    origin = request.headers.get("Origin")
    if origin is not None and origin in request.app[SERVICES].options.origins:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Allow-Methods"] = CORS_METHODS
        answer.headers["Access-Control-Allow-Headers"] = "Content-Type, Authorization, Comfy-User"
        answer.headers["Access-Control-Allow-Credentials"] = "true"
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        answer.headers.add("Vary", "Origin")


def _host(request: web.Request, options: Options) -> Host | None:
    """The host that the request names, if it is this server and named once."""
    named = request.headers.getall("Host", [])
    host = host_of(named[0]) if len(named) == 1 else None
    if host is None:
        return None
    own = request.get_extra_info("sockname")
    address = own[0] if isinstance(own, tuple) else None
    return host if is_ours(host, address, options.names) else None
