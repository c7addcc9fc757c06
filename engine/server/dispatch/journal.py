"""The numbered messages of an attempt: in memory until it is over, and in the store in portions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from engine.server.dispatch.account import Line
from engine.store.records import EventPage

Position: TypeAlias = tuple[int, int]  # attempt and number

START: Position = (0, -1)


class PlaceError(ValueError):
    """A place that is none."""

    def __init__(self, text: str) -> None:
        super().__init__(f"'{text}' is no place of a run: it is written as attempt.number, e.g. 1.17.")


class Journal:
    """The messages of one attempt, in their order. Of a node's progress only the newest is kept.

    `said` counts those that clients have been told; `stored` is the number up to which the store has them.
    """

    def __init__(self, attempt: int) -> None:
        self.attempt = attempt
        self.stored = -1
        self._lines: list[Line | None] = []
        self._said = 0
        self._progress: dict[str, int] = {}

    def say(self, lines: Iterable[Line]) -> None:
        """Note what clients are being told."""
        self.note(lines)
        self._said = len(self._lines)

    def note(self, lines: Iterable[Line]) -> None:
        """Note what they will be told once it is written down."""
        for line in lines:
            if line.about is not None:
                earlier = self._progress.get(line.about)
                if earlier is not None:
                    self._lines[earlier] = None
                self._progress[line.about] = len(self._lines)
            self._lines.append(line)

    def say_noted(self) -> None:
        """Clients are being told what was noted."""
        self._said = len(self._lines)

    def after(self, number: int) -> list[Line]:
        """What clients have been told behind a number."""
        return [line for line in self._lines[: self._said] if line is not None and line.number > number]

    def page(self, up_to: int) -> EventPage | None:
        """What the store does not have yet, if there is any."""
        lines = []
        for line in reversed(self._lines):
            if line is not None:
                if line.number <= self.stored:
                    break
                lines.append(line.payload)
        if not lines:
            return None
        events = b"[" + b",".join(reversed(lines)) + b"]"
        return EventPage(self.attempt, self.stored + 1, up_to, events)


class _At(msgspec.Struct):
    at: str = "0.0"


class _Placed(msgspec.Struct):
    type: str
    data: _At


_raw_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_placed = msgspec.json.Decoder(_Placed).decode


@dataclass(frozen=True, slots=True)
class Said:
    """A message as the store has it."""

    position: Position
    kind: str
    payload: bytes


def messages_of(pages: Sequence[EventPage], after: Position = START) -> Iterator[Said]:
    """The messages of pages that lie behind a place."""
    for page in pages:
        if (page.attempt, page.last) > after:
            for raw in _raw_list(page.events):
                placed = _placed(raw)
                position = position_of(placed.data.at)
                if position > after:
                    yield Said(position, placed.type, bytes(raw))


def position_of(text: str) -> Position:
    """A place as it was written, "attempt.number"; a number alone is of the first attempt."""
    attempt, dot, number = text.rpartition(".")
    try:
        return (int(attempt) if dot else 1), int(number)
    except ValueError:
        raise PlaceError(text) from None
