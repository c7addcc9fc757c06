"""Real worker processes to which nodes do their worst: the run ends, says so, and the next one works."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.backends.backend import Backend, WorkerLost
from engine.backends.options import WorkerOptions
from engine.run.events import NodeFinished
from tests.engine.backends.lab import NUMBER, PATIENCE, Going, graph, process, ran, request, story, use


def leaving(how: str) -> bytes:
    return graph(n=use("Number"), x=use("Leave", how=how, value="@n"), s=use("Show", value="@x"))


async def pid_of(backend: Backend) -> int:
    return int((await ran(backend, graph(p=use("Pid", step=time.perf_counter_ns() % 10**9)))).shown("p")[0])


async def until_gone(*pids: int) -> None:
    """Wait until none of these processes runs."""
    async with asyncio.timeout(PATIENCE):
        while any(is_alive(pid) for pid in pids):
            await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


DEADLY = {
    "os exit": 0,
    "segfault": -signal.SIGSEGV,
    "null pointer": -signal.SIGSEGV,
    "kill": -signal.SIGKILL,
}


@story
async def test_a_node_that_ends_the_process_is_named_with_how_it_ended(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        for how, exit_code in DEADLY.items():
            with pytest.raises(WorkerLost) as caught:
                await ran(backend, leaving(how))
            assert (caught.value.exit_code, caught.value.node) == (exit_code, "x")
            assert not caught.value.out_of_memory
        assert (await ran(backend, NUMBER)).shown("s") == ("3",)


@story
async def test_a_node_that_closes_every_file_ends_its_own_worker(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        with pytest.raises(WorkerLost):
            await ran(backend, graph(x=use("Leave", how="close everything"), s=use("Show", value="@x")))
        assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_a_node_cannot_interrupt_the_worker(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        before = await pid_of(backend)
        assert (await ran(backend, leaving("interrupt main"))).status == "done"
        assert await pid_of(backend) == before


@story
async def test_a_run_whose_worker_was_killed_can_be_tried_again(tmp_path: Path) -> None:
    again = graph(x=use("DieOnce", mark=str(tmp_path / "mark")), s=use("Show", value="@x"))
    async with process(tmp_path) as backend:
        with pytest.raises(WorkerLost):
            await ran(backend, request(again, "seven"))

        assert (await ran(backend, request(again, "seven"))).shown("s") == ("1",)


@story
async def test_a_run_that_meets_a_dying_worker_goes_to_the_next_one(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        os.kill(await pid_of(backend), signal.SIGKILL)

        assert (await ran(backend, NUMBER)).shown("s") == ("3",)


@story
async def test_want_of_memory_is_told_from_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = tmp_path / "memory.events"
    counter.write_text("oom 0\noom_kill 0\n")
    monkeypatch.setattr("engine.backends.out_of_memory.counters", lambda pid: (counter,))
    async with process(tmp_path) as backend:
        with pytest.raises(WorkerLost, match="ran out of memory while 'x'") as caught:
            await ran(
                backend, graph(x=use("RunOutOfMemory", counter=str(counter)), s=use("Show", value="@x"))
            )
        assert caught.value.out_of_memory
        with pytest.raises(WorkerLost) as later:
            await ran(backend, leaving("kill"))
        assert not later.value.out_of_memory


@story
async def test_a_node_that_blocks_is_killed_and_nobody_else_waits_for_it(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        for how in ("sleep", "loop", "regex", "blackhole", "async"):
            mark = tmp_path / how
            kind = (
                use("BlockAsync", mark=str(mark)) if how == "async" else use("Block", how=how, mark=str(mark))
            )
            going = Going(backend, graph(x=kind, s=use("Show", value="@x")))
            await there(mark)
            late = await slowest_tick(backend)

            assert await backend.cancel(going.request.run, 0.1) == "killed"
            assert (await going.outcome()).status == "cancelled"
            assert (await ran(backend, NUMBER)).shown("s") == ("3",)
            assert late < 5.0  # it would be 600


async def there(path: Path) -> None:
    """Wait until there is something in this file."""
    async with asyncio.timeout(PATIENCE):
        while not (path.exists() and path.read_text()):
            await asyncio.sleep(0.01)


async def slowest_tick(backend: Backend) -> float:
    """How long the event loop was held up while a question waited for a worker that may not listen."""
    asked = asyncio.ensure_future(backend.device())
    slowest = 0.0
    while not asked.done():
        begun = time.perf_counter()
        await asyncio.sleep(0)
        slowest = max(slowest, time.perf_counter() - begun)
    assert asked.result().memory_total > 0
    return slowest


@story
async def test_what_a_node_started_ends_with_its_worker(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with process(tmp_path) as backend:
        await ran(backend, graph(x=use("Breed", notes=str(notes)), s=use("Show", value="@x")))
        worker = await pid_of(backend)
        started = [int(pid) for pid in notes.read_text().split()]
        assert all(is_alive(pid) for pid in started)

        with pytest.raises(WorkerLost):
            await ran(backend, leaving("kill"))
        await until_gone(worker, *started)
        assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_nothing_is_left_of_a_closed_backend(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    async with process(tmp_path) as backend:
        await ran(backend, graph(x=use("Breed", notes=str(notes)), s=use("Show", value="@x")))
        pids = [await pid_of(backend), *map(int, notes.read_text().split())]
        files = len(os.listdir("/proc/self/fd"))
        await backend.close(0.0)

    await until_gone(*pids)
    assert len(os.listdir("/proc/self/fd")) < files


@story
async def test_workers_leave_no_files_open_in_the_server(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        await ran(backend, NUMBER)
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with pytest.raises(WorkerLost):
                await ran(backend, leaving("os exit"))
        await backend.ready()

        assert len(os.listdir("/proc/self/fd")) <= before


PARENT = """
import asyncio, sys
from pathlib import Path
from tests.engine.backends.lab import process, ran, request

