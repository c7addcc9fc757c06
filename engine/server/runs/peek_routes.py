"""`POST /peek`: a look at the value of an output that is kept, without running anything."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from aiohttp import web

from engine.run.events import Picture
from engine.run.peeking import Peek
from engine.server.answers import JsonAnswer, Refused, json_answer
from engine.server.bodies import read_object
from engine.server.runs.asking import answered, request_of, wrong
from engine.server.services import SERVICES

table = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Peeked:
    """A value as it is shown; of a list its first, and `length` says how many. `picture` is a data URL."""

    kind: str
    type: str
    bytes: int
    shape: tuple[int, ...] | None
    dtype: str | None
    minimum: float | None
    maximum: float | None
    mean: float | None
    histogram: tuple[int, ...] | None
    picture: str | None
    text: str | None
    length: int | None


@table.post("/peek")
async def post_peek(request: web.Request) -> JsonAnswer[Peeked]:
    """How the value of an output looks, if it is kept; 404 if it is not.

    Takes `{"graph": ..., "node": id, "output": name}`, and `client_id` as /forecast does. Numbers come with their span,
    mean and a histogram of 32 parts, pictures with at most 512 pixels a side.
    """
    services = request.app[SERVICES]
    body = await read_object(request)
    asked = request_of(body, services.options.limits.nodes)
    node, output = body.get("node"), body.get("output")
    if not isinstance(node, str):
        raise wrong("node", "a node's id")
    if not isinstance(output, str | int) or isinstance(output, bool):
        raise wrong("output", "the name of an output, or its place")
    peek = await answered(services.backend.peek(asked, node, output))
    if peek is None:
        raise Refused(
            404, "not_kept", f"There is no value of output '{output}' of node {node}.", "Run the graph first."
        )
    return json_answer(_told(peek))


def _told(peek: Peek) -> Peeked:
    return Peeked(
        peek.kind,
        peek.type,
        peek.bytes,
        peek.shape,
        peek.dtype,
        peek.minimum,
        peek.maximum,
        peek.mean,
        peek.histogram,
        None if peek.picture is None else _url(peek.picture),
        peek.text,
        peek.length,
    )


def _url(picture: Picture) -> str:
    return f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}"
