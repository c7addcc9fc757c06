"""The folders that clients may name ("output", "input", "temp"), and paths below them, which never lead out."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from engine.backends.settings import Settings
from engine.run.names import BadName, safe_join
from engine.server.answers import Refused
from engine.server.services import SERVICES


def folder_named(request: web.Request, name: str) -> Path:
    """The folder of that name. Raises `Refused` for any other than the three."""
    folder = served_folders(request.app[SERVICES].settings).get(name)
    if folder is None:
        raise Refused(400, "unknown_folder", f"There is no folder {name!r}.", "Name output, input or temp.")
    return folder


def served_folders(settings: Settings) -> dict[str, Path]:
    """The folders whose files clients may read and write."""
    return {"output": settings.files.output, "input": settings.folders.input, "temp": settings.files.temp}


def place_below(root: Path, name: str, status: int = 403) -> Path:
    """The path of that name below the root. Raises `Refused` with the status where the name is not safe."""
    if name in {"", "."}:
        return root.resolve()
    try:
        return safe_join(root, name)
    except BadName as error:
        raise Refused(status, "bad_name", str(error), error.hint) from error


def single_name(root: Path, name: str) -> str:
    """A name without folders. Raises `Refused` where it has any, or is not safe."""
    if "/" in name or "\\" in name:
        raise Refused(
            400, "bad_name", f"The name {name[:80]!r} has a folder in it.", "Name it in `subfolder`."
        )
    return place_below(root, name, 400).name if name else ""