async def main():
    async with process(Path(sys.argv[1])) as backend:
        await ran(backend, sys.argv[2].encode())

asyncio.run(main())
"""


@pytest.mark.parametrize("how", ["sleep", "regex"])
@story
async def test_a_worker_ends_when_its_parent_dies(how: str, tmp_path: Path) -> None:
    note, mark = tmp_path / "note", tmp_path / "mark"
    pid, block = use("WritePid", note=str(note)), use("Block", how=how, mark=str(mark), value="@p")
    nodes = graph(p=pid, x=block, s=use("Show", value="@x")).decode()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), nodes])
    await there(mark)
    worker = int(note.read_text())
    assert is_alive(worker)
    parent.kill()
    parent.wait()

    await until_gone(worker)


@story
async def test_nodes_may_print_as_much_as_they_like(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "weft.worker")
    async with process(tmp_path) as backend:
        await ran(backend, graph(x=use("Print", how="text")))
        await said(caplog, "[x] from the node")
        for how, count in (("much", 200_000), ("binary", 2000)):
            done = await ran(backend, graph(x=use("Print", how=how, count=count)))
            assert done.status == "done"
            await said(caplog, "the rest is left out")
            assert sum(len(record.getMessage()) for record in caplog.records) < 2**20
            caplog.clear()


@pytest.mark.parametrize("how", ["close", "close stream"])
@story
async def test_a_node_that_closes_the_output_takes_it_from_nobody_else(
    how: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "weft.worker")
    async with process(tmp_path) as backend:
        before = await pid_of(backend)
        await ran(backend, graph(x=use("Print", how=how)))
        done = await ran(backend, graph(x=use("Print", how="text")))

        assert done.status == "done"
        await said(caplog, "[x] hello")
        assert await pid_of(backend) == before


async def said(caplog: pytest.LogCaptureFixture, text: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not any(text in record.getMessage() for record in caplog.records):
            await asyncio.sleep(0.01)


@story
async def test_a_run_finds_the_process_as_the_first_one_did(tmp_path: Path) -> None:
    async with process(tmp_path) as backend:
        before = (await ran(backend, graph(s=use("State", step=1)))).shown("s")
        await ran(backend, graph(x=use("ChangeState", folder="/"), s=use("Show", value="@x")))
        one = (await ran(backend, graph(s=use("Random", step=1)))).shown("s")
        after = (await ran(backend, graph(s=use("State", step=2)))).shown("s")
        await ran(backend, graph(x=use("ChangeState", folder="/tmp"), s=use("Show", value="@x")))
        other = (await ran(backend, graph(s=use("Random", step=2)))).shown("s")

    assert after == before
    assert one != other


@story
async def test_a_worker_that_leaks_is_replaced_between_runs(tmp_path: Path) -> None:
    options = WorkerOptions(disk=False, most_open_files=64)
    async with process(tmp_path, options) as backend:
        first = await pid_of(backend)
        leaked = await ran(backend, graph(x=use("LeakFiles", count=100), s=use("Show", value="@x")))
        assert leaked.status == "done"
        await until_gone(first)

        assert await pid_of(backend) != first


@story
async def test_a_worker_that_holds_too_much_memory_is_replaced_between_runs(tmp_path: Path) -> None:
    options = WorkerOptions(disk=False, most_memory=200 << 20)
    async with process(tmp_path, options) as backend:
        first = await pid_of(backend)
        assert await pid_of(backend) == first
        await ran(backend, graph(x=use("LeakMemory", megabytes=256), s=use("Show", value="@x")))
        await until_gone(first)

        assert (await ran(backend, NUMBER)).status == "done"


@story
async def test_cancels_at_any_time_leave_a_worker_that_works(tmp_path: Path) -> None:
    steps = graph(s=use("Steps", count=30, seconds=0.002), e=use("Show", value="@s"))
    async with process(tmp_path) as backend:
        for run in range(30):
            going = Going(backend, request(steps, f"{run}"))
            await asyncio.sleep(run * 0.003)
            await asyncio.gather(backend.cancel(f"{run}", 20), backend.cancel(f"{run - 1}", 0))
            outcome = await going.outcome()
            finished = [event.path for event in outcome.of(NodeFinished)]
            assert outcome.status == "cancelled" or finished[-1] == "e"
        assert (await ran(backend, NUMBER)).shown("s") == ("3",)


def test_the_server_loads_neither_torch_nor_nodes() -> None:
    code = "import sys, engine.backends.process; print({name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "'engine'" in done.stdout
    for module in ("torch", "numpy", "PIL", "nodes", "ldm", "aiohttp", "networkx"):
        assert f"'{module}'" not in done.stdout
