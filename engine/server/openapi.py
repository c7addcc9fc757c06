"""`/api/openapi.json`: what the server understands, made of its routes and their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from engine.server.answer_schemas import Schema, schemas_of
from engine.server.answers import json_answer
from engine.server.options import Options
from engine.server.services import SERVICES

table = web.RouteTableDef()
ROUTES = web.AppKey("routes", tuple[web.RouteDef, ...])
PARAMETER = re.compile(r"\{(\w+)(?::[^{}]*)?\}")
JSON = "application/json"
TITLE, VERSION = "Weft", "0.1.0"


@table.get("/openapi.json")
async def get_openapi(request: web.Request) -> web.Response:
    """This document."""
    routes, options = request.app[ROUTES], request.app[SERVICES].options
    return json_answer(document(routes, options))


def document(routes: Sequence[web.RouteDef], options: Options) -> dict[str, Any]:
    """The OpenAPI document of these routes.

    The first line of a handler's docstring is its summary. One that returns a `JsonAnswer[T]` answers a T; others say
    in words what they answer. The component `Message` is what the websocket says.
    """
    schemas = schemas_of(route.handler for route in routes)
    known = {PARAMETER.sub(r"{\1}", route.path) for route in routes}
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        path = PARAMETER.sub(r"{\1}", route.path)
        methods = paths.setdefault(path, {})
        answer = schemas.answers.get(route.handler)
        methods[route.method.lower()] = _operation(route, answer, twin=f"/api{path}" in known)
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": "Typed node graphs for latent diffusion.",
        },
        "paths": paths,
        "components": {"schemas": schemas.components},
    }
    if options.token:
        told["components"] |= {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
        told["security"] = [{"token": []}]
    return told


def _operation(route: web.RouteDef, answer: Schema | None, *, twin: bool) -> dict[str, object]:
    summary, _, more = (inspect.getdoc(route.handler) or "").partition("\n\n")
    module = route.handler.__module__.rpartition(".")[2].removesuffix("_routes")
    told: dict[str, object] = {
        "summary": " ".join(summary.split()),
        "operationId": f"{module}.{route.handler.__name__}{'.api' if route.path.startswith('/api/') else ''}",
        "tags": [module],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in PARAMETER.findall(route.path)
        ],
        "responses": {
            "200": {"description": "Done.", **({"content": {JSON: {"schema": answer}}} if answer else {})},
            "default": {"description": "Refused; the body says why."},
        },
    }
    if more:
        told["description"] = more
    if twin:
        told["description"] = f"{more}\n\nThe same as /api{route.path}.".strip()
    return told
