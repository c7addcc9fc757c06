"""`POST /upload/image` and `/upload/mask`: files that clients bring. They are whole or not there, whoever hangs up."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import BodyPartReader, web

from engine.run.whole_file import move_new, move_over
from engine.server.answers import Refused, json_answer
from engine.server.bodies import json_of
from engine.server.files.pictures import PictureRefused, with_alpha_of
from engine.server.files.places import folder_named, place_below, single_name
from engine.server.options import Limits
from engine.server.services import SERVICES

table = web.RouteTableDef()
MOST_TEXT = 2**16  # bytes of a field that is no file
MOST_FIELDS = 16


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What a form brought: the file, under a name of its own for as long as nothing else is known, and the fields."""

    file: Path | None
    name: str
    fields: Mapping[str, str]

    @property
    def overwrite(self) -> bool:
        """Whether the file may take the place of another."""
        return self.fields.get("overwrite") in {"true", "1"}


@table.post("/upload/image")
async def upload_image(request: web.Request) -> web.Response:
    """Put a file of any kind into the input folder (or `type`, `subfolder`), and tell under which name.

    The same content is kept once; another file of the name gets "name (1).png", unless `overwrite` is "true".
    """
    async with _received(request) as uploaded:
        file, home, place = _destination(request, uploaded)
        name = await asyncio.to_thread(_keep, file, home, uploaded.name, overwrite=uploaded.overwrite)
    return json_answer({"name": name, **place})


@table.post("/upload/mask")
async def upload_mask(request: web.Request) -> web.Response:
    """Keep the picture `original_ref` with the alpha of the one uploaded, under the name of the latter."""
    limits = request.app[SERVICES].options.limits
    async with _received(request) as uploaded:
        file, home, place = _destination(request, uploaded)
        original = _original(request, uploaded.fields.get("original_ref", ""))
        try:
            await asyncio.to_thread(_merge, original, file, limits)
        except PictureRefused as error:
            raise Refused(400, "bad_picture", str(error)) from error
        name = await asyncio.to_thread(_keep, file, home, uploaded.name, overwrite=uploaded.overwrite)
    return json_answer({"name": name, **place})


@asynccontextmanager
async def _received(request: web.Request) -> AsyncIterator[Uploaded]:
    """The form, its file on disk. Whatever happens, nothing of it is left that has not found its place."""
    services = request.app[SERVICES]
    if not request.content_type.startswith("multipart/"):
        raise Refused(400, "no_form", "This is no form with a file.", "Send multipart/form-data.")
    waiting = services.settings.uploads / secrets.token_hex(8)
    await asyncio.to_thread(waiting.parent.mkdir, parents=True, exist_ok=True)
    try:
        yield await _read_form(request, waiting, services.options.limits.upload)
    finally:
        await asyncio.to_thread(waiting.unlink, missing_ok=True)


async def _read_form(request: web.Request, waiting: Path, most: int) -> Uploaded:
    name, file = "", None
    fields: dict[str, str] = {}
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or len(fields) >= MOST_FIELDS:
                raise Refused(400, "bad_form", "The form has parts of parts, or too many fields.")
            if part.name == "image" and part.filename:
                name, file = part.filename, waiting
                await _receive(part, waiting, most)
            elif part.name:
                fields[part.name] = (await _short(part)).decode("utf-8", "replace")
    except ValueError as error:  # what the reader of forms says to a broken one
        raise Refused(400, "bad_form", "The form is broken.", str(error)) from error
    return Uploaded(file, name, fields)


async def _receive(part: BodyPartReader, into: Path, most: int) -> None:
    size = 0
    with into.open("wb") as file:
        while data := await part.read_chunk(2**18):
            size += len(data)
            if size > most:
                raise Refused(413, "too_large", f"The file is larger than {most} bytes.", limit=most)
            await asyncio.to_thread(file.write, data)


async def _short(part: BodyPartReader) -> bytes:
    text = b""
    while data := await part.read_chunk():
        text += data
        if len(text) > MOST_TEXT:
            raise Refused(413, "too_large", f"A field is longer than {MOST_TEXT} bytes.", limit=MOST_TEXT)
    return text


def _destination(request: web.Request, uploaded: Uploaded) -> tuple[Path, Path, dict[str, str]]:
    """The file that came, the folder it goes to, and how ComfyUI names that."""
    kind, subfolder = uploaded.fields.get("type") or "input", uploaded.fields.get("subfolder", "")
    root = folder_named(request, kind)
    home = place_below(root, subfolder, 400)
    if uploaded.file is None or not uploaded.name:
        raise Refused(400, "no_file", "The form has no file.", "Send one as the field 'image'.")
    single_name(home, uploaded.name)
    return uploaded.file, home, {"subfolder": subfolder, "type": kind}


def _original(request: web.Request, text: str) -> Path:
    said = json_of(text.encode(), request.app[SERVICES].options.limits)
    if not isinstance(said, dict) or not isinstance(said.get("filename"), str):
        raise Refused(400, "no_original", "The form does not say which picture the mask belongs to.")
    home = place_below(
        folder_named(request, str(said.get("type") or "output")), str(said.get("subfolder", ""))
    )
    path = place_below(home, said["filename"], 400)
    if not path.is_file():
        raise Refused(404, "no_original", f"There is no {said['filename'][:80]!r} to put the mask on.")
    return path


def _merge(original: Path, mask: Path, limits: Limits) -> None:
    with mask.open("rb") as file:
        merged = with_alpha_of(original, file, limits)
    mask.write_bytes(merged)


def _keep(file: Path, home: Path, name: str, *, overwrite: bool) -> str:
    """Give the file its place; under which name, it says."""
    home.mkdir(parents=True, exist_ok=True)
    if overwrite:
        move_over(file, home / name)
        return name
    digest = _digest(file)
    stem, dot, suffix = name.rpartition(".")
    stem, ending = (stem, dot + suffix) if stem else (name, "")
    number, free = 0, name
    while True:
        try:
            move_new(file, home / free)
            return free
        except FileExistsError:
            if (home / free).is_file() and _digest(home / free) == digest:
                return free
        number += 1
        free = f"{stem} ({number}){ending}"


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
