"""What a run tells to somebody elsewhere: when it goes out, and what goes out together."""

from collections.abc import Sequence

import pytest

from engine.backends import outgoing
from engine.backends.outgoing import MOST_WAITING, Outgoing
from engine.run.events import Event, NodeStarted
from engine.run.threads import THREADS

FIRST, SECOND = NodeStarted("1", "Add"), NodeStarted("2", "Add")


def made(told: list[Sequence[Event]]) -> Outgoing:
    return Outgoing(told.append, previews=False, largest=64)


def test_what_happens_goes_out_when_nothing_follows_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "A_MOMENT", 0.0)
    told: list[Sequence[Event]] = []
    box = made(told)
    box.add(FIRST)

    assert box.get_within(0.001) is None
    assert told == [[FIRST]]


def test_what_follows_within_a_moment_goes_out_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "A_MOMENT", 60.0)
    told: list[Sequence[Event]] = []
    box = made(told)
    box.add(FIRST)
    THREADS.start(lambda: box.post(SECOND))

    assert box.get_within(0.001) is SECOND
    assert told == []
    box.add(SECOND)
    box.flush()
    assert told == [[FIRST, SECOND]]


def test_much_that_happens_goes_out_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "A_MOMENT", 60.0)
    told: list[Sequence[Event]] = []
    box = made(told)
    for _ in range(MOST_WAITING):
        box.add(FIRST)

    assert [len(portion) for portion in told] == [MOST_WAITING]
