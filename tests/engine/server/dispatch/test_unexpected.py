"""Faults that nobody has thought of, at every place between two runs: the queue goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.server.dispatch import dispatcher, persisting
from engine.server.dispatch.attempt import Attempt
from engine.store import history, queue
from tests.engine.server.runs_lab import Place, chain, serving, story, use


def failing(function: Callable[..., Any], times: int) -> Callable[..., Any]:
    """The function, which fails the first `times` times in a way that no store ever does."""
    left = [times]

    def fails(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] >= 0:
            raise ArithmeticError("nobody has thought of this")
        return function(*args, **kwargs)

    return fails


async def three_runs(place: Place, go: Path, fault: Callable[[], None]) -> list[str]:
    """How runs end, two of which wait while the first is carried out and the fault is laid."""
    waiting = {"1": use("PWait", path=str(go)), "2": use("PShow", x=["1", 0])}
    first = await place.send(waiting)
    await place.until_running(first)
    runs = [first, *[await place.send(chain(3, number)) for number in range(2)]]
    fault()
    go.touch()
    for run in runs:
        await place.ended(run)
    last = await place.send(chain(3, 9))  # the queue is as good as new
    await place.ended(last)
    return [await place.status_of(run) for run in runs]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (persisting, dispatcher):
        monkeypatch.setattr(module, "AGAIN", (0.005, 0.01))


@story
async def test_a_run_whose_end_cannot_be_written_down_once_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as place:
        ends = await three_runs(
            place,
            tmp_path / "go",
            lambda: monkeypatch.setattr(queue, "finish", failing(queue.finish, 1)),
        )

    assert ends == ["failed", "done", "done"]


@story
async def test_a_run_whose_end_cannot_be_written_down_at_all_counts_as_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as place:
        ends = await three_runs(
            place,
            tmp_path / "go",
            lambda: monkeypatch.setattr(queue, "finish", failing(queue.finish, 2)),
        )

    assert ends == ["done", "done", "done"]  # it was tried again


@story
async def test_the_run_that_was_taken_with_the_end_of_another_is_not_lost_when_telling_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(tmp_path) as place:
        ends = await three_runs(
            place,
            tmp_path / "go",
            lambda: monkeypatch.setattr(Attempt, "conclude", failing(Attempt.conclude, 1)),
        )

    assert ends == ["done", "done", "done"]


@story
async def test_a_claim_that_fails_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path) as place:
        await place.post("/queue/pause")
        runs = [await place.send(chain(3, number)) for number in range(2)]
        monkeypatch.setattr(queue, "claim", failing(queue.claim, 2))
        await place.post("/queue/resume")
        for run in runs:
            await place.ended(run)

        assert [await place.status_of(run) for run in runs] == ["done", "done"]


@story
async def test_a_history_that_cannot_be_tidied_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "TIDY_EVERY", 1)
    monkeypatch.setattr(history, "keep", failing(history.keep, 1))
    async with serving(tmp_path) as place:
        runs = [await place.send(chain(3, number)) for number in range(3)]
        for run in runs:
            await place.ended(run)
        await asyncio.sleep(0)

        assert [await place.status_of(run) for run in runs] == ["done"] * 3
