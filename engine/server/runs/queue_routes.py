"""GET and POST /queue, /interrupt, /free in ComfyUI's shape; pausing and resuming beside them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from aiohttp import web

from engine.server.answers import JsonAnswer, Refused, json_answer
from engine.server.bodies import read_object
from engine.server.runs.history_json import item
from engine.server.runs.history_routes import ids_of
from engine.server.services import SERVICES
from engine.store import queue
from engine.store.records import QueueState

table = web.RouteTableDef()


@table.get("/queue")
async def get_queue(request: web.Request) -> JsonAnswer[Listed]:
    """What runs, and what waits in the order in which it will run."""
    return json_answer(await request.app[SERVICES].store.read(_listed))


@table.post("/queue")
async def post_queue(request: web.Request) -> web.Response:
    """Take runs that wait out of the queue: `{"clear": true}` or `{"delete": [id, ...]}`."""
    dispatcher = request.app[SERVICES].dispatcher
    body = await read_object(request)
    if body.get("clear") is True:
        await dispatcher.delete(None)
    if "delete" in body:
        await dispatcher.delete(ids_of(body["delete"]))
    return web.Response()


@table.post("/interrupt")
async def post_interrupt(request: web.Request) -> web.Response:
    """Have the run stop that is being carried out; with a `prompt_id`, only if it is that one."""
    dispatcher = request.app[SERVICES].dispatcher
    wanted = (await read_object(request)).get("prompt_id")
    if not isinstance(wanted, str | None):
        raise Refused(400, "invalid_request", "`prompt_id` must be a text.", "Leave it out, or correct it.")
    running = dispatcher.running
    if running is not None and wanted in {None, running.id}:
        await dispatcher.cancel(running.id)
    return web.Response()


@table.post("/free")
async def post_free(request: web.Request) -> web.Response:
    """Let go of models (`unload_models`), or of these and all kept results (`free_memory`), once no run goes on."""
    body = await read_object(request)
    models, results = body.get("unload_models") is True, body.get("free_memory") is True
    if models or results:
        request.app[SERVICES].dispatcher.free(models=models, results=results)
    return web.Response()


@table.post("/queue/pause")
async def post_pause(request: web.Request) -> JsonAnswer[QueueState]:
    """Start no more runs; the one that goes on does so. A `reason` is shown to everybody."""
    reason = (await read_object(request)).get("reason")
    if not isinstance(reason, str | None):
        raise Refused(400, "invalid_request", "`reason` must be a text.", "Leave it out, or correct it.")
    return json_answer(await request.app[SERVICES].dispatcher.pause(reason or "Somebody paused the queue."))


@table.post("/queue/resume")
async def post_resume(request: web.Request) -> JsonAnswer[QueueState]:
    """Start runs again."""
    return json_answer(await request.app[SERVICES].dispatcher.resume())


@dataclass(frozen=True, slots=True)
class Listed:
    """The queue as ComfyUI shows it."""

    queue_running: list[list[object]]
    queue_pending: list[list[object]]


def _listed(db: sqlite3.Connection) -> Listed:
    running, waiting = queue.running(db), queue.waiting(db)
    kept = queue.contents(db, [run.id for run in (*running, *waiting)])
    return Listed(
        [item(run, *kept[run.id]) for run in running], [item(run, *kept[run.id]) for run in waiting]
    )
