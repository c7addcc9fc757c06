"""The n-th operation of each kind fails, for n = 1 and on until there is no n-th any more (3).

Each time a file is uploaded and two runs save a number, by a client that asks again when it got no answer, as clients
of anything do. Whatever failed, what was accepted is done, once, and the server goes on.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from tests.engine.run.makers import notes_makers
from tests.engine.served import Served
from tests.faults.invariants import Known, invariants
from tests.faults.lab import (
    Faults,
    Live,
    children,
    gone,
    installed,
    saved,
    saved_bytes,
    starting,
    story,
    talking,
)

MOST = 60  # operations of one kind that the little story below can have
values = count(10_000)


async def work(live: Live) -> dict[str, int]:
    """An upload and two runs, asked for until they are accepted, and waited for; the runs with their numbers."""
    runs = {str(uuid.uuid4()): next(values) for _ in range(2)}
    await upload(live)
    for run, value in runs.items():
        body = {"prompt": saved(value), "prompt_id": run, "client_id": "me"}
        while await status_of(live, "POST", "/prompt", body) != 200:
            await asyncio.sleep(0.02)
        live.accepted.add(run)
    for run in runs:
        while await status_of(live, "GET", f"/history/{run}") != 200 or not await over(live, run):
            await asyncio.sleep(0.02)
    return runs


async def status_of(live: Live, method: str, path: str, body: object = None) -> int:
    """The status of an answer, 0 if there was none."""
    try:
        return (await live.ask(method, path, body))[0]
    except aiohttp.ClientError:
        return 0


async def over(live: Live, run: str) -> bool:
    try:
        return (await live.run(run))["status"] in {"done", "failed", "cancelled", "poisoned"}
    except aiohttp.ClientError:
        return False


async def upload(live: Live) -> None:
    """Upload a file until the server says that it has it."""
    name = f"{uuid.uuid4().hex}.txt"
    while True:
        form = aiohttp.FormData()
        form.add_field("image", b"words", filename=name)
        try:
            async with live.session.post(f"{live.server.address}/upload/image", data=form) as answer:
                if answer.status == 200:
                    break
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.02)
    assert (live.folder / "input" / name).read_bytes() == b"words"


@pytest.mark.parametrize(
    ("where", "point"),
    [("server", "commit"), ("server", "link"), ("server", "fsync"), ("server", "send"), ("worker", "send")],
)
@story
async def test_an_operation_that_fails_costs_nothing_that_was_accepted(
    standing: Served, faults: Faults, where: str, point: str
) -> None:
    async with talking(standing) as live, live.listen("me"):
        await live.check()
        live.spare += (
            MOST if where == "worker" else 0
        )  # a worker that cannot speak is replaced, as if it were killed
        for number in range(1, MOST):
            await live.ready()
            faults.ask(where, point, number, "raise")
            runs = await work(live)
            if not faults.happened:
                break
            known = invariants(live.folder, live.accepted, spare=live.spare)
            for run, value in runs.items():
                assert (known[run].status, known[run].files) == ("done", (saved_bytes(value),)), (
                    number,
                    known[run],
                )
        faults.ask_no_more()
        await live.check()

    assert 1 < number < MOST - 1


@pytest.mark.parametrize("point", ["link", "fsync"])
@story
async def test_a_file_that_cannot_be_published_fails_its_run_alone_and_leaves_nothing(
    standing: Served, faults: Faults, point: str
) -> None:
    async with talking(standing) as live:
        for number in range(1, MOST):
            await live.ready()
            faults.ask("worker", point, number, "raise")
            runs = await work(live)
            known = invariants(live.folder, live.accepted, spare=live.spare)
            if not faults.happened:
                break
            statuses = sorted(known[run].status for run in runs)
            assert statuses == ["done", "failed"]
            assert all(known[run].files == () for run in runs if known[run].status == "failed")
        faults.ask_no_more()
        await live.check()

    assert 1 < number < MOST - 1


@pytest.mark.parametrize("point", ["link", "fsync", "send"])
@story
async def test_a_worker_killed_at_any_operation_is_replaced_and_its_run_done_once(
    standing: Served, faults: Faults, tmp_path: Path, point: str
) -> None:
    async with talking(standing) as live:
        # Killed behind the link, a worker leaves a file that it has told nobody of; the next attempt finds it.
        live.spare += 0 if notes_makers(tmp_path / "probe") else MOST
        for number in range(1, MOST):
            await live.ready()
            faults.ask("worker", point, number, "kill after" if number % 2 else "kill before")
            runs = await work(live)
            known = invariants(live.folder, live.accepted, spare=live.spare)
            for run, value in runs.items():
                assert (known[run].status, known[run].files) == ("done", (saved_bytes(value),))
            if not faults.happened:
                break
            assert sorted(known[run].attempt for run in runs) in (
                [1, 2],
                [1, 1],
            )  # killed when it had told all
        faults.ask_no_more()
        await live.check()

    assert 1 < number < MOST - 1


@pytest.mark.parametrize("how", ["kill before", "kill after"])
@story
async def test_a_server_killed_at_any_commit_keeps_what_it_accepted(tmp_path: Path, how: str) -> None:
    weft, faults = installed(tmp_path / "weft"), Faults(tmp_path / "order")
    accepted: dict[str, int] = {}
    known: Mapping[str, Known] = {}
    for number in range(1, MOST):
        async with starting(weft, accepted=accepted, spare=number, **faults.environment) as live:
            await live.ready()
            for run in accepted:
                assert (await live.ended(run))["status"] == "done"
            workers = children(live.pid)
            faults.ask("server", "commit", number, how)
            for value in (2 * number, 2 * number + 1):
                run = f"run-{value}"
                body = {"prompt": saved(value), "prompt_id": run, "client_id": "me"}
                if await status_of(live, "POST", "/prompt", body) == 200:
                    accepted[run] = value
                    await until_over_or_killed(live, run)
            if not faults.happened:
                faults.ask_no_more()
                known = await live.check()
                break
            live.server.process.wait()
            await gone(*workers)

    assert 1 < number < MOST - 1
    for run, value in accepted.items():
        assert (known[run].status, known[run].files) == ("done", (saved_bytes(value),))


async def until_over_or_killed(live: Live, run: str) -> None:
    while live.server.process.poll() is None and not await over(live, run):
        await asyncio.sleep(0.02)
