"""Faults at every write, one after the other: what was accepted is carried out all the same, and once."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from engine.server.dispatch import persisting
from engine.store import writer
from tests.engine.server.runs_lab import chain, kinds, serving, story

commit = writer.commit


class Faults:
    """Commits that fail from the n-th on, so many times."""

    def __init__(self, first: int, times: int, error: str) -> None:
        self.first, self.times, self.error = first, times, error
        self.count = 0

    def commit(self, db: sqlite3.Connection) -> None:
        self.count += 1
        if self.first <= self.count < self.first + self.times:
            error = sqlite3.OperationalError(self.error)
            error.sqlite_errorname = self.error
            raise error
        commit(db)


@pytest.mark.parametrize("error", ["SQLITE_IOERR_FSYNC", "SQLITE_FULL"])
@pytest.mark.parametrize("first", range(1, 9))
@story
async def test_what_was_accepted_is_carried_out_whatever_write_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, error: str
) -> None:
    monkeypatch.setattr(persisting, "AGAIN", (0.005, 0.01))
    async with serving(tmp_path) as place, place.listen("me") as ears:
        await ears.until("status")
        faults = Faults(first, 4, error)
        monkeypatch.setattr(writer, "commit", faults.commit)
        accepted = []
        for number in range(6):
            body = {"prompt": chain(3, number), "client_id": "me"}
            status, answer = await place.ask("POST", "/prompt", body)
            assert status in {200, 503, 507}, answer
            if status == 200:
                accepted.append(answer["prompt_id"])
            await asyncio.sleep(0.01)
        ends = [await place.ended(run) for run in accepted]
        last = chain(3, 100)
        while (answer := await place.ask("POST", "/prompt", {"prompt": last, "client_id": "me"}))[0] != 200:
            await asyncio.sleep(0.01)  # refused only as long as nothing can be written
        await ears.until_end(answer[1]["prompt_id"])

    assert faults.count > first
    assert all(entry["status"]["completed"] for entry in ends)
    for run in accepted:
        assert kinds(ears.of(run)).count("execution_success") == 1


@story
async def test_a_whole_outage_of_the_store_loses_nothing_that_is_being_carried_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persisting, "AGAIN", (0.005, 0.01))
    async with serving(tmp_path) as place, place.listen("me") as ears:
        run = await place.send(chain(200), "me")
        monkeypatch.setattr(writer, "commit", Faults(1, 40, "SQLITE_IOERR_FSYNC").commit)
        await ears.until_end(run)

        assert (await place.ended(run))["outputs"]["200"]["text"] == ["198"]
