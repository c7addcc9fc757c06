"""Questions to a worker that wait for their answers."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any


class WorkerFailed(RuntimeError):
    """A worker could not answer a question; why stands in its text."""


class Questions:
    """Futures by number. Each is done with an answer, or with why there is none."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    def new(self) -> tuple[int, asyncio.Future[Any]]:
        """A number to ask with, and what will have the answer."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: self._waiting.pop(number, None))
        return number, answer

    def answered(self, number: int, value: object) -> None:
        """The answer has come."""
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            answer.set_result(value)

    def failed(self, number: int, error: Exception) -> None:
        """The question went wrong."""
        answer = self._waiting.get(number)
        if answer is not None and not answer.done():
            answer.set_exception(error)
            answer.exception()  # whoever asked may have gone

    def all_failed(self, error: Exception) -> None:
        """Nobody will answer any more."""
        for number in list(self._waiting):
            self.failed(number, error)
