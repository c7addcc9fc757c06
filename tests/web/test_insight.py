"""What runs, why, how long, and what flows where."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import document, node, pictures, text_to_image
from tests.web.node import CACHED, RAN, WILL_RUN, bounds


def test_a_node_tells_which_value_makes_it_run_and_by_which_way(editor: Editor) -> None:
    editor.open_graph(text_to_image()).run()
    editor.node("Prompt").set("text", "a green square")
    editor.node("Save").says(WILL_RUN)
    editor.node("Save").badge.click()

    why = editor.page.get_by_role("dialog", name="Why this node runs")
    expect(why).to_contain_text("Will run")
    expect(why.locator("del")).to_contain_text("a red circle")
    expect(why.locator("ins")).to_contain_text("a green square")
    way = why.get_by_role("navigation", name="Where it comes from")
    expect(way.get_by_role("button", name="Sampler")).to_be_visible()
    way.get_by_role("button", name="Prompt").click()
    expect(editor.panel("Inspector").get_by_label("Name")).to_have_value("Prompt")


def test_a_node_that_has_run_tells_its_time_and_what_it_keeps(editor: Editor) -> None:
    editor.open_graph(text_to_image()).run()
    editor.node("Sampler").says(RAN)
    editor.node("Sampler").choose()

    why = editor.panel("Inspector").get_by_role("region", name="Why it runs")
    expect(why).to_contain_text("Last time it ran in")
    expect(why).to_contain_text(re.compile(r"Time\s*[\d.<]+ s"))
    expect(why).to_contain_text("Kept")


def test_one_looks_into_a_link(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Show").says(WILL_RUN)
    editor.on_link("Invert", "image", "Show", "images", click=False)
    peek = editor.page.get_by_role("tooltip", name="What flows here")
    expect(peek).to_contain_text(re.compile("image 1 . 64 . 64 . 3"))
    expect(peek).to_contain_text("Not computed yet")

    editor.run()
    editor.node("Invert").choose()
    editor.press("Alt+p")
    opened = editor.page.get_by_role("dialog", name="What flows here")
    expect(opened).to_contain_text("IMAGE")
    expect(opened).to_contain_text(re.compile("1 . 64 . 64 . 3"))
    expect(opened.get_by_role("img", name=re.compile("^Values from"))).to_be_visible()
    expect(opened.get_by_role("img", name="What is in this image")).to_be_visible()
    editor.press("Escape")
    expect(opened).to_be_hidden()


def test_a_latent_is_seen_as_a_picture(editor: Editor) -> None:
    editor.open_graph(text_to_image()).run()
    editor.node("Sampler").choose()
    editor.press("Alt+p")

    expect(editor.dialog.get_by_role("img", name="What is in this latent")).to_be_visible()


def test_what_a_socket_carries_is_seen_while_the_pointer_rests_on_it(editor: Editor) -> None:
    editor.open_graph(text_to_image()).run()
    peek = editor.page.get_by_role("tooltip", name="What flows here")
    for socket in (editor.node("Sampler").output("latent"), editor.node("Decode").input("samples")):
        socket.hover()
        expect(peek.get_by_role("img", name="What is in this latent")).to_be_visible()
        expect(peek).to_contain_text("of Sampler")
        editor.page.mouse.move(*editor.empty_place())
        expect(peek).to_be_hidden()


def test_labels_of_links_cover_no_node(editor: Editor) -> None:
    graph = text_to_image()
    for one in graph["nodes"].values():
        one["_meta"]["position"][0] *= 2
    editor.open_graph(graph).press("Control+a")
    labels = editor.page.locator(".link-label")
    expect(labels.filter(has_text="latent").first).to_be_visible()
    boxes = [bounds(node) for node in editor.nodes.all()]
    for label in labels.all():
        one = bounds(label)
        for box in boxes:
            beside = one["x"] + one["width"] <= box["x"] or one["x"] >= box["x"] + box["width"]
            assert beside or one["y"] + one["height"] <= box["y"] or one["y"] >= box["y"] + box["height"]


def test_shapes_that_cannot_fit_are_told_before_anything_runs(editor: Editor) -> None:
    graph = text_to_image()
    graph["nodes"]["canvas"]["inputs"]["width"] = 61
    editor.open_graph(graph)

    expect(editor.page.get_by_role("button", name=re.compile("^[1-9] problem"))).to_be_visible()
    expect(editor.node("Sampler").box).to_contain_text("no whole cells of 4")
    editor.node("Canvas").set("width", 62)
    expect(editor.node("Sampler").box).to_contain_text("62")
    editor.node("Canvas").set("width", 64)
    expect(editor.page.get_by_role("button", name="No problems")).to_be_visible()


def test_a_run_is_laid_out_in_time(editor: Editor) -> None:
    editor.open_graph(text_to_image(steps=5)).run()
    editor.act("Timeline")
    timeline = editor.panel("Timeline")
    sampler = timeline.get_by_role("button", name=re.compile("^Sampler .*compute"))
    expect(sampler).to_be_visible()
    with editor.page.expect_download() as downloading:
        timeline.get_by_role("link", name="Trace").click()
    assert b"traceEvents" in downloading.value.path().read_bytes()

    sampler.click()
    expect(editor.chosen).to_have_text("1 of 7 chosen")
    editor.run()
    editor.node("Save").says(CACHED)
    expect(timeline).to_contain_text("all of it came from the cache")


def test_two_graphs_are_compared_value_by_value(editor: Editor) -> None:
    editor.open_graph(pictures("Before"))
    width = {"a": node("EmptyImage", "Plain", 0, 0, width=64)}
    editor.open_graph(document("Small", width))
    editor.act("Differences")
    panel = editor.panel("Differences")
    expect(panel).to_contain_text("No differences")
    editor.node("Plain").set("width", 32)
    row = panel.get_by_role("row").filter(has_text="width")
    expect(row).to_contain_text("64")
    expect(row).to_contain_text("32")

    panel.get_by_label("Compared with").select_option("the tab Before")
    expect(panel).to_contain_text("Removed")
    expect(panel).to_contain_text("Added")
    panel.get_by_label("Compared with").select_option("the graph as it was opened or saved")
    row.get_by_role("button", name="64").click()
    expect(editor.node("Plain").field("width")).to_have_value("64")
