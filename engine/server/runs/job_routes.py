"""GET /jobs: queue and history as one list, in the shape of newer ComfyUIs."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from engine.server.answers import Refused, json_answer
from engine.server.runs.job_json import STATUSES, Job, job, whole_job, workflow_of
from engine.server.services import SERVICES
from engine.store import history, queue
from engine.store.jobs import Order, jobs
from engine.store.records import RunStatus

MOST = 1000  # jobs of an answer, however many are asked for
ORDERS: Mapping[str, Order] = {"created_at": "created", "execution_duration": "duration"}
WAYS: Mapping[str, bool] = {"asc": False, "desc": True}

table = web.RouteTableDef()

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which jobs a client asks for."""

    statuses: tuple[RunStatus, ...]
    workflow: str | None
    order: Order
    downward: bool
    most: int | None
    offset: int


@table.get("/jobs")
async def get_jobs(request: web.Request) -> web.Response:
    """What waits, runs and is over, without graphs, in pages of `limit` from number `offset` on.

    `status` names some of pending, in_progress, completed, failed, cancelled, with commas between; `workflow_id` the
    editor's workflow; `sort_by` is created_at or execution_duration, `sort_order` asc or desc.
    """
    wanted = _wanted(request.query)
    listed, total = await request.app[SERVICES].store.read(_listed, wanted)
    return json_answer(
        {
            "jobs": listed,
            "pagination": {
                "offset": wanted.offset,
                "limit": wanted.most,
                "total": total,
                "has_more": wanted.offset + len(listed) < total,
            },
        }
    )


@table.get("/jobs/{job_id}")
async def get_job(request: web.Request) -> web.Response:
    """One job, with its outputs and its workflow."""
    found = await request.app[SERVICES].store.read(_whole, request.match_info["job_id"])
    if found is None:
        raise Refused(404, "unknown_job", "Job not found", "It may have been forgotten meanwhile.")
    return json_answer(found)


def _wanted(query: Mapping[str, str]) -> Wanted:
    names = [name.strip() for name in query.get("status", "").split(",") if name.strip()] or list(STATUSES)
    return Wanted(
        tuple(ours for name in names for ours in _one_of(STATUSES, name, "status")),
        query.get("workflow_id") or None,
        _one_of(ORDERS, query.get("sort_by") or "created_at", "sort_by"),
        _one_of(WAYS, query.get("sort_order") or "desc", "sort_order"),
        _whole_number(query, "limit", 1),
        _whole_number(query, "offset", 0) or 0,
    )


def _one_of(known: Mapping[str, T], name: str, parameter: str) -> T:
    if name not in known:
        raise _wrong(parameter, f"one of {', '.join(known)}, not '{name}'")
    return known[name]


def _whole_number(query: Mapping[str, str], name: str, least: int) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and int(text) >= least):
        raise _wrong(name, f"a whole number, {least} or more, not '{text}'")
    return int(text)


def _wrong(parameter: str, expected: str) -> Refused:
    return Refused(
        400,
        "invalid_request",
        f"`{parameter}` must be {expected}.",
        f"Correct `{parameter}`, or leave it out.",
    )


def _listed(db: sqlite3.Connection, wanted: Wanted) -> tuple[list[Job], int]:
    most = min(wanted.most or MOST, MOST)
    of = None if wanted.workflow is None else lambda extra: workflow_of(extra) == wanted.workflow
    found, total = jobs(
        db, wanted.statuses, wanted.order, downward=wanted.downward, most=most, offset=wanted.offset, extra=of
    )
    kept = queue.contents(db, [run.id for run in found])
    return [job(run, kept[run.id][1], history.finished(db, run.id)) for run in found], total


def _whole(db: sqlite3.Connection, id: str) -> Job | None:
    run = history.find(db, id)
    if run is None:
        return None
    return whole_job(run, *queue.contents(db, [id])[id], history.finished(db, id))
