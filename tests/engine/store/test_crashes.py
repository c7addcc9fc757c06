"""Real processes that are killed: whatever was acknowledged is there afterwards, and nothing is there twice."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.store.connect import FILE
from engine.store.history import artifacts, events_after
from engine.store.queue import claim, finish, recover, waiting
from engine.store.records import Outcome, Run
from tests.architecture.sources import ROOT
from tests.engine.store.lab import check_invariants, database

SIGKILLED = -9
COMMITS = 15  # that `die_at_commit` makes when nobody dies


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engine.store.child", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def killed_after(child: subprocess.Popen[str], lines: int) -> list[str]:
    """Kill it once it has said so many lines; all that it has said, without a last line that is not whole."""
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    child.kill()
    said += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    return [line.strip() for line in said if line.endswith("\n")]


def check_acknowledged(db: sqlite3.Connection, said: list[str]) -> dict[str, Run]:
    """I1, I2 and I4: everything that was acknowledged is there, once."""
    runs = check_invariants(db)
    for line in said:
        match line.split():
            case ["accepted", id]:
                assert id in runs
            case ["claimed", id, attempt]:
                assert runs[id].attempt >= int(attempt)
            case ["done", id, attempt]:
                assert (runs[id].status, runs[id].attempt) == ("done", int(attempt))
    for run in runs.values():
        assert len(artifacts(db, run.id)) == (run.status == "done")
        if run.status == "done":
            assert [page.last for page in events_after(db, run.id, run.attempt, 0)] == [2]
    return runs


@pytest.mark.parametrize("seed", range(2))
def test_nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    said: list[str] = []
    for _ in range(4):
        said += killed_after(start("accept", str(tmp_path)), chance.randrange(1, 200))
        db = database(tmp_path)
        runs = check_acknowledged(db, said)
        running = [run.id for run in runs.values() if run.status == "running"]
        assert len(running) <= 1
        db.close()

    db = database(tmp_path)
    recover(db)
    drained = 0
    while (found := claim(db, "worker")) is not None:  # I5: the queue keeps draining
        assert finish(db, found.run.id, found.run.attempt, Outcome("failed"))
        drained += 1
    assert waiting(db) == []
    assert drained > 0
    db.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_commit_leaves_what_was_acknowledged(tmp_path: Path, when: str) -> None:
    for number in range(1, COMMITS + 2):
        folder = tmp_path / str(number)
        child = start("die_at_commit", str(folder), str(number), when)
        said, _ = child.communicate()
        steps = said.split("\n")[:-1]
        if number > COMMITS:
            assert (child.returncode, steps[-1]) == (0, "end")
            continue
        assert (child.returncode, len(steps)) == (SIGKILLED, number - 1)
        db = database(folder)
        check_steps(db, steps, unsaid=int(when == "after"))
        db.close()


def check_steps(db: sqlite3.Connection, steps: list[str], unsaid: int) -> None:
    """What was said is there; of what comes behind, exactly the step whose commit was made."""
    runs = check_invariants(db)
    happened = len(steps) + unsaid
    expected = {
        "a": [(2, "queued"), (5, "running"), (8, "done")],
        "b": [(2, "queued"), (7, "cancelled")],
        "c": [(3, "queued"), (9, "running"), (11, "cancelled")],
        "d": [(4, "queued"), (12, "running"), (13, "queued"), (14, "running"), (15, "poisoned")],
    }
    for id, statuses in expected.items():
        past = [status for step, status in statuses if step <= happened]
        assert ([runs[id].status] if id in runs else []) == past[-1:]
    if "c" in runs:
        assert runs["c"].cancelling == (happened == 10)
    assert len(artifacts(db, "a")) == (happened >= 8)
    assert len(events_after(db, "a", 0, 0)) == (happened >= 6)


def test_what_was_not_yet_synced_at_a_loss_of_power_was_not_acknowledged(tmp_path: Path) -> None:
    """The log at each acknowledgement is all that is sure to be on the disk; whatever comes behind may be anything."""
    folder, chance = tmp_path / "server", random.Random(1)
    child = start("accept", str(folder), "log only")
    assert child.stdout is not None
    said: list[str] = []
    for moment in range(6):
        said += [child.stdout.readline().strip() for _ in range(chance.randrange(20, 60))]
        log = folder / f"{FILE}-wal"
        sure = log.stat().st_size
        time.sleep(0.01)  # the server goes on meanwhile
        after = tmp_path / str(moment)
        after.mkdir()
        (after / FILE).write_bytes((folder / FILE).read_bytes())
        (after / log.name).write_bytes(torn(log.read_bytes(), sure, chance))
        db = database(after)
        runs = check_invariants(db)
        db.close()
        assert {line.split()[1] for line in said if line.startswith("accepted ")} <= set(runs)
    child.kill()
    child.wait()
    child.stdout.close()


def torn(data: bytes, sure: int, chance: random.Random) -> bytes:
    """The bytes, with about half of the sectors behind the first `sure` bytes never written."""
    sectors = [data[at : at + 512] for at in range(sure, len(data), 512)]
    return data[:sure] + b"".join(chance.choice([one, bytes(len(one))]) for one in sectors)


def test_a_killed_server_leaves_no_files_of_its_own_making_behind(tmp_path: Path) -> None:
    killed_after(start("accept", str(tmp_path)), 30)
    db = database(tmp_path)
    db.close()

    assert sorted(os.listdir(tmp_path)) == ["reserve", FILE, "server.lock"]
