"""HTTP routes that packs have registered. They are kept here, in the process that imported the packs, and asked here.

What turns a call into what a pack's handler expects (a request of aiohttp) is whoever registers it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import unquote

log = logging.getLogger("weft.packs")

Headers: TypeAlias = tuple[tuple[str, str], ...]
Answer: TypeAlias = tuple[int, Headers, bytes]

# What packs have prompts go through before they are accepted: no method and no path of HTTP, so nobody can ask for it.
ON_PROMPT = ("HOOK", "on_prompt")

PART = re.compile(r"\{(?P<name>[A-Za-z_]\w*)(?::(?P<pattern>(?:[^{}]|\{[^{}]*\})+))?\}")
ANYTHING = "*"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `path` as it was asked for, `parts` what stands at the names of the route's path."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes
    parts: Mapping[str, str]


Handler: TypeAlias = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """What answers a method ("*" for all of them) at a path in aiohttp's notation: `/greet/{name}`."""

    method: str
    path: str
    handler: Handler
    pack: str = ""

    def parts(self, method: str, path: str) -> Mapping[str, str] | None:
        """What stands at the names of the path, or None where the route is not meant."""
        if self.method not in (ANYTHING, method) and not (self.method == "GET" and method == "HEAD"):
            return None
        found = _pattern(self.path).fullmatch(path)
        return None if found is None else {name: unquote(part) for name, part in found.groupdict().items()}


ROUTES: list[Route] = []


async def answer(method: str, path: str, query: str, headers: Headers, body: bytes) -> Answer:
    """What the first route that is meant answers; 404 if none is. A prompt goes through all that want to see it."""
    if (method, path) == ON_PROMPT:
        return 200, (), await _handled(body)
    for route in ROUTES:
        parts = route.parts(method, path)
        if parts is not None:
            return await route.handler(Call(method, path, query, headers, body, parts))
    return 404, (("Content-Type", "text/plain; charset=utf-8"),), f"No pack answers {method} {path}.".encode()


def forget(pack: str) -> None:
    """Remove the routes of a pack, which is about to be imported anew."""
    ROUTES[:] = [route for route in ROUTES if route.pack != pack]


async def _handled(prompt: bytes) -> bytes:
    """A prompt as the packs' handlers leave it. One that fails changes nothing."""
    for route in [route for route in ROUTES if (route.method, route.path) == ON_PROMPT]:
        try:
            _, _, prompt = await route.handler(Call(*ON_PROMPT, "", (), prompt, {}))
        except Exception:  # it is the pack's code, and the prompt is worth more
            log.exception(
                "The pack %s could not handle a prompt, which goes on without it", route.pack or "?"
            )
    return prompt


def _pattern(path: str) -> re.Pattern[str]:
    text, end = "", 0
    for part in PART.finditer(path):
        text += re.escape(path[end : part.start()])
        text += f"(?P<{part['name']}>{part['pattern'] or '[^{}/]+'})"
        end = part.end()
    return re.compile(text + re.escape(path[end:]))
