"""A disk that is full under a running server (5): nothing is half there, the queue rests and says so, and goes on."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.served import Served
from tests.faults.lab import PATIENCE, Live, children, installed, saved, starting, story, talking, use

MIB = 2**20


@story
async def test_a_file_that_does_not_fit_fails_its_run_and_leaves_nothing(standing: Served) -> None:
    """The limit on the size of files of the worker stands for a disk: EFBIG where a disk says ENOSPC."""
    async with talking(standing) as live:
        await live.check()
        (worker,) = children(live.pid)
        before = resource.prlimit(worker, resource.RLIMIT_FSIZE)
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (MIB, before[1]))
        try:
            run = await live.send({"1": use("SaveMuch", megabytes=2)})
            ended = await live.ended(run)
            await until_state(live, "disk full")
        finally:
            resource.prlimit(worker, resource.RLIMIT_FSIZE, before)
        waits = await live.send(saved(50_000))
        assert (await live.ended(waits))["status"] == "done"  # it looks for room by itself, every few seconds
        known = await live.check()

    assert "full" in ended["reason"].lower()
    assert known[run].files == ()
    assert not list(live.folder.glob("output/much*"))
    assert not list(live.folder.glob("output/.*.bin"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 160 MiB, where this system lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


@story
async def test_on_a_disk_that_is_really_full_the_queue_rests_until_there_is_room(small_disk: Path) -> None:
    weft = installed(small_disk / "weft")
    async with starting(weft) as live:
        await live.ready()
        first = await live.send(saved(1))
        await live.ended(first)
        filler = small_disk / "filler"
        fill(filler)
        large = await accepted_or_none(live, {"1": use("SaveMuch", megabytes=4)})
        small = await accepted_or_none(live, saved(2))
        await until_state(live, "disk full")
        filler.unlink()
        await until_state(live, None)
        for run in filter(None, (large, small)):
            await live.ended(run)
        known = await live.check()

    assert known[first].status == "done"
    assert small is None or known[small].status == "done"
    assert not list(live.folder.glob("output/.*.bin"))


def fill(path: Path) -> None:
    """Leave no room on a disk."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(MIB // 4))
        except OSError:
            os.fsync(file.fileno())


async def accepted_or_none(live: Live, prompt: dict[str, object]) -> str | None:
    """The run, or None if it was refused for want of room, with the words for it."""
    status, body = await live.ask("POST", "/prompt", {"prompt": prompt})
    assert status in {200, 507}, body
    if status == 507:
        assert b"disk_full" in body
        return None
    run = body.decode().split('"prompt_id":"')[1].split('"')[0]
    live.accepted.add(run)
    return run


async def until_state(live: Live, state: str | None) -> None:
    """Wait until the server tells everybody that its queue is in this state."""
    async with asyncio.timeout(PATIENCE), live.listen("anybody") as ears:
        while (await ears.until("status")).get("queue") != state:
            pass
