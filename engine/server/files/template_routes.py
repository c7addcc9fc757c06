"""`GET /templates`: the graphs in `workflows/`, for people to begin with."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from engine.formats.read import drawn_bytes
from engine.formats.shown import document_for_editor
from engine.graph.graph import Graph
from engine.graph.problems import Problem
from engine.graph.registry import Registry
from engine.server.answers import JsonAnswer, Refused, json_answer
from engine.server.services import SERVICES

NAME = "[A-Za-z0-9_-]+"
ENDING, PICTURE = ".json", ".png"

table = web.RouteTableDef()
log = logging.getLogger("weft.server")


@dataclass(frozen=True, slots=True)
class Template:
    """A graph to begin with. `nodes` is how many there are, `picture` where to get one."""

    name: str
    title: str
    description: str
    nodes: int
    picture: str | None = None


@table.get("/templates")
async def get_templates(request: web.Request) -> JsonAnswer[list[Template]]:
    """The graphs to begin with, by their titles."""
    services = request.app[SERVICES]
    registry = await services.nodes.settled()
    found = await asyncio.to_thread(lambda: list(_templates(services.settings.templates, registry)))
    return json_answer(sorted(found, key=lambda template: template.title.lower()))


@table.get(f"/templates/{{name:{NAME}}}")
async def get_template(request: web.Request) -> JsonAnswer[dict[str, Any]]:
    """The document of a graph to begin with."""
    services = request.app[SERVICES]
    name = request.match_info["name"]
    file = services.settings.templates / f"{name}{ENDING}"
    registry = await services.nodes.settled()
    if not await asyncio.to_thread(file.is_file):
        raise Refused(
            404, "unknown_template", f"There is no template '{name}'.", "GET /templates lists them."
        )
    drawn, problems = await asyncio.to_thread(_drawn, file, registry)
    if problems:
        raise Refused(500, "unreadable_template", problems[0].describe(), problems[0].hint)
    document = await asyncio.to_thread(document_for_editor, drawn, registry)
    return JsonAnswer(msgspec.json.encode(document))


@table.get(f"/templates/{{name:{NAME}}}{PICTURE}")
async def get_template_picture(request: web.Request) -> web.StreamResponse:
    """The picture of a graph to begin with."""
    name = request.match_info["name"]
    file = request.app[SERVICES].settings.templates / f"{name}{PICTURE}"
    if not await asyncio.to_thread(file.is_file):
        raise Refused(
            404, "no_picture", f"The template '{name}' has no picture.", "GET /templates says which have."
        )
    return web.FileResponse(file, headers={"Cache-Control": "no-cache"})


def _templates(folder: Path, registry: Registry) -> Iterator[Template]:
    for file in folder.glob(f"*{ENDING}"):
        if not re.fullmatch(NAME, file.stem):
            continue
        drawn, problems = _drawn(file, registry)
        if problems:
            log.warning("The template %s cannot be read: %s", file.name, problems[0].describe())
            continue
        title, description = drawn.meta.get("title"), drawn.meta.get("description")
        picture = f"/templates/{file.stem}{PICTURE}" if file.with_suffix(PICTURE).is_file() else None
        nodes = len(drawn.drawing.nodes if drawn.drawing else drawn.nodes)
        yield Template(file.stem, str(title or file.stem), str(description or ""), nodes, picture)


def _drawn(file: Path, registry: Registry) -> tuple[Graph, list[Problem]]:
    return drawn_bytes(file.read_bytes(), registry)
