"""`/settings`: what the editor remembers of its user's choices, in `comfy.settings.json` as ComfyUI keeps it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path

import msgspec
from aiohttp import web

from engine.run.whole_file import replace_file
from engine.server.answers import Refused, json_answer
from engine.server.bodies import read_json, read_object
from engine.server.files.users import home_of

table = web.RouteTableDef()
FILE = "comfy.settings.json"

# Reading, changing and writing is one step: two tabs that save at once must not undo each other.
_one_at_a_time = threading.Lock()


@table.get("/settings")
async def get_settings(request: web.Request) -> web.Response:
    """All settings."""
    return json_answer(await asyncio.to_thread(_read, home_of(request) / FILE))


@table.get("/settings/{id}")
async def get_setting(request: web.Request) -> web.Response:
    """One setting, or null."""
    settings = await asyncio.to_thread(_read, home_of(request) / FILE)
    return json_answer(settings.get(request.match_info["id"]))


@table.post("/settings")
async def post_settings(request: web.Request) -> web.Response:
    """Change the settings that are named; the others stay."""
    await asyncio.to_thread(_change, home_of(request) / FILE, await read_object(request))
    return web.Response()


@table.post("/settings/{id}")
async def post_setting(request: web.Request) -> web.Response:
    """Change one setting."""
    changed = {request.match_info["id"]: await read_json(request)}
    await asyncio.to_thread(_change, home_of(request) / FILE, changed)
    return web.Response()


def _change(file: Path, changed: Mapping[str, object]) -> None:
    with _one_at_a_time:
        text = msgspec.json.format(msgspec.json.encode({**_read(file), **changed}), indent=4)
        replace_file(file, text)


def _read(file: Path) -> dict[str, object]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, object])
    except FileNotFoundError:
        return {}
    except msgspec.DecodeError as error:
        what = f"The settings in {FILE} are damaged: {error}."
        raise Refused(500, "settings_damaged", what, "Correct the file, or move it away.") from error
