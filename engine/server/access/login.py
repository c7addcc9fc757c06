"""`/login`: from a one-time link, or from the token typed in, to the cookie by which a browser is known."""

from __future__ import annotations

from aiohttp import web

from engine.server.access.guard import DOOR, check_secret
from engine.server.access.headers import NOTHING
from engine.server.services import SERVICES

table = web.RouteTableDef()
ONE_YEAR = 365 * 24 * 3600
STYLE = (
    "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem}</style>"
)
HEAD = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Weft</title>{STYLE}'
# The browser goes on by itself: a redirect would still belong to the site that the link was on, without the cookie.
WELCOME = f'{HEAD}<meta http-equiv="refresh" content="0;url=/"><p><a href="/">Weft</a></p></html>'
ASK = (
    f"{HEAD}<h1>Weft</h1><p>The link has been used already, or there was none. Take the token from the server's "
    'folder, <code>.weft/token</code>, or start it again for a new link.</p><form method="post" action="/login">'
    '<label>Token <input type="password" name="token" autofocus></label> <button>Open</button></form></html>'
)
POLICY = {"Content-Security-Policy": f"{NOTHING}; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


@table.get("/login")
async def get_login(request: web.Request) -> web.Response:
    """Open the link that was printed at the start, which works once; without it, a form for the token."""
    door, code = request.app[DOOR], request.query.get("code", "")
    if door.is_open:
        raise web.HTTPFound("/")
    if code and door.code:
        check_secret(request, lambda: door.use_code(code))
        return _welcome(request)
    return web.Response(text=ASK, content_type="text/html", headers=POLICY)


@table.post("/login")
async def post_login(request: web.Request) -> web.Response:
    """Show the token, as a form's field `token`, and get the cookie."""
    door = request.app[DOOR]
    if door.is_open:
        raise web.HTTPFound("/")
    token = str((await request.post()).get("token", ""))
    check_secret(request, lambda: door.is_token(token.strip()))
    return _welcome(request)


def _welcome(request: web.Request) -> web.Response:
    door = request.app[DOOR]
    answer = web.Response(text=WELCOME, content_type="text/html", headers=POLICY)
    answer.set_cookie(
        door.cookie_name,
        door.cookie,
        max_age=ONE_YEAR,
        httponly=True,
        samesite="Strict",
        secure=request.app[SERVICES].options.tls is not None,
    )
    return answer
