"""What goes between the server and its worker arrives as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.backends import frames, orders
from engine.backends.backend import PackCall, RunRequest
from engine.backends.options import WorkerOptions
from engine.backends.plain_events import EVENTS, packed, plain_problems, revived_problems, unpacked
from engine.backends.settings import settings_at
from engine.graph.problems import Cycle, MissingInput, NotAChoice, Problem, Refused, Unreadable, WrongType
from engine.graph.values import Published, PublishedFile
from engine.run.events import (
    Event,
    NodeBlocked,
    NodeExpanded,
    NodeFailed,
    NodeFinished,
    NodePreviewed,
    NodeProgressed,
    NodesExplained,
    NodeStarted,
    NodeTold,
    Picture,
    RunFinished,
    RunStarted,
)

HAPPENED: list[Event] = [
    RunStarted(("a", "b"), ("c",)),
    RunStarted((), ()),
    NodeStarted("a/b", "Kind"),
    NodeProgressed("a", 1, 2),
    NodePreviewed("a", Picture("image/png", bytes(range(256)))),
    NodesExplained((("a", "first"), ("b", "second"))),
    NodesExplained(()),
    NodeTold("a", "progress_text", b"text", "me"),
    NodeTold("a", "event", b"\x00\xff", binary=3),
    NodeExpanded("a", ("a/0",)),
    NodeFinished("a", 0.25, None, True, 2**40),
    NodeFinished("a", 0.25, Published((PublishedFile("x.png", "output", "/x.png", "image/png"),))),
    NodeFinished("a", 0.25, Published((), {"text": ("t", 1, 2.5, None, True, ("n",), {"k": ("v",)})})),
    NodeBlocked("a", "why", False),
    NodeFailed("a", "Kind", "Error", "message", (("x", "1"),), ("f.py:1 f",), "hint", "trace"),
    RunFinished("done", 1.5, 2, 3),
]


def through(report: orders.Report) -> orders.Report:
    (body,) = frames.Splitter().feed(frames.frame(report))
    return frames.report_of(body)


def through_worker(order: orders.Order) -> orders.Order:
    (body,) = frames.Splitter().feed(frames.frame(order))
    return frames.order_of(body)


def test_every_kind_of_event_arrives_as_it_was() -> None:
    report = through(orders.Happened(7, packed(HAPPENED)))

    assert isinstance(report, orders.Happened)
    assert unpacked(report.events) == HAPPENED
    assert {type(event) for event in HAPPENED} == set(EVENTS)


@pytest.mark.parametrize(
    ("odd", "arrives"),
    [("half \ud800", "half ?"), (2**70, str(2**70)), (Path("/x"), "/x"), (-(2**63), -(2**63))],
)
def test_what_msgpack_has_no_room_for_arrives_as_text(odd: object, arrives: object) -> None:
    report = through(orders.Happened(7, packed([finished(odd)])))

    assert isinstance(report, orders.Happened)
    assert unpacked(report.events) == [finished(arrives)]


def finished(shown: Any) -> Event:
    return NodeFinished("a", 0.0, Published((), {"text": (shown,)}))


PROBLEMS: list[Problem] = [
    MissingInput("1", "image", "Image", ("A", "B")),
    WrongType("1", "x", "a number", ("a", {"b": None})),
    NotAChoice("1", "x", "c", ("a", 1), ("a",)),
    Cycle("1", ("1", "2")),
    Refused("1", "x", "no"),
    Unreadable("the file", "an object", "nothing"),
]


def test_problems_arrive_as_they_were() -> None:
    report = through(orders.Refused(1, plain_problems(PROBLEMS)))

    assert isinstance(report, orders.Refused)
    assert revived_problems(report.problems) == PROBLEMS


def test_orders_arrive_as_they_were(tmp_path: Path) -> None:
    request = RunRequest("r", 2, b"{}", ("a",), b"{}", "me", {"token": "t"}, False, False)
    call = PackCall("GET", "/x", "q=1", (("A", "b"),), b"\x00")
    options = WorkerOptions("cpu", policy=3)

    for order in (
        orders.Begin(settings_at(tmp_path), options),
        orders.Start(3, request),
        orders.AskAnswer(4, call),
        orders.AskFree(5, True, False),
    ):
        assert through_worker(order) == order


def test_frames_are_found_however_they_are_cut() -> None:
    data = b"".join(frames.frame(orders.Tired(str(number) * number)) for number in range(50))
    for size in (1, 3, 7, 64, len(data)):
        splitter = frames.Splitter()
        bodies = [
            body for start in range(0, len(data), size) for body in splitter.feed(data[start : start + size])
        ]
        assert [frames.report_of(body) for body in bodies] == [orders.Tired(str(n) * n) for n in range(50)]
