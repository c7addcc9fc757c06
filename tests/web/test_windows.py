"""Pages come and go: what was drawn in them stays."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import pictures
from tests.web.node import RUN


def another(editor: Editor) -> Editor:
    """Another window of the same browser."""
    page = editor.page.context.new_page()
    editor.watch.see(page)
    return Editor(page, editor.address, editor.watch).open()


def test_what_was_not_saved_is_there_after_the_page_was_closed(editor: Editor) -> None:
    editor.open_graph(pictures("Kept"))
    editor.node("Invert").choose()
    editor.press("Delete")
    expect(editor.nodes).to_have_count(2)
    with editor.page.expect_event("close"):
        editor.page.close(run_before_unload=True)
    again = another(editor)

    expect(again.tab("Kept")).to_be_visible()
    expect(again.nodes).to_have_count(2)
    expect(again.tab("Kept")).to_contain_text("not saved")


def test_what_was_done_in_the_last_moment_is_there_after_a_reload(editor: Editor) -> None:
    editor.open_graph(pictures("Kept"))
    editor.open_graph(pictures("Too"))
    editor.node("Plain").set("width", 48)
    editor.reload()

    expect(editor.page.get_by_role("tab")).to_have_count(2)
    expect(editor.node("Plain").field("width")).to_have_value("48")


def test_two_windows_have_graphs_of_their_own_and_one_queue(editor: Editor) -> None:
    editor.open_graph(pictures("Here"))
    other = another(editor)
    expect(other.canvas).to_contain_text("An empty canvas")
    graph = pictures("There")
    graph["nodes"]["show"].update(class_type="SaveImage")
    other.open_graph(graph).run()
    name = other.node("Show").pictures.first.get_attribute("aria-label")
    assert name is not None
    editor.press("g")
    newest = editor.panel("Gallery").get_by_role("listitem").first.get_by_role("button")
    expect(newest).to_have_accessible_name(name.removeprefix("Look at ") + ", Run of just now", timeout=RUN)

    expect(editor.page.get_by_role("tab")).to_have_count(1)
    editor.reload()
    expect(editor.tab("Here")).to_be_visible()
    other.reload()
    expect(other.tab("There")).to_be_visible()


def test_choices_are_kept(editor: Editor) -> None:
    editor.act("Settings")
    editor.dialog.get_by_label("Theme").select_option("Light")
    editor.dialog.get_by_label("Overview map").click()
    editor.press("Escape")
    expect(editor.page.locator("html")).to_have_attribute("data-theme", "light")
    editor.reload()

    expect(editor.page.locator("html")).to_have_attribute("data-theme", "light")
    editor.act("Settings")
    expect(editor.dialog.get_by_label("Overview map")).not_to_be_checked()
    editor.button("As it was at first").click()
    expect(editor.dialog.get_by_label("Overview map")).to_be_checked()
