"""What a run tells to somebody elsewhere: when it goes out, and what goes out together."""

from collections.abc import Sequence

import pytest

from engine.backends import outgoing
from engine.backends.outgoing import MOST_WAITING, Outgoing
from engine.run.events import Event, NodePreviewed, NodeStarted, Picture
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


def test_what_takes_long_to_draw_is_drawn_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, drawn = [0.0], []

    def slowly(value: object, largest: int) -> Picture:
        drawn.append(clock[0])
        clock[0] += 1.0
        return Picture("image/png", b"")

    monkeypatch.setattr(outgoing, "monotonic", lambda: clock[0])
    monkeypatch.setattr(outgoing, "picture_of", slowly)
    box = Outgoing(lambda _: None, previews=True, largest=64)
    while clock[0] < 20.0:
        box.add(NodePreviewed("1", Picture("image/png", b"")))
        box.flush()
        clock[0] += 0.5

    assert drawn == [0.0, 5.0, 10.0, 15.0]
