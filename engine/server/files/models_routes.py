"""Which models there are: ComfyUI's `/models`, `/embeddings`, `/view_metadata` and `/experiment/models`."""

from __future__ import annotations

import asyncio
import base64
import binascii
import io
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import msgspec
from aiohttp import web

from engine.run.folders import FileMissing, Folders
from engine.run.model_folders import MODEL_FOLDERS
from engine.run.names import BadName, relative_name
from engine.server.answers import Refused, json_answer
from engine.server.files.pictures import PictureRefused, preview
from engine.server.files.safetensors_header import HeaderRefused, metadata_of
from engine.server.options import Limits
from engine.server.services import SERVICES

table = web.RouteTableDef()
NO_MODELS = {"configs", "custom_nodes"}
COVER = "ssmd_cover_images"  # where trainers of LoRAs put a picture, as a list in base64
PREVIEWS = (".png", ".preview.png", ".jpg", ".preview.jpg", ".webp")


@table.get("/models")
async def get_models(request: web.Request) -> web.Response:
    """The names of all folders of models."""
    return json_answer(_kinds(_folders(request)))


@table.get("/models/{folder}")
async def get_folder(request: web.Request) -> web.Response:
    """The files of one folder, as graphs name them."""
    folder = _known_kind(request)
    return json_answer(await asyncio.to_thread(_folders(request).names, folder))


@table.get("/embeddings")
async def get_embeddings(request: web.Request) -> web.Response:
    """The names of all embeddings, without their endings."""
    names = await asyncio.to_thread(_folders(request).names, "embeddings")
    return json_answer([str(PurePosixPath(name).with_suffix("")) for name in names])


@table.get("/view_metadata/{folder}")
async def view_metadata(request: web.Request) -> web.Response:
    """The texts in the header of a safetensors file: `?filename=x.safetensors`."""
    name = request.query.get("filename", "")
    if not name.endswith(".safetensors"):
        raise web.HTTPNotFound(text="")
    path = _file(_folders(request), _known_kind(request), name)
    try:
        told = await asyncio.to_thread(metadata_of, path, request.app[SERVICES].options.limits)
    except HeaderRefused as error:
        raise Refused(400, "bad_safetensors", str(error)) from error
    if told is None:
        raise web.HTTPNotFound(text="")
    return json_answer(told)


@table.get("/experiment/models")
async def get_places(request: web.Request) -> web.Response:
    """All folders of models and where each lies."""
    folders = _folders(request)
    kinds = [kind for kind in _kinds(folders) if kind not in NO_MODELS]
    return json_answer(
        [{"name": kind, "folders": [str(place) for place in folders.places(kind)]} for kind in kinds]
    )


@table.get("/experiment/models/{folder}")
async def get_files(request: web.Request) -> web.Response:
    """The files of one folder with their sizes and dates; `pathIndex` says in which of its places each lies."""
    return json_answer(await asyncio.to_thread(_entries, _folders(request), _known_kind(request)))


@table.get("/experiment/models/preview/{folder}/{place}/{filename:.*}")
async def get_preview(request: web.Request) -> web.Response:
    """A picture of what a model makes: one beside its file, or one within it."""
    folders, limits = _folders(request), request.app[SERVICES].options.limits
    kind, place = _known_kind(request), request.match_info["place"]
    places = folders.places(kind)
    if not place.isdecimal() or int(place) >= len(places):
        raise web.HTTPNotFound(text="")
    try:
        path = places[int(place)] / relative_name(kind, request.match_info["filename"])
        picture = await asyncio.to_thread(_picture_of, path, limits)
        if picture is None:
            raise web.HTTPNotFound(text="")
        kind, data = await asyncio.to_thread(preview, picture, "webp", "rgba", limits)
    except (BadName, PictureRefused) as error:
        raise web.HTTPNotFound(text="") from error
    return web.Response(body=data, content_type=kind)


def _folders(request: web.Request) -> Folders:
    return request.app[SERVICES].settings.folders


def _kinds(folders: Folders) -> list[str]:
    known = list(MODEL_FOLDERS)
    named = [kind for kind in {**folders.ahead, **folders.elsewhere} if kind not in MODEL_FOLDERS]
    there = (
        sorted(path.name for path in folders.models.iterdir() if path.is_dir())
        if folders.models.is_dir()
        else []
    )
    places = {place for folder in MODEL_FOLDERS.values() for place in folder.places}
    return [*known, *named, *(name for name in there if name not in {*places, *named} and name[0] != ".")]


def _known_kind(request: web.Request) -> str:
    kind = request.match_info["folder"]
    if kind not in _kinds(_folders(request)):
        raise web.HTTPNotFound(text="")
    return kind


def _file(folders: Folders, kind: str, name: str) -> Path:
    try:
        return folders.find(kind, name)
    except (BadName, FileMissing) as error:
        raise web.HTTPNotFound(text="") from error


def _entries(folders: Folders, kind: str) -> list[dict[str, object]]:
    places = folders.places(kind)
    entries: list[dict[str, object]] = []
    for name in folders.names(kind):
        index = next((index for index, place in enumerate(places) if (place / name).is_file()), None)
        if index is not None:
            status = (places[index] / name).stat()
            entries.append(
                {
                    "name": name,
                    "pathIndex": index,
                    "modified": status.st_mtime,
                    "created": status.st_ctime,
                    "size": status.st_size,
                }
            )
    return entries


def _picture_of(model: Path, limits: Limits) -> Path | BinaryIO | None:
    beside = [model.with_name(model.stem + ending) for ending in PREVIEWS]
    if found := next((path for path in beside if path.is_file()), None):
        return found
    if model.suffix != ".safetensors" or not model.is_file():
        return None
    try:
        covers = msgspec.json.decode((metadata_of(model, limits) or {}).get(COVER, "[]"), type=list[str])
        return io.BytesIO(base64.b64decode(covers[0], validate=True)) if covers else None
    except (msgspec.DecodeError, binascii.Error, HeaderRefused):
        return None
