"""Answers that say no, in ComfyUI's shape: what is wrong, and what to do."""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from engine.formats.json_text import one_line


def refusal(kind: str, message: str, hint: str = "", **more: object) -> str:
    """The body of an answer that says no. `kind` is for programs, the sentences are for people."""
    extra = {"hint": hint, **more} if hint else more
    error = {"type": kind, "message": message, "details": hint, "extra_info": extra}
    return one_line({"error": error, "node_errors": {}})


class Refused(web.HTTPException):
    """Raised by a handler that says no."""

    def __init__(self, status: int, kind: str, message: str, hint: str = "", **more: object) -> None:
        self.status_code = status
        super().__init__(text=refusal(kind, message, hint, **more), content_type="application/json")


def refused(status: int, kind: str, message: str, hint: str = "", **more: object) -> web.Response:
    """The same as an answer, for code outside of handlers."""
    return web.Response(
        status=status, text=refusal(kind, message, hint, **more), content_type="application/json"
    )


T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class JsonAnswer(web.Response, Generic[T_co]):
    """An answer that is a T as JSON. That a handler returns one is told in `/openapi.json`: the editor has its type.

    Args:
        body: The JSON.
        status: The status.
    """

    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__(status=status, body=body, content_type="application/json")


def json_answer(data: T, status: int = 200) -> JsonAnswer[T]:
    """An answer of JSON."""
    return JsonAnswer(msgspec.json.encode(data), status)
