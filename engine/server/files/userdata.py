"""`/userdata` and `/v2/userdata`: the files that a user's editor keeps here, workflows above all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

from aiohttp import web

from engine.run.whole_file import move_new, move_over, replace_file, write_new
from engine.server.answers import json_answer
from engine.server.bodies import read_body
from engine.server.files.places import place_below
from engine.server.files.users import home_of
from engine.server.files.view import file_answer
from engine.server.services import SERVICES

table = web.RouteTableDef()
FALSE = "false"


@table.get("/userdata")
async def list_files(request: web.Request) -> web.Response:
    """The files of a folder: `dir`; `recurse`, `full_info`, `split` as "true" for more of each."""
    query = request.query
    if not query.get("dir"):
        raise web.HTTPBadRequest(text="Directory not provided")
    folder = place_below(home_of(request), query["dir"])
    if not folder.is_dir():
        raise web.HTTPNotFound(text="Directory not found")
    wishes = {name: query.get(name, "").lower() == "true" for name in ("recurse", "full_info", "split")}
    found = await asyncio.to_thread(lambda: sorted(_files(folder, recurse=wishes["recurse"])))
    if wishes["full_info"]:
        return json_answer([_info(folder / name, name) for name in found])
    if wishes["split"]:
        return json_answer([[name, *name.split("/")] for name in found])
    return json_answer(found)


@table.get("/v2/userdata")
async def list_all(request: web.Request) -> web.Response:
    """All files and folders below `path`, folders first."""
    home = home_of(request)
    folder = place_below(home, request.query.get("path", ""))
    if not folder.is_dir():
        if "path" not in request.query:
            return json_answer([])
        raise web.HTTPNotFound(text="Requested path is not a directory")
    return json_answer(await asyncio.to_thread(_tree, home, folder))


@table.get("/userdata/{file}")
async def get_file(request: web.Request) -> web.StreamResponse:
    """One file; its name is one part of the URL, with %2F between folders."""
    return await file_answer(_existing(request))


@table.post("/userdata/{file}")
async def put_file(request: web.Request) -> web.Response:
    """Write a file. With `overwrite=false` one that is there stays, and the answer is 409."""
    path = _path(request, "file")
    data = await read_body(request, request.app[SERVICES].options.limits.upload)
    try:
        keep = write_new if request.query.get("overwrite") == FALSE else replace_file
        await asyncio.to_thread(keep, path, data)
    except FileExistsError as error:
        raise web.HTTPConflict(text="File already exists") from error
    return _told(request, path)


@table.delete("/userdata/{file}")
async def delete_file(request: web.Request) -> web.Response:
    """Delete a file."""
    await asyncio.to_thread(_existing(request).unlink)
    return web.Response(status=204)


@table.post("/userdata/{file}/move/{dest}")
async def move_file(request: web.Request) -> web.Response:
    """Give a file another name. With `overwrite=false` one that is there stays, and the answer is 409."""
    source, path = _existing(request), _path(request, "dest")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        await asyncio.to_thread(
            move_new if request.query.get("overwrite") == FALSE else move_over, source, path
        )
    except FileExistsError as error:
        raise web.HTTPConflict(text="File already exists") from error
    return _told(request, path)


def _path(request: web.Request, part: str) -> Path:
    name = request.match_info[part]
    if not name:
        raise web.HTTPBadRequest
    return place_below(home_of(request), name)


def _existing(request: web.Request) -> Path:
    path = _path(request, "file")
    if not path.is_file():
        raise web.HTTPNotFound(text="File not found")
    return path


def _told(request: web.Request, path: Path) -> web.Response:
    name = path.relative_to(home_of(request).resolve()).as_posix()
    wanted = request.query.get("full_info", "").lower() == "true"
    return json_answer(_info(path, name) if wanted else name)


def _info(path: Path, name: str) -> dict[str, object]:
    status = path.stat()
    return {"path": name, "size": status.st_size, "modified": status.st_mtime, "created": status.st_ctime}


def _files(folder: Path, *, recurse: bool) -> Iterator[str]:
    for parent, below, names in os.walk(folder):
        for name in names:
            if not name.endswith(".unfinished"):
                yield Path(parent, name).relative_to(folder).as_posix()
        if not recurse:
            below.clear()


def _tree(home: Path, folder: Path) -> list[dict[str, object]]:
    home = home.resolve()
    folders: list[dict[str, object]] = []
    files: list[dict[str, object]] = []
    for parent, below, names in os.walk(folder):
        for name in sorted(below):
            path = Path(parent, name)
            folders.append({"name": name, "path": path.relative_to(home).as_posix(), "type": "directory"})
        for name in sorted(names):
            path = Path(parent, name)
            status = path.stat()
            files.append(
                {
                    "name": name,
                    "path": path.relative_to(home).as_posix(),
                    "type": "file",
                    "size": status.st_size,
                    "modified": status.st_mtime,
                }
            )
    return folders + files
