"""The server told to stop (41): once, while a run takes longer than it may; and what its clients hear of it."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.engine.served import served
from tests.faults.lab import FLAGS, children, gone, installed, saved, starting, story, talking, there, use
from tests.faults.test_server_killed import STEPS, outcome, stepwise


@story
async def test_a_run_that_takes_longer_than_it_may_is_put_back_and_goes_on_where_it_was(
    tmp_path: Path,
) -> None:
    weft, log = installed(tmp_path / "weft"), tmp_path / "log"
    async with starting(weft) as live:  # with a grace of one second
        run = await live.send(stepwise(log, 5, seconds=0.6))
        waiting = await live.send(saved(2))
        await there(log, 2)
        workers = children(live.pid)
        code = await asyncio.to_thread(live.server.stop)
        await gone(*workers)
        steps_before = len(log.read_text().split())

    assert code == 0
    assert steps_before < STEPS
    async with starting(weft, accepted=live.accepted) as live:
        again = await live.ended(run)
        assert (await live.ended(waiting))["status"] == "done"
        known = await live.check()

    assert (again["status"], again["attempt"]) == ("done", 2)
    assert known[run].files == (f"number {outcome(5)}\n".encode(),)
    assert len(log.read_text().split()) < 2 * STEPS  # steps that were kept are not done again


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@story
async def test_clients_are_told_that_the_server_ends(tmp_path: Path, number: signal.Signals) -> None:
    async with starting(installed(tmp_path / "weft")) as live:
        await live.ready()
        async with live.listen("me") as ears, live.listen("you") as others:
            await ears.until("status")
            live.server.process.send_signal(number)
            codes = [await closed(each.socket) for each in (ears, others)]
        code = await asyncio.to_thread(live.server.process.wait, 30)

    assert (codes, code) == ([1001, 1001], 0)


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """With which code a socket was closed."""
    async with asyncio.timeout(30):
        async for _ in socket:
            pass
    return socket.close_code


@story
async def test_a_client_that_does_not_answer_does_not_keep_the_server(tmp_path: Path) -> None:
    async with starting(installed(tmp_path / "weft")) as live:
        await live.ready()
        async with live.listen("me") as ears:
            await ears.until("status")
            code = await asyncio.to_thread(live.server.stop)  # meanwhile nobody reads the socket

    assert code == 0


@story
async def test_without_standard_input_the_server_goes_on(tmp_path: Path) -> None:
    weft = installed(tmp_path / "weft")
    read, write = os.pipe()
    before = os.dup(0)
    os.dup2(read, 0)
    try:
        with served(weft, *FLAGS) as server:
            os.close(write)  # whoever had started it has gone
            async with talking(server) as live:
                assert (await live.ended(await live.send(saved(3))))["status"] == "done"
                await live.check()
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(read)


@story
async def test_what_a_node_has_started_ends_with_the_server(tmp_path: Path) -> None:
    weft, note = installed(tmp_path / "weft"), tmp_path / "note"
    async with starting(weft) as live:
        await live.send({"1": use("Spawn", log=str(note)), "2": use("Show", x=["1", 0])})
        (child,) = await there(note)
        workers = children(live.pid)
        assert await asyncio.to_thread(live.server.stop, signal.SIGTERM) == 0
        await gone(*workers, int(child))
