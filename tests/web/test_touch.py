"""The canvas under fingers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, CDPSession, Locator, expect

from tests.engine.served import Served
from tests.web.editor import Editor
from tests.web.graphs import pictures
from tests.web.lab import SIZE, Watch
from tests.web.node import bounds

Point: TypeAlias = tuple[float, float]
STEPS = 8


@dataclass
class Fingers:
    """Fingers on the page."""

    session: CDPSession

    def move(self, *ways: tuple[Point, Point]) -> None:
        """Put a finger down at the beginning of each way, move all to the ends, and take them off."""
        for step in range(STEPS + 1):
            at = [tuple(a + (b - a) * step / STEPS for a, b in zip(*way, strict=True)) for way in ways]
            self._tell("touchMove" if step else "touchStart", at)
        self._tell("touchEnd", [])

    def _tell(self, kind: str, points: Sequence[Sequence[float]]) -> None:
        touching: list[Any] = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touching})


@pytest.fixture
def editor(browser: Browser, weft: Served, watch: Watch) -> Iterator[Editor]:
    """The editor on a screen that is touched, with a small graph."""
    context = browser.new_context(viewport=SIZE, locale="en-US", has_touch=True, reduced_motion="reduce")
    page = context.new_page()
    watch.see(page)
    weft.post("/settings/Weft.Choices", {})
    yield Editor(page, weft.address, watch).open().open_graph(pictures())
    context.close()
    assert watch.unexpected == []


@pytest.fixture
def fingers(editor: Editor) -> Fingers:
    """The fingers on its page."""
    return Fingers(editor.page.context.new_cdp_session(editor.page))


def middle(thing: Locator) -> Point:
    """The middle of something on the page."""
    box = bounds(thing)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_one_finger_moves_the_view_and_a_tap_chooses(editor: Editor, fingers: Fingers) -> None:
    before = bounds(editor.node("Plain").box)
    x, y = editor.empty_place()
    fingers.move(((x, y), (x + 80, y - 40)))
    editor.wait_until(lambda: abs(bounds(editor.node("Plain").box)["x"] - before["x"] - 80) < 3)
    expect(editor.chosen).to_have_text("3 nodes")

    editor.page.touchscreen.tap(*middle(editor.node("Invert").title))
    expect(editor.chosen).to_have_text("1 of 3 chosen")


def test_two_fingers_go_nearer(editor: Editor, fingers: Fingers) -> None:
    zoom = editor.page.get_by_role("button", name=re.compile(r"^\d+%$"))
    before = int(zoom.inner_text()[:-1])
    x, y = editor.empty_place()
    fingers.move(((x - 30, y), (x - 60, y)), ((x + 30, y), (x + 60, y)))

    editor.wait_until(lambda: int(zoom.inner_text()[:-1]) > 1.3 * before)


def test_a_finger_drags_a_node_and_wires_it(editor: Editor, fingers: Fingers) -> None:
    x, y = middle(editor.node("Show").title)
    before = bounds(editor.node("Show").box)
    fingers.move(((x, y), (x, y + 100)))
    editor.wait_until(lambda: bounds(editor.node("Show").box)["y"] > before["y"] + 60)
    editor.node("Show").is_linked("images")

    fingers.move((middle(editor.node("Plain").output("image")), middle(editor.node("Show").input("images"))))
    editor.wait_until(lambda: editor.document()["nodes"]["show"]["inputs"]["images"] == ["plain", "image"])
