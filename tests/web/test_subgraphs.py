"""Parts of a graph that stand as one node."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import Graph, document, node, pictures


def nested() -> Graph:
    """A plain picture, turned into its negative by a subgraph."""
    inner: dict[str, Any] = {
        "title": "Negative",
        "nodes": {"turn": node("ImageInvert", "Turn", 0, 0, image=["@inputs", "picture"])},
        "inputs": [{"name": "picture"}],
        "outputs": [{"name": "negative", "from": ["turn", "image"]}],
        "places": {"inputs": [-260, 0], "outputs": [260, 0]},
    }
    plain = pictures()["nodes"]["plain"]
    nodes = {
        "plain": plain,
        "part": {**node("@negative", "Part", 320, 0, picture=["plain", "image"])},
        "show": node("PreviewImage", "Show", 640, 0, images=["part", "negative"]),
    }
    return document("Nested", nodes, subgraphs={"negative": inner})


def test_some_nodes_become_one_and_run_as_before(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.node("Plain").choose(adding=True)
    editor.press("Control+Shift+e")
    title = editor.canvas.get_by_role("textbox", name="Title of Subgraph")
    title.fill("Made")
    title.press("Enter")

    expect(editor.nodes).to_have_count(2)
    editor.node("Show").is_linked("images")
    editor.run()
    editor.node("Show").shows_a_picture()
    editor.node("Made").choose()
    editor.act("Unpack subgraph")
    expect(editor.nodes).to_have_count(3)
    editor.node("Invert").is_linked("image")


def test_one_goes_into_a_subgraph_and_back_by_the_way_above_it(editor: Editor) -> None:
    editor.open_graph(nested())
    editor.node("Part").title.click()
    editor.press("Control+Alt+e")
    way = editor.page.get_by_role("navigation", name="Subgraphs")
    expect(way).to_contain_text("Nested")
    expect(way).to_contain_text("Negative")
    expect(editor.node("Turn").box).to_be_visible()
    expect(editor.node("Show").box).to_be_hidden()

    way.get_by_role("button", name="Nested").click()
    expect(editor.node("Show").box).to_be_visible()
    expect(editor.chosen).to_have_text("1 of 3 chosen")
    editor.press("Control+Alt+e", "Escape")
    expect(way).to_be_hidden()


def test_nodes_within_a_subgraph_tell_how_they_run(editor: Editor) -> None:
    editor.open_graph(nested()).run()
    editor.node("Show").shows_a_picture()
    editor.node("Part").box.get_by_role("button", name="Go into Part").click()

    expect(editor.node("Turn").badge).to_be_visible()
    editor.node("Turn").badge.hover()
    expect(editor.page.get_by_role("tooltip", name="Why this node runs")).to_be_visible()


def test_a_field_within_is_given_to_the_outside(editor: Editor) -> None:
    graph = nested()
    blur = node("ImageBlur", "Turn", 0, 0, image=["@inputs", "picture"])
    graph["subgraphs"]["negative"]["nodes"]["turn"] = blur
    editor.open_graph(graph)
    editor.node("Part").box.get_by_role("button", name="Go into Part").click()
    editor.node("Turn").input("sigma").click(button="right")
    editor.choose_entry("Expose on the subgraph")
    expect(editor.canvas.get_by_role("group", name="Inputs of the subgraph")).to_contain_text("sigma")
    editor.press("Escape", "Escape")

    editor.node("Part").set("sigma", 2.5)
    found = editor.document()
    assert found["nodes"]["part"]["inputs"]["sigma"] == 2.5
    assert found["subgraphs"]["negative"]["nodes"]["turn"]["inputs"]["sigma"] == ["@inputs", "sigma"]
    editor.run()
    editor.node("Show").shows_a_picture()


def test_what_is_undone_within_is_seen_outside(editor: Editor) -> None:
    editor.open_graph(nested())
    editor.node("Part").box.get_by_role("button", name="Go into Part").click()
    editor.node("Turn").choose()
    editor.press("Delete")
    expect(editor.page.get_by_role("button", name="1 problem")).to_be_visible()
    editor.press("Escape", "Control+z")

    expect(editor.page.get_by_role("button", name="No problems")).to_be_visible()
    editor.run()
    editor.node("Show").shows_a_picture()
