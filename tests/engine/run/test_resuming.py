"""Real processes, killed in the middle of a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.installation import ROOT
from tests.engine.run.resuming import STEPS


def begin(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.engine.run.resuming", str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def finish(folder: Path) -> list[str]:
    """What a process tells that nobody kills."""
    told, _ = begin(folder).communicate(timeout=60)
    return told.splitlines()


def killed_at(folder: Path, path: str) -> None:
    """Have a process begin, and kill it once this node has started."""
    process = begin(folder)
    assert process.stdout is not None
    while process.stdout.readline().strip() != path:
        assert process.poll() is None
    process.kill()
    process.communicate(timeout=60)


@pytest.mark.parametrize("step", [2, 5, 9])
def test_after_a_kill_only_the_rest_is_run(tmp_path: Path, step: int) -> None:
    killed_at(tmp_path / "results", f"s/{step}")
    told = finish(tmp_path / "results")
    whole = finish(tmp_path / "others")
    again = [f"s/{each}" for each in range(step - 1, STEPS)]

    # The last step before may have been on its way to the disk; of those before it none runs again.
    assert told[1:-1] in (again, again[1:])
    assert told[-1] == whole[-1]
    assert len(whole) == STEPS + 2


def test_a_chain_that_is_killed_over_and_over_gets_to_its_end(tmp_path: Path) -> None:
    for step in (3, 6, 8):
        killed_at(tmp_path, f"s/{step}")

    assert len(finish(tmp_path)) <= 2 + STEPS - 8 + 1
    assert finish(tmp_path) == ["value " + finish(tmp_path)[-1].split()[1]]
