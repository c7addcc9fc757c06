"""What requests bring, read within limits: JSON of bounded size, depth, count and length of texts."""

from __future__ import annotations

import asyncio

from aiohttp import web

from engine.formats.json_text import parse
from engine.graph.problems import Unreadable
from engine.server.answers import Refused
from engine.server.options import Limits
from engine.server.services import SERVICES

IN_THREAD = 2**18  # bytes from which reading JSON would hold up other requests


async def read_json(request: web.Request) -> object:
    """The JSON of a request, whatever its content type. Raises `Refused` where it is none, or too large."""
    limits = request.app[SERVICES].options.limits
    data = await read_body(request, limits.json)
    if len(data) < IN_THREAD:
        return json_of(data, limits)
    return await asyncio.to_thread(json_of, data, limits)


async def read_object(request: web.Request) -> dict[str, object]:
    """The JSON object of a request; an empty body counts as an empty one."""
    if not request.body_exists:
        return {}
    data = await read_json(request)
    if not isinstance(data, dict):
        raise Refused(
            400, "invalid_body", "The body is not a JSON object.", 'Send one, as in {"name": "value"}.'
        )
    return data


async def read_body(request: web.Request, most: int) -> bytes:
    """The body of a request, which is not read any further than it may be long."""
    if request.content_length is not None and request.content_length > most:
        raise _too_large(most)
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
    return b"".join(parts)


def json_of(data: bytes, limits: Limits) -> object:
    """The values in a text, checked against the limits. Raises `Refused`."""
    value = parse(data)
    if isinstance(value, Unreadable):
        what = f"The body is no JSON: {value.where}: expected {value.expected}, found {value.found}."
        raise Refused(400, "invalid_json", what, "Send JSON in UTF-8.")
    if len(data) > limits.text and _longest_text(value) > limits.text:
        raise Refused(413, "text_too_long", f"A text is longer than {limits.text} characters.")
    return value


def _longest_text(value: object) -> int:
    longest = 0
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            longest = max(longest, len(one))
        elif isinstance(one, list):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend(one)
            waiting.extend(one.values())
    return longest


def _too_large(most: int) -> Refused:
    return Refused(413, "too_large", f"The body is larger than {most} bytes.", "Send less.", limit=most)
