"""What somebody meets who has never been here: templates, and a page that is small."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Dialog, ViewportSize, expect

from tests.web.editor import Editor
from tests.web.graphs import pictures, text_to_image
from tests.web.node import bounds

WIDE: ViewportSize = {"width": 1440, "height": 900}
TWICE: ViewportSize = {"width": 720, "height": 450}  # a usual page, seen at 200 %
DRAWN = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const colors = new Set();
    for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) colors.add(data.slice(at, at + 3).join());
    return colors.size;
}"""


def test_templates_show_their_graphs_and_those_that_run_here_come_first(editor: Editor) -> None:
    editor.button("Templates").click()
    panel = editor.panel("Templates")
    cards = panel.get_by_role("listitem")
    expect(cards.first).to_contain_text("Text to image")
    wanting = panel.get_by_role("region", name="They need files that are not here")
    expect(wanting.get_by_role("listitem").filter(has_text="Paint a class")).to_be_visible()
    expect(wanting.get_by_text("Text to image", exact=True)).to_have_count(0)

    for drawing in panel.locator("canvas").all():
        assert drawing.evaluate(DRAWN) >= 3  # nodes, their heads and their links
    assert panel.locator("canvas").count() == cards.count()


@pytest.mark.parametrize("size", [WIDE])
def test_a_template_that_is_chosen_gets_the_room_and_has_its_fields_at_once(editor: Editor) -> None:
    editor.open_template("Text to image")

    expect(editor.panel("Templates")).to_be_hidden()
    expect(editor.node("Prompt").field("text")).to_be_editable()
    expect(editor.nodes).to_have_count(7)
    last, stage = bounds(editor.node("Save").box), bounds(editor.canvas)
    assert last["x"] + last["width"] <= stage["x"] + stage["width"]


def test_a_double_click_goes_so_near_to_a_node_that_its_fields_are_there(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    ((x, y),) = editor.from_afar(editor.node("Sampler").title)
    editor.page.mouse.dblclick(x, y)

    expect(editor.node("Sampler").field("steps")).to_be_editable()


@pytest.mark.parametrize("size", [TWICE])
def test_at_twice_the_size_everything_can_still_be_reached(editor: Editor) -> None:
    editor.open_graph(pictures())
    expect(editor.button("Run").last).to_be_in_viewport(ratio=1)
    expect(editor.button("Find anything Ctrl+K")).to_be_in_viewport(ratio=1)
    before = bounds(editor.canvas)
    editor.button("Inspector").click()

    expect(editor.panel("Inspector")).to_be_in_viewport(ratio=1)
    assert bounds(editor.canvas) == before
    editor.run()
    editor.button("Inspector").click()
    editor.button("History").click()
    row = editor.panel("History").get_by_role("button", name=re.compile("Bring its graph back")).first
    row.hover()
    expect(editor.panel("History").get_by_role("region")).to_be_in_viewport(ratio=1)
    expect(row).to_be_in_viewport()


def test_a_file_says_when_it_was_saved(editor: Editor) -> None:
    def take(dialog: Dialog) -> None:
        dialog.accept("dated")

    editor.page.on("dialog", take)
    editor.open_graph(pictures()).press("Control+s")
    editor.says("Saved as dated.json")
    editor.button("Files").click()

    expect(editor.panel("Files").get_by_role("button", name="dated").first).to_contain_text(
        str(datetime.now(UTC).astimezone().year)
    )
    expect(editor.page.locator(".status")).to_contain_text("dated.json")
