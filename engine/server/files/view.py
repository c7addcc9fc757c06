"""`GET /view`: a file of the output, input or temp folder, or a look at a picture among them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from engine.graph.marks import MARKED
from engine.server.access.headers import LOOKED_AT, USER_FILE, disposition, file_headers
from engine.server.answers import Refused
from engine.server.files.pictures import PictureRefused, only_channel, preview
from engine.server.files.places import folder_named, place_below
from engine.server.services import SERVICES

table = web.RouteTableDef()


@table.get("/view")
async def view(request: web.Request) -> web.StreamResponse:
    """A file that a node made or that was uploaded.

    Query: `filename`, which may end in " [input]"; `type` (output, input, temp); `subfolder`; `preview` as
    "webp;75" for a smaller picture; `channel` (rgba, rgb, a).
    """
    query = request.query
    path = _asked_for(request)
    if not path.is_file():
        raise web.HTTPNotFound(text="")  # as ComfyUI says it
    channel = query.get("channel", "rgba")
    limits = request.app[SERVICES].options.limits
    try:
        if "preview" in query:
            kind, data = await asyncio.to_thread(preview, path, query["preview"], channel, limits)
        elif channel in {"rgb", "a"}:
            kind = "image/png"
            data = await asyncio.to_thread(only_channel, path, "rgb" if channel == "rgb" else "a", limits)
        else:
            return await file_answer(path)
    except PictureRefused as error:
        raise Refused(400, "bad_picture", str(error)) from error
    headers = {
        "Content-Disposition": disposition(path.name, attachment=False),
        "Content-Security-Policy": USER_FILE,
    }
    return web.Response(body=data, content_type=kind, headers=headers)


async def file_answer(path: Path) -> web.FileResponse:
    """A user's file as an answer, of which nothing runs in a browser; parts of it can be asked for."""
    begin = await asyncio.to_thread(_begin_of, path)
    return web.FileResponse(path, headers=file_headers(path.name, begin))


def _asked_for(request: web.Request) -> Path:
    query = request.query
    if "filename" not in query:
        raise web.HTTPNotFound(text="")  # as ComfyUI says it
    name, folder = query["filename"], query.get("type", "output")
    if marked := MARKED.fullmatch(name):
        name, folder = marked["name"], marked["folder"]
    if not name or name.startswith("/") or ".." in name:
        raise Refused(400, "bad_name", f"The name {name[:80]!r} is not one of a file here.")
    home = place_below(folder_named(request, folder), query.get("subfolder", ""))
    # As ComfyUI does: folders are named by `subfolder` alone.
    return place_below(home, name.replace("\\", "/").rpartition("/")[2], 400)


def _begin_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LOOKED_AT)
