"""What waits, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.engine.served import Served
from tests.web.editor import Editor
from tests.web.graphs import pictures
from tests.web.node import RUN


@pytest.fixture
def queue(editor: Editor, weft: Served) -> Iterator[Locator]:
    """The queue, at rest and in sight, with three runs that wait."""
    editor.press("q")
    panel = editor.panel("Queue")
    panel.get_by_role("button", name="Pause").click()
    expect(panel).to_contain_text("The queue rests")
    editor.open_graph(pictures())
    editor.page.get_by_label("How many runs at a time").fill("3")
    editor.button("Run").last.click()
    expect(grips(panel)).to_have_count(3)
    yield panel
    weft.post("/queue", {"clear": True})
    weft.post("/queue/resume", {})


def grips(panel: Locator) -> Locator:
    """What runs that wait are moved by."""
    return panel.get_by_role("button", name=re.compile(r"^Run \d of \d"))


def order(weft: Served) -> list[str]:
    """The runs that wait, as the server has them."""
    found: Any = weft.json("/queue")
    return [one[1] for one in sorted(found["queue_pending"], key=lambda one: float(one[0]))]


def test_a_run_is_moved_forward(editor: Editor, weft: Served, queue: Locator) -> None:
    one, two, three = order(weft)
    grips(queue).last.focus()
    editor.press("Alt+ArrowUp")
    expect(queue.locator(":focus")).to_have_accessible_name(re.compile("^Run 2 of 3"))
    editor.wait_until(lambda: order(weft) == [one, three, two])

    queue.get_by_role("listitem").nth(2).drag_to(queue.get_by_role("listitem").first)
    editor.wait_until(lambda: order(weft) == [two, one, three])


def test_one_run_is_cancelled_and_then_all(editor: Editor, weft: Served, queue: Locator) -> None:
    one, _, three = order(weft)
    queue.get_by_role("button", name="Cancel this run").nth(1).click()
    expect(grips(queue)).to_have_count(2)
    assert order(weft) == [one, three]

    queue.get_by_role("button", name="Cancel all that wait").click()
    expect(grips(queue)).to_have_count(0)
    editor.says("Nothing waits any more")


def test_a_queue_that_rests_says_so_and_goes_on(editor: Editor, queue: Locator) -> None:
    waiting = editor.page.get_by_role("button", name="Paused, 3 waiting")
    expect(waiting).to_be_visible()
    expect(editor.page).to_have_title(re.compile("^Paused, 3 waiting"))
    queue.get_by_role("button", name="Go on").click()

    expect(waiting).to_be_hidden()
    expect(queue).to_contain_text("Nothing runs and nothing waits", timeout=RUN)
    expect(queue.get_by_role("heading", name="Ended lately")).to_be_visible()
    editor.node("Show").shows_a_picture()
