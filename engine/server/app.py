"""The application: all routes at their places, and what stands before every one of them."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from aiohttp.typedefs import Handler

from engine.server import frontend, internal_routes, metrics, openapi, system_routes
from engine.server.access import login
from engine.server.access.guard import DOOR, allow_origins, check_place, check_token, tell_failures
from engine.server.access.headers import add_headers
from engine.server.access.tokens import Door
from engine.server.files import (
    document_routes,
    models_routes,
    settings_routes,
    template_routes,
    uploads,
    userdata,
    users,
    view,
)
from engine.server.frontend import editor_file
from engine.server.metrics import REQUESTS, RequestCounts, count_requests
from engine.server.nodes import node_routes, pack_files
from engine.server.nodes.pack_routes import PACK_ROUTES, PackRoutes, pack_answer
from engine.server.prompts import accept, validate_route
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

# Each route of these is there twice, as in ComfyUI: at /x and at /api/x.
TWICE = (
    socket.table,
    accept.table,
    queue_routes.table,
    history_routes.table,
    runs_routes.table,
    forecast_routes.table,
    peek_routes.table,
    timeline_routes.table,
    job_routes.table,
    run_events.table,
    node_routes.table,
    validate_route.table,
    system_routes.table,
    document_routes.table,
    template_routes.table,
    models_routes.table,
    view.table,
    uploads.table,
    users.table,
    settings_routes.table,
    userdata.table,
    pack_files.table,
    metrics.table,
    openapi.table,
)
ONCE = (internal_routes.table, pack_files.static, login.table, frontend.table)


def make_app(services: Services, door: Door) -> web.Application:
    """The application over these parts of a server."""
    app = web.Application(
        middlewares=[count_requests, tell_failures, check_place, check_token, answer_the_rest],
        client_max_size=services.options.limits.upload,
    )
    app[SERVICES] = services
    app[DOOR] = door
    app[REQUESTS] = RequestCounts()
    app[PACK_ROUTES] = PackRoutes()
    app[openapi.ROUTES] = tuple(routes())
    for route in routes():
        app.router.add_route(route.method, route.path, route.handler)
    socket.say_goodbye_in_the_end(app)
    app.on_response_prepare.append(allow_origins)
    app.on_response_prepare.append(add_headers)
    return app


def routes() -> Iterable[web.RouteDef]:
    """Every route of the server, at each of its places."""
    for table in TWICE:
        for route in table:
            if isinstance(route, web.RouteDef):
                yield route
                yield web.RouteDef(route.method, f"/api{route.path}", route.handler, route.kwargs)
    for table in ONCE:
        yield from (route for route in table if isinstance(route, web.RouteDef))


@web.middleware
async def answer_the_rest(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer what no route of ours does: by a pack's route, or by a file of the editor."""
    if request.match_info.http_exception is not None:
        packs = request.app[PACK_ROUTES]
        if await packs.knows(request):
            return await pack_answer(request)
        if (answer := editor_file(request)) is not None:
            return answer
        await packs.settled()
        if await packs.knows(request):
            return await pack_answer(request)
    return await handler(request)
