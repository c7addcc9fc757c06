"""`/users`: whose settings and workflows these are. There is one user, "default", as in ComfyUI by default."""

from __future__ import annotations

import asyncio
import re
import uuid
from pathlib import Path

import msgspec
from aiohttp import web

from engine.run.whole_file import replace_file
from engine.server.answers import json_answer
from engine.server.bodies import read_object
from engine.server.services import SERVICES

table = web.RouteTableDef()
DEFAULT = "default"
LONGEST = 100


def home_of(request: web.Request) -> Path:
    """Where the files of this request's user lie; it need not exist yet."""
    return request.app[SERVICES].options.user / DEFAULT


@table.get("/users")
async def get_users(request: web.Request) -> web.Response:
    """That there is one user, whose files are kept by the server; whether it has any yet."""
    return json_answer({"storage": "server", "migrated": home_of(request).is_dir()})


@table.post("/users")
async def post_user(request: web.Request) -> web.Response:
    """Note down a user of that name and give its id. All share the files of the one user."""
    name = (await read_object(request)).get("username")
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST:
        return json_answer({"error": "No username given."}, 400)
    file = request.app[SERVICES].options.user / "users.json"
    users = await asyncio.to_thread(_read, file)
    if name.strip() in users.values():
        return json_answer({"error": "Duplicate username."}, 400)
    id = f"{re.sub(r'[^a-zA-Z0-9-_]+', '-', name.strip())}_{uuid.uuid4()}"
    await asyncio.to_thread(replace_file, file, msgspec.json.encode({**users, id: name.strip()}))
    return json_answer(id)


def _read(file: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, str])
    except FileNotFoundError:
        return {}
