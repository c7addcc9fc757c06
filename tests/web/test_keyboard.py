"""All of it without a mouse."""

from __future__ import annotations

import re

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


def rename(editor: Editor, title: str) -> None:
    """Give the node that is chosen another name."""
    editor.press("F2")
    expect(editor.canvas.get_by_role("textbox", name="Title of")).to_be_focused()
    editor.page.keyboard.type(title)
    editor.press("Enter")
    expect(editor.node(title).box).to_be_visible()


def fill(editor: Editor, label: str, text: str) -> None:
    """Go to a field of the inspector, and type something."""
    field = editor.panel("Inspector").get_by_label(label, exact=True)
    editor.press("e")
    editor.focus_by_keys(field, most=40)
    editor.press("Control+a")
    editor.page.keyboard.type(text)
    editor.press("Tab")


def test_text_to_image_is_built_from_nothing_with_the_keyboard_alone(editor: Editor) -> None:
    add(editor, "Load checkpoint")
    choice = editor.panel("Inspector").get_by_label("ckpt name", exact=True)
    editor.press("e")
    expect(choice).to_be_focused()
    editor.press("Enter", "ArrowDown", "Enter")
    expect(choice).to_contain_text("shapeland-nano")
    editor.press("Tab")
    for title, text in {"Prompt": "a blue square", "Negative": "nothing"}.items():
        add(editor, "Encode text")
        link(editor, "Load checkpoint: clip")
        rename(editor, title)
        fill(editor, "text", text)
    add(editor, "Empty latent")
    fill(editor, "width", "64")
    fill(editor, "height", "64")
    add(editor, "Sample")
    for source in (
        "Load checkpoint: model",
        "Prompt: conditioning",
        "Negative: conditioning",
        "Empty latent",
    ):
        link(editor, source)
    fill(editor, "steps", "3")
    add(editor, "Decode latent")
    link(editor, "Sample: latent")
    link(editor, "Load checkpoint: vae")
    add(editor, "Save image")
    link(editor, "Decode latent: image")
    expect(editor.page.get_by_role("button", name="No problems")).to_be_visible()

    editor.press("Alt+a", "Control+Enter")
    go_to(editor, "Save image")
    editor.node("Save image").shows_a_picture()


def test_nodes_and_sockets_are_reached_and_linked_by_keys(editor: Editor) -> None:
    graph = pictures()
    graph["nodes"]["show"]["inputs"].clear()
    editor.open_graph(graph)
    editor.focus_by_keys(editor.node("Show").box)
    editor.press("ArrowLeft")
    expect(editor.node("Show").input("images")).to_be_focused()
    editor.press("Enter")
    search = editor.page.get_by_role("dialog", name="Link Show: images from")
    expect(search.get_by_role("option")).to_have_count(2)
    editor.page.keyboard.type("invert")
    editor.press("Enter")

    editor.says("Linked to Invert: image")
    expect(editor.node("Show").input("images")).to_be_focused()
    assert editor.document()["nodes"]["show"]["inputs"]["images"] == ["invert", "image"]


def test_two_nodes_that_are_chosen_are_linked_by_one_key(editor: Editor) -> None:
    graph = pictures()
    graph["nodes"]["show"]["inputs"].clear()
    editor.open_graph(graph)
    editor.node("Show").choose()
    editor.node("Invert").choose(adding=True)
    editor.press("Shift+l")

    assert editor.document()["nodes"]["show"]["inputs"]["images"] == ["invert", "image"]


def test_everything_is_found_in_one_list(editor: Editor) -> None:
    editor.open_graph(pictures()).press("Control+a", "Control+k")
    field = editor.dialog.get_by_role("combobox")
    field.press_sequentially("disable")
    expect(editor.dialog.get_by_role("option").first).to_contain_text("Mute")
    field.fill("unheard of")
    expect(editor.dialog).to_contain_text("Nothing of that name")
    field.fill("group")
    editor.press("Enter")

    expect(editor.canvas.get_by_role("textbox", name="Title of the group")).to_be_focused()


def test_a_key_is_given_to_another_action_and_taken_back(editor: Editor) -> None:
    editor.press("Shift+?")
    editor.page.get_by_label("Find an action or a key").fill("Fit all")
    editor.dialog.get_by_role("button", name="Keys of Fit all into view").click()
    editor.press("Control+j")
    expect(editor.dialog.get_by_role("button", name="Keys of Fit all into view: Ctrl+J")).to_be_visible()
    editor.press("Escape")
    editor.open_graph(pictures())
    for _ in range(5):
        editor.button("Zoom out").click()
    editor.press(".")
    expect(editor.nodes).to_have_count(0)
    editor.press("Control+j")
    expect(editor.nodes).to_have_count(3)

    editor.reload()
    editor.press("Shift+?")
    editor.page.get_by_label("Find an action or a key").fill("Fit all")
    editor.button("The usual keys of Fit all into view").click()
    expect(editor.dialog.get_by_role("button", name="Keys of Fit all into view: . or Home")).to_be_visible()


def test_keys_of_actions_rest_while_one_types(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    text = editor.node("Prompt").field("text")
    text.click()
    editor.press("Control+a")
    editor.page.keyboard.type("1 flag, z. Delete?")
    editor.press("Backspace", "Delete")

    expect(text).to_have_value("1 flag, z. Delete")
    expect(editor.nodes).to_have_count(7)
    expect(editor.panel("Inspector")).to_be_visible()


def test_the_graph_is_read_in_words_and_gone_through(editor: Editor) -> None:
    editor.open_graph(text_to_image()).press("o")
    outline = editor.panel("Outline").get_by_role("list", name="Nodes in the order of flow")
    expect(outline.get_by_role("listitem")).to_have_count(7)
    expect(outline.get_by_role("listitem").last).to_contain_text("Save")
    sampler = outline.get_by_role("listitem").filter(has_text=re.compile("^Sampler"))
    expect(sampler).to_contain_text("from")
    expect(sampler).to_contain_text("to Decode")

    editor.focus_by_keys(sampler.get_by_role("button"))
    editor.press("Enter")
    expect(editor.chosen).to_have_text("1 of 7 chosen")
    expect(sampler).to_have_attribute("aria-current", "true")
