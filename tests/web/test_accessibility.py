"""Whoever uses a keyboard, a screen reader or strong contrast can do everything."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import pictures, text_to_image

LEFT = ("Files", "Templates", "Outline", "Queue", "History", "Gallery")
RIGHT = ("Problems", "Form", "Timeline", "Compare", "Differences", "Inspector")
DIALOGS = (
    "Settings",
    "Keys",
    "Find in the graph",
    "Sweep over values",
    "Missing nodes and files",
    "About Weft",
)


@pytest.fixture
def themed(editor: Editor, theme: str) -> Editor:
    """The editor in a theme, with a graph that has run and another change."""
    editor.watch.expect("404.*api/userdata")  # how the server says that no file was saved yet
    editor.act("Settings")
    editor.dialog.get_by_label("Theme").select_option(theme)
    editor.press("Escape")
    graph = pictures(notes=[{"id": "n", "text": "# A *note*\n\n`code`", "bounds": [0, 260, 240, 120]}])
    graph["nodes"]["show"].update(class_type="SaveImage")
    editor.open_graph(graph).run()
    editor.node("Show").shows_a_picture()
    editor.node("Plain").set("width", 48)
    editor.node("Invert").choose()
    return editor


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_no_panel_keeps_anybody_out(themed: Editor, theme: str) -> None:
    faults = themed.faults_of_access()
    for left, right in zip(LEFT, RIGHT, strict=True):
        themed.act(left)
        if right != "Inspector":
            themed.act(right)
            expect(themed.panel(right)).to_be_visible()
        expect(themed.panel(left)).to_be_visible()
        expect(themed.page.get_by_text("Loading", exact=True)).to_have_count(0)
        faults += [f"{left}, {right}: {fault}" for fault in themed.faults_of_access()]
    assert faults == []


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_no_dialog_keeps_anybody_out(themed: Editor, theme: str) -> None:
    faults = []
    for title in DIALOGS:
        themed.act(title)
        expect(themed.dialog).to_be_visible()
        faults += [f"{title}: {fault}" for fault in themed.faults_of_access()]
        themed.press("Escape")
        expect(themed.dialog).to_be_hidden()
    themed.press("Control+k")
    faults += [f"palette: {fault}" for fault in themed.faults_of_access()]
    themed.press("Escape")
    themed.node("Show").pictures.first.click()
    expect(themed.dialog.get_by_role("img")).to_be_visible()
    faults += [f"picture: {fault}" for fault in themed.faults_of_access()]
    assert faults == []


@pytest.mark.parametrize("theme", ["dark", "light", "contrast"])
def test_no_menu_or_search_keeps_anybody_out(themed: Editor, theme: str) -> None:
    themed.node("Invert").badge.click()
    expect(themed.dialog).to_be_visible()
    faults = [f"why: {fault}" for fault in themed.faults_of_access()]
    themed.press("Escape", "Shift+a")
    expect(themed.dialog.get_by_role("option").first).to_be_visible()
    faults += [f"search: {fault}" for fault in themed.faults_of_access()]
    themed.press("Escape")
    themed.node("Invert").title.click(button="right")
    expect(themed.page.get_by_role("menu")).to_be_visible()
    faults += [f"menu: {fault}" for fault in themed.faults_of_access()]
    assert faults == []


def test_a_dialog_gives_the_focus_back_to_where_it_came_from(editor: Editor) -> None:
    gallery = editor.button("Gallery")
    gallery.focus()
    editor.press("Control+k")
    expect(editor.dialog.get_by_role("combobox")).to_be_focused()
    editor.press("Escape")
    expect(gallery).to_be_focused()


def test_who_wants_no_motion_sees_none(editor: Editor) -> None:
    editor.open_graph(text_to_image()).run()
    moving = editor.page.evaluate(
        "document.getAnimations().filter(({ playState }) => playState === 'running').length"
    )
    assert moving == 0


def test_what_becomes_of_a_run_is_said_aloud(editor: Editor) -> None:
    editor.open_graph(text_to_image(steps=200))
    editor.button("Run").last.click()
    said = editor.page.get_by_role("group", name="Run").get_by_role("status")
    expect(said).to_have_text(re.compile("Sampler"), timeout=30_000)
    editor.button("Cancel the run").click()
    expect(said).to_have_text("", timeout=30_000)
