"""The canvas: choosing, moving, lining up, and how nodes look."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import document, node, pictures, text_to_image
from tests.web.node import bounds


def scattered() -> dict[str, object]:
    """Three nodes that stand anyhow."""
    return dict(
        document(
            "Scattered",
            {
                "a": node("PrimitiveInt", "A", 0, 0, value=1),
                "b": node("PrimitiveInt", "B", 310, 90, value=2),
                "c": node("PrimitiveInt", "C", 620, 30, value=3),
            },
        )
    )


def places(editor: Editor) -> dict[str, list[float]]:
    nodes = editor.document()["nodes"]
    return {id: node["_meta"]["position"] for id, node in nodes.items()}


def test_a_box_chooses_what_it_touches(editor: Editor) -> None:
    editor.open_graph(scattered())
    a, b = bounds(editor.node("A").box), bounds(editor.node("B").box)
    editor.drag((a["x"] - 15, a["y"] - 20), (b["x"] + 20, b["y"] + 20))

    expect(editor.chosen).to_have_text("2 of 3 chosen")
    editor.node("C").choose(adding=True)
    expect(editor.chosen).to_have_text("3 of 3 chosen")
    editor.press("Escape")
    expect(editor.chosen).to_have_text("3 nodes")


def test_nodes_are_lined_up_and_spread_out(editor: Editor) -> None:
    editor.open_graph(scattered()).press("Control+a")
    editor.act("Align at the top")
    assert {y for _, y in places(editor).values()} == {0}

    editor.act("Spread out from left to right")
    xs = sorted(x for x, _ in places(editor).values())
    assert xs[1] - xs[0] == xs[2] - xs[1]


def test_a_tangle_is_arranged_from_left_to_right(editor: Editor) -> None:
    graph = text_to_image()
    tangle = {
        id: {**one, "_meta": {**one["_meta"], "position": [0, 0]}} for id, one in graph["nodes"].items()
    }
    editor.open_graph({**graph, "nodes": tangle}).press("Alt+a")

    found = places(editor)
    order = ["model", "prompt", "sampler", "decode", "save"]
    assert [found[id][0] for id in order] == sorted({found[id][0] for id in order})


def test_a_node_that_is_dragged_snaps_and_moves_in_one_step(editor: Editor) -> None:
    editor.open_graph(document("Alone", {"a": node("PrimitiveInt", "A", 0, 0, value=1)}))
    title = bounds(editor.node("A").title)
    editor.drag(editor.node("A").title, (title["x"] + 73, title["y"] + 187))

    x, y = places(editor)["a"]
    assert (x % 20, y % 20) == (0, 0)
    assert (x, y) != (0, 0)
    editor.press("Control+z")
    assert places(editor)["a"] == [0, 0]


def test_arrows_move_what_is_chosen(editor: Editor) -> None:
    editor.open_graph(scattered())
    editor.node("A").choose()
    editor.press("ArrowRight", "ArrowRight", "Shift+ArrowDown")

    assert places(editor)["a"] == [40, 100]
    editor.press("Control+z")
    assert places(editor)["a"] == [0, 0]


def test_a_node_is_renamed_coloured_collapsed_and_pinned(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").title.dblclick()
    title = editor.canvas.get_by_role("textbox", name="Title of Invert")
    title.fill("Negative of it")
    title.press("Enter")
    renamed = editor.node("Negative of it")
    renamed.choose()
    editor.panel("Inspector").get_by_role("radio", name="teal").click()
    renamed.title.click(button="right")
    editor.choose_entry("Collapse")
    expect(renamed.box.get_by_role("button", name="Open this node")).to_be_visible()
    editor.press("p")

    expect(renamed.box).to_have_accessible_description(re.compile("collapsed, pinned"))
    meta = editor.document()["nodes"]["invert"]["_meta"]
    assert meta == {
        **{"title": "Negative of it", "position": [320, 0]},
        **{"color": "teal", "collapsed": True, "pinned": True},
    }
    box = bounds(renamed.title)
    editor.drag(renamed.title, (box["x"], box["y"] + 150))
    assert editor.document()["nodes"]["invert"]["_meta"]["position"] == [320, 0]


def test_a_node_is_made_larger_by_its_corner(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    corner = editor.node("Prompt").box.locator("[data-resize]")
    before, at = bounds(editor.node("Prompt").box), bounds(corner)
    editor.drag(corner, (at["x"] + 60, at["y"] + 20))

    after = bounds(editor.node("Prompt").box)
    assert after["width"] > before["width"] + 30


def test_a_group_takes_along_what_lies_in_it(editor: Editor) -> None:
    editor.open_graph(scattered())
    editor.node("A").choose()
    editor.node("B").choose(adding=True)
    editor.press("Control+g")
    title = editor.canvas.get_by_role("textbox", name="Title of the group")
    title.fill("Numbers")
    title.press("Enter")
    heading = editor.canvas.get_by_role("heading", name="Numbers")
    at = bounds(heading)
    editor.drag(heading, (at["x"] + at["width"] / 2, at["y"] + 130))

    found = editor.document()
    assert found["groups"][0]["title"] == "Numbers"
    assert found["nodes"]["a"]["_meta"]["position"][1] > 60
    assert found["nodes"]["b"]["_meta"]["position"][1] > 150
    assert found["nodes"]["c"]["_meta"]["position"] == [620, 30]


def test_a_note_is_written_in_markdown(editor: Editor) -> None:
    editor.open_graph(scattered())
    editor.page.mouse.move(*editor.empty_place(0.2, 0.7))
    editor.press("Shift+n")
    text = editor.canvas.get_by_role("textbox", name="Text of the note, in Markdown")
    text.fill("# To do\n\n- more *red*\n- [a page](https://example.org/)")
    text.press("Escape")

    note = editor.canvas.get_by_role("article").filter(has_text="To do")
    expect(note.get_by_role("heading", name="To do")).to_be_visible()
    expect(note.get_by_role("listitem")).to_have_count(2)
    link = note.get_by_role("link", name="a page")
    expect(link).to_have_attribute("rel", re.compile("noreferrer"))
    expect(link).to_have_attribute("target", "_blank")


def test_from_afar_the_sheet_is_a_picture_in_which_nodes_can_be_moved(editor: Editor) -> None:
    editor.open_graph(scattered())
    for _ in range(5):
        editor.button("Zoom out").click()
    expect(editor.canvas.get_by_text("Overview of 3 things")).to_be_attached()
    expect(editor.nodes).to_have_count(0)

    editor.press(".")
    expect(editor.nodes).to_have_count(3)


def test_from_afar_links_are_drawn_from_socket_to_socket(editor: Editor) -> None:
    editor.open_graph(pictures())
    start, end = editor.from_afar(editor.node("Plain").output("image"), editor.node("Show").input("images"))
    editor.drag(start, end)

    editor.wait_until(lambda: editor.document()["nodes"]["show"]["inputs"]["images"] == ["plain", "image"])


def test_something_is_found_in_the_graph_by_its_value(editor: Editor) -> None:
    editor.open_graph(text_to_image()).press("Control+f")
    editor.dialog.get_by_role("combobox").fill("red circle")
    expect(editor.dialog.get_by_role("option")).to_have_count(1)
    editor.press("Enter")

    expect(editor.chosen).to_have_text("1 of 7 chosen")
    expect(editor.panel("Inspector").get_by_label("Name")).to_have_value("Prompt")
