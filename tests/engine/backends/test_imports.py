"""Packs that misbehave when they are imported: each is named and left out, and the others are there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.backends.backend import WorkerLost
from engine.backends.options import WorkerOptions
from engine.backends.process import ProcessBackend
from engine.run.events import NodeStarted
from tests.engine.backends.lab import (
    NUMBER,
    Going,
    graph,
    node_pack,
    pack,
    process,
    ran,
    story,
    toy_settings,
    use,
)

IMPATIENT = WorkerOptions(disk=False, import_seconds=4.0)


@story
async def test_packs_that_end_the_process_are_left_out_one_after_the_other(tmp_path: Path) -> None:
    pack(tmp_path, "a_exits", "import os\nos._exit(7)")
    pack(tmp_path, "b_crashes", "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    pack(tmp_path, "c_raises", "raise ValueError('no')")
    node_pack(tmp_path, "d_good", "Good")
    async with process(tmp_path) as backend:
        packs = await backend.ready()

        failures = {failure.pack: (failure.error, failure.message) for failure in packs.failures}
        assert failures == {
            "a_exits": ("Died", "its import ended the process with code 7; it is left out"),
            "b_crashes": ("Died", "its import ended the process with code -11; it is left out"),
            "c_raises": ("ValueError", "no"),
        }
        assert "Good" in packs.registry
        assert (await ran(backend, NUMBER)).status == "done"


KILLED = "import os, signal, pathlib\nmark = pathlib.Path(__file__ + '.mark')\n"
DIES = "os.kill(os.getpid(), signal.SIGKILL)\n"


@story
async def test_a_pack_whose_import_was_killed_from_outside_is_tried_once_more(tmp_path: Path) -> None:
    once = f"{KILLED}if not mark.exists():\n    mark.touch()\n    {DIES}"
    node_pack(tmp_path, "a_once", "Once")
    path = tmp_path / "custom_nodes" / "a_once.py"
    path.write_text(once + path.read_text())
    pack(tmp_path, "b_always", KILLED + DIES)
    async with process(tmp_path) as backend:
        packs = await backend.ready()

        assert "Once" in packs.registry
        assert [(failure.pack, failure.message) for failure in packs.failures] == [
            ("b_always", "its import ended the process with code -9; it is left out")
        ]


@pytest.mark.parametrize("how", ["import time\ntime.sleep(600)", "while True: pass"])
@story
async def test_a_pack_whose_import_does_not_end_is_left_out(how: str, tmp_path: Path) -> None:
    pack(tmp_path, "endless", how)
    node_pack(tmp_path, "good", "Good")
    async with process(tmp_path, IMPATIENT) as backend:
        packs = await backend.ready()

        assert [(failure.pack, failure.error) for failure in packs.failures] == [("endless", "ImportTimeout")]
        assert "took longer than 4 seconds" in packs.failures[0].message
        assert packs.failures[0].where.endswith("endless.py")
        assert "Good" in packs.registry


@story
async def test_a_pack_that_ends_the_process_when_it_is_imported_anew_is_left_out(tmp_path: Path) -> None:
    node_pack(tmp_path, "turning", "Turning")
    async with process(tmp_path) as backend:
        assert "Turning" in (await backend.ready()).registry
        pack(tmp_path, "turning", "import os\nos._exit(1)")
        packs = await backend.reload("turning")
        assert [failure.pack for failure in packs.failures] == ["turning"]
        assert "Turning" not in packs.registry

        node_pack(tmp_path, "turning", "Turned")
        mended = await backend.reload("turning")
        assert mended.failures == ()
        assert (await ran(backend, graph(t=use("Turned")))).shown("t") == ("1",)


@story
async def test_a_pack_is_imported_anew_when_the_run_has_ended(tmp_path: Path) -> None:
    node_pack(tmp_path, "late", "Late")
    async with process(tmp_path) as backend:
        await backend.ready()
        going = Going(backend, graph(s=use("Steps", count=20, seconds=0.01), e=use("Show", value="@s")))
        await going.until(NodeStarted)
        await backend.reload("late")

        assert (await going.outcome()).status == "done"


@story
async def test_a_worker_that_cannot_start_is_said_to_be_lost(tmp_path: Path) -> None:
    (tmp_path / ".weft").write_text("a file where a folder should be")
    backend = ProcessBackend(toy_settings(tmp_path), WorkerOptions(disk=True))
    await backend.open()
    with pytest.raises(WorkerLost) as caught:
        await backend.ready()
    assert caught.value.exit_code == 1
    assert backend.state == "starting"
    await backend.close(0.0)


@story
async def test_runs_wait_until_the_packs_are_imported(tmp_path: Path) -> None:
    pack(tmp_path, "slow", "import time\ntime.sleep(0.5)")
    async with process(tmp_path) as backend:
        assert backend.state == "starting"
        outcomes = await asyncio.gather(ran(backend, NUMBER), ran(backend, NUMBER))

    assert [outcome.status for outcome in outcomes] == ["done", "done"]
