"""`/internal/*`: what the editor's own panels ask for. These routes have no twin below /api."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from engine.run.model_folders import MODEL_FOLDERS
from engine.server.answers import Refused, json_answer
from engine.server.bodies import read_object
from engine.server.files.places import served_folders
from engine.server.log_tail import LogTail
from engine.server.services import SERVICES

table = web.RouteTableDef()
LOG_TAIL = web.AppKey("log_tail", LogTail)


@table.get("/internal/logs")
async def get_logs(request: web.Request) -> web.Response:
    """The last lines of the log as one text."""
    lines = list(request.app[LOG_TAIL].lines)
    return json_answer("".join(f"{line['t']} - {line['m']}" for line in lines))


@table.get("/internal/logs/raw")
async def get_raw_logs(request: web.Request) -> web.Response:
    """The last lines of the log, each with its time."""
    return json_answer({"entries": list(request.app[LOG_TAIL].lines), "size": {"cols": 80, "rows": 24}})


@table.patch("/internal/logs/subscribe")
async def subscribe(request: web.Request) -> web.Response:
    """Send a client every new line as a `logs` message, or no more: `{"clientId": ..., "enabled": true}`."""
    wish = await read_object(request)
    client = wish.get("clientId")
    if not isinstance(client, str):
        raise Refused(
            400, "invalid_body", "The body names no clientId.", 'Send {"clientId": "...", "enabled": true}.'
        )
    tail, hub = request.app[LOG_TAIL], request.app[SERVICES].hub
    tail.listeners = {known for known in tail.listeners if hub.listening(known)}
    if wish.get("enabled"):
        tail.listeners.add(client)
    else:
        tail.listeners.discard(client)
    return web.Response()


@table.get("/internal/folder_paths")
async def get_folder_paths(request: web.Request) -> web.Response:
    """Where models of each kind lie."""
    services = request.app[SERVICES]
    folders = services.settings.folders
    kinds = {**MODEL_FOLDERS, **folders.ahead, **folders.elsewhere}
    places = {kind: list(map(str, folders.places(kind))) for kind in kinds}
    return json_answer({**places, "custom_nodes": list(map(str, services.options.packs))})


@table.get("/internal/files/{folder}")
async def get_files(request: web.Request) -> web.Response:
    """The files of the output, input or temp folder, the newest first."""
    folder = served_folders(request.app[SERVICES].settings).get(request.match_info["folder"])
    if folder is None:
        return json_answer({"error": "Invalid directory type"}, 400)
    return json_answer(await asyncio.to_thread(_newest_first, folder))


def _newest_first(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    return [path.name for path in sorted(files, key=lambda path: (-path.stat().st_mtime, path.name))]
