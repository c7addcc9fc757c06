"""Random steps on the queue and on a model of it that is as simple as can be: both must always agree."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass, field

import pytest

from engine.store.history import find, forget, keep, latest, page
from engine.store.queue import (
    cancel,
    claim,
    clear,
    counts,
    delete,
    finish,
    lost,
    move,
    pause,
    prioritise,
    put_back,
    recover,
    resume,
    submit,
    waiting,
)
from engine.store.records import OVER, Outcome, RunStatus
from tests.engine.store.lab import check_invariants, new_run

STEPS = 400


@dataclass
class Toy:
    """A run, as the model has it."""

    id: str
    number: float
    priority: int
    status: RunStatus = "queued"
    attempt: int = 0
    crashes: int = 0
    cancelling: bool = False


@dataclass
class Model:
    """All runs in the order they came, and those that are over in the order they ended."""

    chance: random.Random
    runs: dict[str, Toy] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    next_number: int = 0
    paused: bool = False
    made: int = 0

    def waiting(self) -> list[Toy]:
        queued = [run for run in self.runs.values() if run.status == "queued"]
        return sorted(queued, key=lambda run: (-run.priority, run.number))

    def end(self, run: Toy, status: RunStatus) -> None:
        run.status, run.cancelling = status, False
        self.ended.append(run.id)

    def any(self) -> Toy | None:
        return self.chance.choice(list(self.runs.values())) if self.runs else None

    # ---- the steps, each on both

    def submit(self, db: sqlite3.Connection) -> None:
        self.made += 1
        number = self.chance.choice([None, None, float(self.chance.randrange(-5, 20))])
        front, priority = self.chance.random() < 0.2, self.chance.choice([0, 0, 0, 1, -1])
        new = new_run(str(self.made), number=number, front=front, priority=priority)
        if number is None:
            number = float(self.next_number)
            self.next_number += 1
            if front:
                number = min([-number, *(run.number // 1 - 1 for run in self.waiting())])
        self.runs[new.id] = Toy(new.id, number, priority)
        assert submit(db, new).number == number

    def submit_again(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            assert submit(db, new_run(run.id, number=0)).number == run.number

    def claim(self, db: sqlite3.Connection) -> None:
        found = claim(db, "worker")
        queued = [] if self.paused else self.waiting()
        assert (found.run.id if found else None) == (queued[0].id if queued else None)
        if queued:
            queued[0].status, queued[0].attempt = "running", queued[0].attempt + 1

    def finish(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            attempt = run.attempt - self.chance.choice([0, 0, 1])
            outcome = self.chance.choice([Outcome("done"), Outcome("failed"), Outcome("cancelled")])
            fits = run.status == "running" and attempt == run.attempt
            assert finish(db, run.id, attempt, outcome) == fits
            if fits:
                self.end(run, outcome.status)

    def lose(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            attempt = run.attempt - self.chance.choice([0, 0, 1])
            lost(db, run.id, attempt, None, -9, "killed")
            if attempt == run.attempt:
                self.crash(run)

    def crash(self, run: Toy) -> None:
        if run.status != "running":
            return
        run.crashes += 1
        if run.cancelling:
            self.end(run, "cancelled")
        elif run.crashes >= 2:
            self.end(run, "poisoned")
        else:
            run.status = "queued"

    def recover(self, db: sqlite3.Connection) -> None:
        recover(db)
        for run in list(self.runs.values()):
            self.crash(run)

    def put_back(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            put_back(db, run.id, run.attempt, "stopping")
            if run.status == "running" and not run.cancelling:
                run.status = "queued"

    def cancel(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            cancel(db, run.id)
            if run.status == "running":
                run.cancelling = True
            elif run.status == "queued":
                self.end(run, "cancelled")

    def delete(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            assert delete(db, [run.id]) == ([run.id] if run.status == "queued" else [])
            if run.status == "queued":
                self.end(run, "cancelled")

    def clear(self, db: sqlite3.Connection) -> None:
        if self.chance.random() < 0.2:
            queued = self.waiting()
            assert clear(db) == [run.id for run in queued]
            for run in queued:
                self.end(run, "cancelled")

    def move(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            number, priority = float(self.chance.randrange(-9, 30)), self.chance.choice([-1, 0, 1])
            move(db, run.id, number)
            prioritise(db, run.id, priority)
            if run.status == "queued":
                run.number, run.priority = number, priority

    def pause(self, db: sqlite3.Connection) -> None:
        self.paused = self.chance.random() < 0.3
        assert (pause(db, "") if self.paused else resume(db)).state == ("paused" if self.paused else "open")

    def forget(self, db: sqlite3.Connection) -> None:
        if run := self.any():
            assert forget(db, [run.id]) == int(run.status in OVER)
            if run.status in OVER:
                self.drop([run.id])

    def keep(self, db: sqlite3.Connection) -> None:
        most = self.chance.randrange(5, 20)
        gone = self.ended[: max(0, len(self.ended) - most)]
        assert keep(db, most) == len(gone)
        self.drop(gone)

    def drop(self, ids: list[str]) -> None:
        for id in ids:
            del self.runs[id]
            self.ended.remove(id)

    # ---- what must agree

    def check(self, db: sqlite3.Connection) -> None:
        assert [run.id for run in waiting(db)] == [run.id for run in self.waiting()]
        going = sum(run.status == "running" for run in self.runs.values())
        assert counts(db) == (len(self.waiting()), going)
        shown, _ = page(db, None, 1000)
        assert [
            (run.id, run.number, run.priority, run.status, run.attempt, run.cancelling)
            for run in reversed(shown)
        ] == [
            (run.id, run.number, run.priority, run.status, run.attempt, run.cancelling)
            for run in self.runs.values()
        ]
        begun = [id for id in self.ended if self.runs[id].attempt]
        assert [one.run.id for one in latest(db, None)] == begun
        assert find(db, "nobody") is None


@pytest.mark.parametrize("seed", range(8))
def test_the_queue_does_what_its_model_does(db: sqlite3.Connection, seed: int) -> None:
    chance = random.Random(seed)
    model = Model(chance)
    often = [model.submit, model.claim, model.finish]
    seldom = [
        model.submit_again,
        model.lose,
        model.recover,
        model.put_back,
        model.cancel,
        model.delete,
        model.clear,
        model.move,
        model.pause,
        model.forget,
        model.keep,
    ]
    db.execute("PRAGMA synchronous = OFF")  # it is about order here, not about power
    for _ in range(STEPS):
        chance.choice(often * 4 + seldom)(db)
        model.check(db)
    check_invariants(db)
