"""The headers that every answer has, and which files a browser may show rather than save."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

# An answer that is no page may load nothing at all; a user's file may not even run in its own origin.
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
USER_FILE = f"sandbox; {NOTHING}"
EDITOR = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# ComfyUI's own front end, and the scripts that packs bring for it, are written without such a policy in mind.
FOREIGN_EDITOR = (
    EDITOR.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:")
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    .replace("font-src 'self'", "font-src 'self' data:")
    .replace("base-uri 'none'", "base-uri 'self'")
)

EVERYWHERE = {
    "Content-Security-Policy": NOTHING,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}

# What a browser decodes without running anything, by what such files begin with.
SHOWN: tuple[tuple[str, bytes, int], ...] = (
    ("image/png", b"\x89PNG\r\n\x1a\n", 0),
    ("image/jpeg", b"\xff\xd8\xff", 0),
    ("image/gif", b"GIF8", 0),
    ("image/webp", b"WEBP", 8),
    ("image/avif", b"ftypavif", 4),
    ("image/bmp", b"BM", 0),
    ("video/mp4", b"ftyp", 4),
    ("video/webm", b"\x1a\x45\xdf\xa3", 0),
    ("audio/wav", b"WAVE", 8),
    ("audio/flac", b"fLaC", 0),
    ("audio/ogg", b"OggS", 0),
    ("audio/mpeg", b"ID3", 0),
    ("audio/mpeg", b"\xff\xfb", 0),
)
# What is harmless as it is, but is not shown as a page: programs want to know what it is.
NAMED = {
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".csv": "text/plain; charset=utf-8",
    ".glb": "model/gltf-binary",
    ".safetensors": "application/octet-stream",
}
UNKNOWN = "application/octet-stream"
LOOKED_AT = 16  # bytes at the beginning of a file


async def add_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """Give an answer the headers that it has not been given otherwise; run before each is sent."""
    for name, value in EVERYWHERE.items():
        answer.headers.setdefault(name, value)


def shown_type(name: str, begin: bytes) -> str | None:
    """The media type of a file that a browser may show, told by its content; None for one that is only to be saved."""
    for kind, mark, at in SHOWN:
        if begin[at : at + len(mark)] == mark:
            return kind
    return None


def file_headers(name: str, begin: bytes) -> dict[str, str]:
    """The headers for a user's file: whatever is in it, nothing of it runs."""
    shown = shown_type(name, begin)
    suffix = "." + name.rpartition(".")[2].lower()
    return {
        "Content-Type": shown or NAMED.get(suffix, UNKNOWN),
        "Content-Disposition": disposition(name, attachment=shown is None),
        "Content-Security-Policy": USER_FILE,
    }


def disposition(name: str, *, attachment: bool) -> str:
    """How a browser is to call a file, and whether to save it."""
    plain = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "'").replace("?", "_")
    starred = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return ("attachment; " if attachment else "") + f'filename="{plain}"' + starred
