"""Copying, also with links and to another graph; leaving out and letting through."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import pictures
from tests.web.node import WILL_NOT_RUN, WILL_RUN


def sources_of_inverted(editor: Editor) -> list[object]:
    nodes = editor.document()["nodes"].values()
    return sorted(
        (one["inputs"].get("image") for one in nodes if one["class_type"] == "ImageInvert"), key=str
    )


def test_what_is_copied_is_pasted_without_its_links_to_others(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("Control+c")
    editor.page.mouse.move(*editor.empty_place(0.5, 0.8))
    editor.press("Control+v")
    expect(editor.nodes).to_have_count(4)

    assert sources_of_inverted(editor) == [None, ["plain", "image"]]


def test_what_is_copied_can_keep_its_links(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("Control+c")
    editor.page.mouse.move(*editor.empty_place(0.5, 0.8))
    editor.press("Control+Shift+v")
    expect(editor.nodes).to_have_count(4)

    assert sources_of_inverted(editor) == [["plain", "image"]] * 2


def test_a_part_of_a_graph_goes_into_another_tab_with_the_links_within(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.press("Control+a", "Control+c")
    editor.button("New graph").click()
    expect(editor.canvas).to_contain_text("An empty canvas")
    editor.press("Control+v")
    expect(editor.nodes).to_have_count(3)

    editor.node("Invert").is_linked("image")
    editor.node("Show").is_linked("images")
    editor.run()
    editor.node("Show").shows_a_picture()


def test_a_node_is_doubled(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Plain").choose()
    editor.press("Control+d")
    expect(editor.nodes).to_have_count(4)
    expect(editor.chosen).to_have_text("1 of 4 chosen")

    editor.press("Control+z")
    expect(editor.nodes).to_have_count(3)


def test_a_node_that_is_dragged_with_alt_leaves_itself_behind(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.page.keyboard.down("Alt")
    editor.drag(editor.node("Plain").title, editor.empty_place(0.2, 0.85))
    editor.page.keyboard.up("Alt")

    expect(editor.nodes).to_have_count(4)
    editor.press("Control+z")
    expect(editor.nodes).to_have_count(3)


def test_a_node_is_deleted_and_its_links_pass_through(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("Control+Delete")
    expect(editor.nodes).to_have_count(2)

    assert editor.document()["nodes"]["show"]["inputs"]["images"] == ["plain", "image"]


def test_a_bypassed_node_lets_pictures_through(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("Control+b")
    expect(editor.node("Invert").box).to_have_accessible_description(re.compile("bypassed"))
    editor.run()
    editor.node("Show").shows_a_picture()

    expect(editor.node("Invert").box.get_by_role("button", name="Ran")).to_have_count(0)
    editor.press("Control+b")
    editor.node("Invert").says(WILL_RUN)


def test_a_muted_node_takes_those_behind_it_along(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Show").says(WILL_RUN)
    editor.node("Invert").choose()
    editor.press("Control+m")

    expect(editor.node("Invert").box).to_have_accessible_description(re.compile("muted"))
    editor.node("Show").says(WILL_NOT_RUN)
    expect(editor.page.get_by_role("button", name="1 problem")).to_be_visible()
    editor.press("Control+z")
    editor.node("Show").says(WILL_RUN)
