"""/runs: Weft's own view of queue and history together. Pages of runs without graphs, and each of their parts."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import web

from engine.server.answers import JsonAnswer, Refused, json_answer
from engine.server.bodies import read_object
from engine.server.prompts.accept import Posted, accepted, not_kept, read_posted
from engine.server.runs import history_json
from engine.server.runs.sent_document import sent_document
from engine.server.services import SERVICES, Services
from engine.store import history, queue
from engine.store.errors import StoreError
from engine.store.records import OVER, Artifact, Run

PAGE, MOST = 50, 500  # runs of a page: usually, and at most
BATCH = 1000  # runs that may be sent at once
SHARED = ("batch", "priority", "client_id")  # may be said once for all runs of a batch
STATUSES = ("queued", "running", *OVER)

table = web.RouteTableDef()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Some runs with their parents and first pictures, the newest first.

    `next` is what to ask for as `after` to have the page behind it.
    """

    runs: list[Run]
    next: int | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A run with its files, and, once it is over, what the history keeps of it."""

    run: Run
    artifacts: list[Artifact]
    result: msgspec.Raw | None = None


@table.get("/runs")
async def get_runs(request: web.Request) -> JsonAnswer[Page] | web.Response:
    """Runs, the newest first, without their graphs: `?status=`, `?batch=`, `?most=`, `?after=` (a page's `next`).

    The answer has an ETag, so that asking whether something has changed costs next to nothing.
    """
    query = request.query
    status = query.get("status")
    if status is not None and status not in STATUSES:
        raise _wrong("status", f"one of {', '.join(STATUSES)}")
    after = _whole(query.get("after"), "after")
    most = _whole(query.get("most"), "most") or PAGE
    store = request.app[SERVICES].store
    tag = f"{await store.read(history.change_counter)}"
    if request.if_none_match and any(known.value == tag for known in request.if_none_match):
        answer = web.Response(status=304)
    else:
        runs, next = await store.read(history.page, after, min(most, MOST), status, query.get("batch"))
        answer = json_answer(Page(runs, next))
    answer.etag = tag
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@table.post("/runs")
async def post_runs(request: web.Request) -> web.StreamResponse:
    """Run a graph, or several: a body as for /prompt, or `{"runs": [such bodies], "batch": name}`.

    Several are accepted together or not at all. With `?wait=1` the answer to a single one comes when it is over.
    """
    services = request.app[SERVICES]
    body = await read_object(request)
    key = request.headers.get("Idempotency-Key")
    if "runs" in body:
        return json_answer({"runs": await _submit_all(services, body, key)}, 201)
    posted = await read_posted(body, services, key)
    run = await accepted(services, posted)
    if request.query.get("wait") not in {"1", "true"}:
        return json_answer({"run": run, "node_errors": posted.node_errors}, 201)
    async for _ in services.dispatcher.audience.watch(run.id):
        pass
    return json_answer(await services.store.read(_whole_run, run.id))


@table.get("/runs/{id}")
async def get_run(request: web.Request) -> JsonAnswer[Whole]:
    """A run: how it stands, its files, and, once it is over, its outputs, messages, and what each node took."""
    return json_answer(_known(await request.app[SERVICES].store.read(_whole_run, request.match_info["id"])))


@table.get("/runs/{id}/graph")
async def get_graph(request: web.Request) -> web.Response:
    """The run's graph, as an API prompt; with `?as=document` as it was sent, for the editor."""
    services = request.app[SERVICES]
    id = request.match_info["id"]
    wanted = request.query.get("as", "prompt")
    if wanted not in ("prompt", "document"):
        raise _wrong("as", "'prompt' or 'document'")
    contents = _known((await services.store.read(queue.contents, [id])).get(id))
    if wanted == "document":
        registry = await services.nodes.settled()
        return json_answer(await asyncio.to_thread(sent_document, *contents, registry))
    return web.Response(body=contents[0], content_type="application/json")


@table.patch("/runs/{id}")
async def patch_run(request: web.Request) -> JsonAnswer[Run]:
    """Move a run that waits: `{"number": 3.5}` (lower is earlier), `{"priority": 1}` (higher goes first)."""
    services = request.app[SERVICES]
    id = request.match_info["id"]
    body = await read_object(request)
    if not body or not body.keys() <= {"number", "priority"}:
        raise Refused(
            400, "invalid_request", "Nothing else of a run can be changed.", "Send `number` or `priority`."
        )
    try:
        change = msgspec.convert(body, Change)
    except msgspec.ValidationError as error:
        raise Refused(
            400, "invalid_request", str(error), "`number` is a number, `priority` a whole number."
        ) from None
    run = _known(await services.store.write(_change, id, change))
    if run.status != "queued":
        raise Refused(409, "not_waiting", f"The run does not wait any more: it is {run.status}.")
    services.dispatcher.look_again()
    return json_answer(run)


@table.post("/runs/{id}/cancel")
async def cancel_run(request: web.Request) -> JsonAnswer[Run]:
    """Cancel a run that waits, or have it stop if it is being carried out; nothing happens to one that is over."""
    return json_answer(_known(await request.app[SERVICES].dispatcher.cancel(request.match_info["id"])))


@table.delete("/runs/{id}")
async def delete_run(request: web.Request) -> web.Response:
    """Forget a run that is over. Its files stay."""
    id = request.match_info["id"]
    store = request.app[SERVICES].store
    if not await store.write(history.forget, [id]):
        run = _known(await store.read(history.find, id))
        raise Refused(
            409, "not_over", f"The run is {run.status}.", f"Cancel it first: POST /api/runs/{id}/cancel."
        )
    return web.Response(status=204)


class Change(msgspec.Struct, frozen=True):
    """What can be changed of a run that waits."""

    number: float | None = None
    priority: int | None = None


async def _submit_all(services: Services, body: dict[str, object], key: str | None) -> list[Run]:
    bodies = body["runs"]
    if not isinstance(bodies, list) or not 0 < len(bodies) <= BATCH:
        raise _wrong("runs", f"a list of 1 to {BATCH} bodies as for /prompt")
    posted: list[Posted] = []
    for number, one in enumerate(bodies):
        if not isinstance(one, dict):
            raise _wrong(f"runs[{number}]", "an object as for /prompt")
        shared = {name: value for name, value in body.items() if name in SHARED}
        posted.append(await read_posted({**shared, **one}, services, key and f"{key}:{number}"))
    runs = [one.run for one in posted]
    try:
        return await services.dispatcher.submit_all(runs, {one.run.id: one.aside for one in posted})
    except StoreError as error:
        raise not_kept(error) from None


def _whole_run(db: sqlite3.Connection, id: str) -> Whole | None:
    run = history.shown(db, id)
    if run is None:
        return None
    files = history.artifacts(db, id)
    finished = history.finished(db, id)
    if finished is None:
        return Whole(run, files)
    return Whole(run, files, msgspec.Raw(history_json.result(finished)))


def _change(db: sqlite3.Connection, id: str, change: Change) -> Run | None:
    before = history.find(db, id)
    if before is None or before.status != "queued":
        return before
    if change.number is not None:
        queue.move(db, id, change.number)
    if change.priority is not None:
        queue.prioritise(db, id, change.priority)
    return history.find(db, id)


def _known(found: T | None) -> T:
    if found is None:
        raise Refused(404, "unknown_run", "There is no such run.", "It may have been forgotten meanwhile.")
    return found


def _whole(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise _wrong(name, "a whole number")
    return int(text)


def _wrong(field: str, expected: str) -> Refused:
    return Refused(
        400, "invalid_request", f"`{field}` must be {expected}.", f"Correct `{field}`, or leave it out."
    )
