"""All of it without a mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import pictures, text_to_image


def go_to(editor: Editor, title: str, *, last: bool = False) -> None:
    """Find a node by its title."""
    editor.press("Control+f")
    editor.dialog.get_by_role("combobox").press_sequentially(title)
    expect(editor.dialog.get_by_role("option").first).to_contain_text(title)
    if last:
        editor.press("ArrowUp")
    editor.press("Enter")
    expect(editor.dialog).to_be_hidden()
    expect(editor.chosen).to_contain_text("1 of")


def add(editor: Editor, kind: str) -> None:
    """Add a node."""
    editor.press("Shift+a")
    search = editor.page.get_by_role("dialog", name="Add a node")
    expect(search.get_by_role("combobox")).to_be_focused()
    editor.page.keyboard.type(kind)
    expect(search.get_by_role("option").first).to_contain_text(kind)
    editor.press("Enter")
    expect(search).to_be_hidden()


def link(editor: Editor, to: str) -> None:
    """Link the first open end of the node that is chosen."""
    editor.press("l")
    search = editor.page.get_by_role("dialog", name="Link")
    expect(search.get_by_role("combobox")).to_be_focused()
    editor.page.keyboard.type(to)
    expect(search.get_by_role("option").first).to_contain_text(to)
    editor.press("Enter")
    expect(search).to_be_hidden()


def test_text_to_image_is_built_from_nothing_with_the_keyboard_alone(editor: Editor) -> None:
    add(editor, "Load checkpoint")
    inspector = editor.panel("Inspector")
    editor.focus_by_keys(inspector.get_by_label("ckpt name"), key="Shift+Tab")
    editor.press("Enter")
    expect(editor.page.get_by_role("option", name="shapeland-nano.safetensors")).to_be_visible()
    editor.press("ArrowDown", "Enter")
    expect(inspector.get_by_label("ckpt name")).to_contain_text("shapeland-nano")
    editor.press("Escape")

    for text in ("a blue square", "nothing"):
        add(editor, "Encode text")
        link(editor, "Load checkpoint: clip")
        editor.focus_by_keys(inspector.get_by_label("text"), key="Shift+Tab")
        editor.press("Control+a")
        editor.page.keyboard.type(text)
        editor.press("Shift+Tab")
        editor.press("F2")
    add(editor, "Sample")
