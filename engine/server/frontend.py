"""The editor's files, and how long browsers may keep them."""

from __future__ import annotations

import re
from pathlib import Path

from aiohttp import web

from engine.run.names import BadName, safe_join
from engine.server.access.headers import EDITOR, FOREIGN_EDITOR, NOTHING
from engine.server.no_editor import PAGE, STYLE_HASH
from engine.server.options import Options
from engine.server.services import SERVICES

table = web.RouteTableDef()
NO_CACHE = {"Cache-Control": "no-cache"}
NEVER_KEPT = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "0"}
ONE_DAY = {"Cache-Control": "public, max-age=86400"}
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
NAMED_BY_CONTENT = re.compile(r"assets/.+-[\w-]{8}\.\w+")  # as Vite names what it builds
PICTURES = {".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp"}
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
    ".webp": "image/webp",
    ".png": "image/png",
}


@table.get("/")
async def get_editor(request: web.Request) -> web.StreamResponse:
    """The editor, or a page that says how to have one."""
    options = request.app[SERVICES].options
    page = options.front_end / "index.html" if options.front_end else None
    if page is None or not page.is_file():
        policy = {"Content-Security-Policy": f"{NOTHING}; style-src {STYLE_HASH}"}
        return web.Response(text=PAGE, content_type="text/html", headers={**NEVER_KEPT, **policy})
    return static_file(page, {**NEVER_KEPT, **_policy(options)})


def editor_file(request: web.Request) -> web.StreamResponse | None:
    """The editor's file of that path, or None where it has none."""
    options = request.app[SERVICES].options
    if options.front_end is None or request.method not in {"GET", "HEAD"}:
        return None
    name = request.path.lstrip("/")
    kept = FOR_GOOD if options.own_front_end and NAMED_BY_CONTENT.fullmatch(name) else {}
    return file_below(options.front_end, name, {**kept, **_policy(options)})


def file_below(root: Path, name: str, headers: dict[str, str]) -> web.StreamResponse | None:
    """A file of code or pictures that belongs to the program, or None where it is not there."""
    try:
        path = safe_join(root, name)
    except BadName:
        return None
    return static_file(path, headers) if path.is_file() else None


def static_file(path: Path, headers: dict[str, str]) -> web.FileResponse:
    """The file, with the type that browsers want and how long it may be kept, as ComfyUI says it."""
    suffix = path.suffix.lower()
    kept = ONE_DAY if suffix in PICTURES else NO_CACHE
    known = {"Content-Type": TYPES[suffix]} if suffix in TYPES else {}
    return web.FileResponse(path, headers={**kept, **known, **headers})


def _policy(options: Options) -> dict[str, str]:
    # Scripts that packs bring run in the editor's page, whosever it is, and are written for ComfyUI's.
    return {"Content-Security-Policy": EDITOR if options.own_front_end else FOREIGN_EDITOR}
