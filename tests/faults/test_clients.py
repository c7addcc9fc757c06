"""Clients that are slow (12), many (13), impatient (14), all of one mind (30), or gone in the middle (39)."""

from __future__ import annotations

import asyncio
import random
import socket
from pathlib import Path
from urllib.parse import urlsplit

from tests.engine.served import Served
from tests.faults.lab import (
    PATIENCE,
    Live,
    open_files,
    resident,
    saved,
    saved_bytes,
    shown,
    story,
    talking,
    use,
)

MIB = 2**20


@story
async def test_a_client_that_does_not_read_holds_up_nobody_and_is_let_go(
    standing: Served, tmp_path: Path
) -> None:
    until = tmp_path / "until"
    most = shown_meanwhile = 0
    async with talking(standing) as live:
        await live.check()
        before = resident(live.pid)
        async with live.listen("watched") as fast:
            pictures = use("Pictures", count=100_000, size=2 * MIB, until=str(until))
            run = await live.send(shown(pictures), "watched")
            try:
                await fast.until("picture")
                files = open_files(live.pid)
                with await deaf_socket(live, "watched") as deaf:
                    while open_files(live.pid) <= files:
                        await fast.until("picture")
                    while await sockets(live) > 1:
                        await fast.until("picture")
                        fast.heard.clear()
                        fast.pictures.clear()
                        shown_meanwhile += 1
                        most = max(most, resident(live.pid) - before)
                    said = await asyncio.to_thread(rest_of, deaf)
            finally:
                until.touch()
            await fast.until_end(run)
        await live.check()

    assert shown_meanwhile > 3
    assert most < 64 * MIB
    assert b"\x03\xf5Too far behind" in said  # 1013, and why


async def sockets(live: Live) -> int:
    """How many websockets the server has, as far as it says so."""
    told = (await live.ask("GET", "/metrics"))[1].decode()
    return int(float(next(line.split()[1] for line in told.splitlines() if line.startswith("weft_clients "))))


def rest_of(line: socket.socket) -> bytes:
    """What a client reads at last, until the server closes the line; the end of it."""
    line.settimeout(PATIENCE)
    said = b""
    try:
        while part := line.recv(2**16):
            said = (said + part)[-2000:]
    except ConnectionResetError:
        pass
    return said


async def deaf_socket(live: Live, client: str) -> socket.socket:
    """A websocket that reads nothing of what it is sent."""
    parts = urlsplit(live.server.address)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect((str(parts.hostname), int(parts.port or 0)))
    line.sendall(
        f"GET /ws?clientId={client} HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: d2VmdCBpcyBzb2Z0IGV0Yw==\r\n\r\n".encode()
    )
    return line


@story
async def test_of_two_hundred_clients_each_is_told_of_its_own_run_to_the_end(standing: Served) -> None:
    async with talking(standing) as live:
        await live.check()
        files = open_files(live.pid)

        async def client(number: int) -> None:
            name = f"client-{number}"
            async with live.listen(name) as ears:
                runs = []
                if number % 20 == 0:  # everybody hears of every change of the queue
                    runs = [await live.send(shown(use("Number", value=number)), name)]
                for run in runs:
                    await ears.until_end(run)
                    assert ears.of(run, "execution_success")
                others = {message["data"].get("prompt_id") for message in ears.heard} - {None, *runs}
                assert not others

        await asyncio.gather(*map(client, range(200)))
        await live.check()
        await until_closed(live, files)


async def until_closed(live: Live, files: int) -> None:
    """Wait until the server has no more files open than before (I7), but for a few of this client's."""
    async with asyncio.timeout(PATIENCE):
        while open_files(live.pid) > files + 10:
            await asyncio.sleep(0.05)


@story
async def test_a_storm_of_cancels_hits_the_runs_it_names_and_leaves_a_worker_that_works(
    standing: Served, tmp_path: Path
) -> None:
    chance = random.Random(14)
    async with talking(standing) as live:
        gate = tmp_path / "gate"
        running = await live.send(shown(use("Gate", path=str(gate), tag=1)))
        await live.until(running, {"running"})
        waiting = [await live.send(saved(20_000 + number)) for number in range(100)]
        spared = set(chance.sample(waiting, 10))
        await asyncio.gather(*(live.post(f"/runs/{running}/cancel") for _ in range(200)))
        doomed = [run for run in waiting if run not in spared]
        await live.post("/queue", {"delete": doomed[:45]})
        stopped = await asyncio.gather(*(live.post(f"/runs/{run}/cancel") for run in doomed[45:]))
        assert (await live.ended(running))["status"] == "cancelled"
        for run in spared:
            assert (await live.ended(run))["status"] == "done"
        known = await live.check()

    assert len(stopped) == 45
    ends = {known[run].status for run in doomed}
    assert ends <= {"cancelled", "done"}  # done, where the cancel came too late
    assert known[doomed[0]].status == known[running].status == "cancelled" or "done" in ends


@story
async def test_cancels_at_any_moment_leave_nothing_half_done(standing: Served) -> None:
    chance = random.Random(15)
    async with talking(standing) as live:
        runs: list[str] = []
        for number in range(40):
            run = await live.send(saved(30_000 + number))
            runs.append(run)
            await asyncio.sleep(chance.random() * 0.02)
            await live.post("/interrupt", {"prompt_id": chance.choice(runs)})
        for run in runs:
            await live.ended(run)
        known = await live.check()

    for number, run in enumerate(runs):
        files = (saved_bytes(30_000 + number),)
        assert (known[run].status, known[run].files) in {
            ("done", files),
            ("cancelled", ()),
            ("cancelled", files),
        }


@story
async def test_fifty_runs_of_one_output_name_at_once_make_fifty_files(standing: Served) -> None:
    async with talking(standing) as live:
        prompts = [saved(40_000 + number, filename_prefix="one/name") for number in range(50)]
        runs = await asyncio.gather(*map(live.send, prompts))
        for run in runs:
            await live.ended(run)
        known = await live.check()

    assert [known[run].files for run in runs] == [(saved_bytes(40_000 + number),) for number in range(50)]
    assert len(list(live.folder.glob("output/one/name_*"))) == 50


@story
async def test_uploads_that_break_off_anywhere_leave_no_file_and_none_open(standing: Served) -> None:
    head = b'--B\r\nContent-Disposition: form-data; name="image"; filename="broken.png"\r\n\r\n'
    body = head + b"x" * 300_000 + b"\r\n--B--\r\n"
    parts = urlsplit(standing.address)
    request = (
        f"POST /upload/image HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
    ).encode()
    whole = request + body
    cuts = [5, len(request) - 1, len(request) + 3, len(request) + len(head), 100_000, 299_000, len(whole) - 5]
    async with talking(standing) as live:
        await live.check()
        files = open_files(live.pid)
        for cut in cuts:
            with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as line:
                line.sendall(whole[:cut])
                await asyncio.sleep(0.02)
        await until_closed(live, files - 10)
        left = [*live.folder.glob("input/**/*"), *live.folder.glob(".weft/uploads/*")]
        await live.check()

    assert not [path.name for path in left if "broken" in path.name or path.parent.name == "uploads"]
