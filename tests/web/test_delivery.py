"""The page comes from this server alone, under the strictest policy, and everybody can use it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.engine.served import Served
from tests.web.editor import Editor


def test_the_page_opens_without_a_fault_and_asks_nobody_else(editor: Editor) -> None:
    expect(editor.page).to_have_title(re.compile("Weft$"))
    editor.picture("first")

    assert editor.watch.faults == []
    assert editor.watch.asked
    assert editor.watch.elsewhere == []


def test_the_page_may_run_nothing_but_its_own_files(page: Page, weft: Served) -> None:
    answer = page.goto(weft.address)
    assert answer is not None
    policy = answer.headers["content-security-policy"]

    assert "script-src 'self';" in policy
    assert "unsafe" not in policy


def test_a_script_in_the_page_is_not_run(editor: Editor) -> None:
    editor.watch.expect("Content Security Policy")
    editor.page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.ran = true";
            document.body.append(script);
        }"""
    )

    assert editor.page.evaluate("window.ran") is None
    assert len(editor.watch.faults) == 1


def test_a_page_that_was_here_before_asks_only_for_the_page_itself(editor: Editor) -> None:
    kept: list[bool] = []
    editor.page.on("response", lambda answer: kept.append("/assets/" in answer.url))
    editor.reload()
    sizes = editor.page.evaluate(
        """performance.getEntriesByType("resource")
            .filter(({ name }) => name.includes("/assets/")).map(({ transferSize }) => transferSize)"""
    )

    assert any(kept)
    assert set(sizes) == {0}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_editor(editor: Editor, scheme: str) -> None:
    faults = editor.faults_of_access()
    editor.open_template("Text to image").go_near()

    assert faults + editor.faults_of_access() == []


def test_a_graph_is_drawn_under_that_policy_too(editor: Editor) -> None:
    editor.open_template("Text to image").go_near()
    editor.picture("graph")

    assert editor.watch.faults == []
    assert editor.watch.elsewhere == []


def test_the_editor_fits_a_small_and_a_large_window(editor: Editor) -> None:
    for width, height in ((1024, 640), (2560, 1440)):
        editor.page.set_viewport_size({"width": width, "height": height})
        scrolls = editor.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )

        assert scrolls == [width, height]
