"""Everything can be undone, however much it was."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import pictures

STEPS = 1000


def test_a_thousand_steps_are_undone_and_done_again(editor: Editor) -> None:
    editor.open_graph(pictures())
    before = editor.document()
    invert = editor.node("Invert").choose()
    editor.hold("p", STEPS)
    editor.press("Delete")
    expect(editor.nodes).to_have_count(2)
    after = editor.document()

    editor.press("Control+z")
    expect(invert.box).to_be_visible()
    editor.hold("Control+z", STEPS - 1)
    expect(editor.button("Undo").first).to_be_enabled()
    editor.press("Control+z")
    expect(editor.button("Undo").first).to_be_disabled()
    assert editor.document() == before
    expect(editor.tab("Pictures")).not_to_contain_text("not saved")

    editor.hold("Control+Shift+z", STEPS + 1)
    expect(editor.nodes).to_have_count(2)
    expect(editor.button("Redo").first).to_be_disabled()
    assert editor.document() == after


def test_what_is_typed_or_dragged_is_one_step(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Plain").choose()
    editor.panel("Inspector").get_by_label("Name").press("End")
    editor.page.keyboard.type(" of grey")
    expect(editor.node("Plain of grey").box).to_be_visible()
    editor.drag(editor.node("Plain of grey").title, editor.empty_place(0.3, 0.7))

    editor.button("Undo").first.click()
    assert editor.document()["nodes"]["plain"]["_meta"]["position"] == [0, 0]
    editor.button("Undo").first.click()
    expect(editor.node("Plain").box).to_be_visible()
    expect(editor.button("Undo").first).to_be_disabled()


def test_a_new_step_after_undoing_drops_what_was_undone(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("p", "Control+z", "Alt+c")

    expect(editor.button("Redo").first).to_be_disabled()
    assert editor.document()["nodes"]["invert"]["_meta"].get("pinned") is None


def test_each_tab_has_steps_of_its_own(editor: Editor) -> None:
    editor.open_graph(pictures("One"))
    editor.node("Invert").choose()
    editor.press("Delete")
    editor.open_graph(pictures("Two"))
    editor.press("Control+z")
    expect(editor.nodes).to_have_count(3)

    editor.tab("One").click()
    expect(editor.nodes).to_have_count(2)
    editor.press("Control+z")
    expect(editor.nodes).to_have_count(3)
