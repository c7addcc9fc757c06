"""`GET /runs/{id}/timeline`: what each node of a run did when, and how much memory was held."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from aiohttp import web

from engine.run.timeline import Timeline, unpacked
from engine.server.answers import JsonAnswer, Refused, json_answer
from engine.server.prompts.prompt_shape import kinds_of
from engine.server.services import SERVICES
from engine.store import history, queue

FORMATS = ("json", "chrome")

table = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Trace:
    """Events as Chrome traces them."""

    traceEvents: list[dict[str, object]]  # noqa: N815  (its own name)


@table.get("/runs/{id}/timeline")
async def get_timeline(request: web.Request) -> JsonAnswer[Timeline] | JsonAnswer[Trace]:
    """What each node did from when to when, in seconds since the run began, on which thread; and the memory held.

    `what` is "wait" (for the device), "load" (a model, or a kept result), "compute" or "save". With `?format=chrome`
    the answer is a trace as Perfetto and `chrome://tracing` open it.
    """
    form = request.query.get("format", "json")
    if form not in FORMATS:
        raise Refused(
            400, "invalid_request", f"There is no format '{form}'.", f"Ask for {' or '.join(FORMATS)}."
        )
    found = await request.app[SERVICES].store.read(_kept, request.match_info["id"])
    if found is None:
        raise Refused(404, "unknown_run", "There is no such run.", "It may have been forgotten meanwhile.")
    packed, graph = found
    if packed is None:
        raise Refused(
            404,
            "no_timeline",
            "Nothing is known yet of what this run did when.",
            "It is kept once a run is over, but for one whose worker died.",
        )
    timeline = unpacked(packed)
    return json_answer(timeline) if form == "json" else json_answer(Trace(list(_trace(timeline, graph))))


def _kept(db: sqlite3.Connection, id: str) -> tuple[bytes | None, bytes] | None:
    contents = queue.contents(db, [id]).get(id)
    return None if contents is None else (history.timeline(db, id), contents[0])


def _trace(timeline: Timeline, graph: bytes) -> Iterator[dict[str, object]]:
    """Trace events: times in microseconds; what waits overlaps with what runs, so that it has tracks of its own."""
    kinds = kinds_of(graph)
    for number, span in enumerate(timeline.spans):
        kind = kinds.get(span.node)
        name = f"{kind} ({span.node})" if kind else span.node
        common = {"name": name, "cat": span.what, "pid": 1, "args": {"node": span.node}}
        begin, end = round(span.begin * 1e6), round(span.end * 1e6)
        if span.what == "wait":
            yield {**common, "ph": "b", "ts": begin, "tid": span.lane, "id": number}
            yield {**common, "ph": "e", "ts": end, "tid": span.lane, "id": number}
        else:
            yield {**common, "ph": "X", "ts": begin, "dur": end - begin, "tid": span.lane}
    for at, held in timeline.memory:
        yield {"name": "memory", "ph": "C", "ts": round(at * 1e6), "pid": 1, "args": {"bytes": held}}
