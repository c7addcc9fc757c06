"""What runs have made: looked at, compared, swept over, and come back to."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.web.editor import Editor
from tests.web.graphs import pictures, text_to_image
from tests.web.node import RUN, bounds


def saved(title: str = "Saved") -> dict[str, object]:
    """Pictures that are kept."""
    graph = pictures(title)
    graph["nodes"]["show"].update(class_type="SaveImage")
    return dict(graph)


def two_runs(editor: Editor) -> list[str]:
    """Run a graph twice, with two widths."""
    editor.open_graph(saved()).run()
    editor.node("Show").shows_a_picture()
    first = editor.node("Show").pictures.first.get_attribute("aria-label")
    editor.node("Plain").set("width", 96)
    editor.node("Show").says(re.compile("^Will run"))
    editor.run()
    expect(editor.node("Show").pictures.first).not_to_have_accessible_name(first or "")
    second = editor.node("Show").pictures.first.get_attribute("aria-label")
    return [str(first), str(second)]


def this_line(editor: Editor) -> Locator:
    """The runs of this graph in the history."""
    editor.press("h")
    history = editor.panel("History")
    history.get_by_role("button", name="This line").click()
    return history


def test_a_picture_is_looked_at_closely(editor: Editor) -> None:
    editor.open_graph(saved()).run()
    editor.node("Show").pictures.first.click()
    expect(editor.dialog.get_by_role("img")).to_be_visible()
    stage = editor.dialog.get_by_role("application")
    expect(stage).to_contain_text(re.compile("64 . 64, "))
    expect(stage).to_be_focused()
    editor.press("1")
    expect(stage).to_contain_text(re.compile("64 . 64, 100 %"))
    editor.press("+")
    expect(stage).to_contain_text("125 %")
    editor.press("Escape")
    expect(editor.dialog).to_be_hidden()


def test_the_gallery_has_what_was_made_the_newest_first(editor: Editor) -> None:
    _, second = two_runs(editor)
    editor.press("g")
    newest = editor.panel("Gallery").get_by_role("listitem").first.get_by_role("button")
    name = second.removeprefix("Look at ")
    expect(newest).to_have_accessible_name(re.compile(re.escape(name)))
    newest.click()
    expect(editor.dialog).to_contain_text(name)

    editor.press("ArrowRight")
    expect(editor.dialog).not_to_contain_text(name)


def test_earlier_runs_are_a_tree_that_one_goes_back_in(editor: Editor) -> None:
    two_runs(editor)
    runs = this_line(editor).get_by_role("button", name=re.compile("^Run of .*Bring its graph back"))
    expect(runs).to_have_count(2)
    expect(runs.first).to_contain_text("You are here")
    runs.last.hover()
    detail = editor.panel("History").get_by_role("region", name=re.compile("^Run of"))
    expect(detail.locator("del")).to_contain_text("96")
    expect(detail.locator("ins")).to_contain_text("64")
    runs.last.click()
    expect(editor.node("Plain").field("width")).to_have_value("64")

    editor.node("Plain").set("height", 48)
    editor.node("Show").says(re.compile("^Will run"))
    editor.run()
    expect(runs).to_have_count(2)
    editor.panel("History").get_by_role("button", name="All", exact=True).click()
    tree = editor.panel("History").get_by_role("list")
    assert tree.locator("svg path").count() >= 3
    editor.press("Control+z", "Control+z")
    expect(editor.node("Plain").field("width")).to_have_value("96")


def test_the_pointer_comes_from_a_run_to_what_can_be_done_with_it(editor: Editor) -> None:
    two_runs(editor)
    history = this_line(editor)
    runs = history.get_by_role("button", name=re.compile("Bring its graph back"))
    expect(runs).to_have_count(2)
    runs.last.hover()
    back = history.get_by_role("button", name="Back", exact=True)
    expect(back).to_be_visible()
    box = bounds(back)
    editor.page.mouse.move(box["x"] + 20, box["y"] + 10, steps=20)
    editor.page.wait_for_timeout(400)  # longer than the pointer has to rest on anything
    back.click()

    expect(editor.node("Plain").field("width")).to_have_value("64")


def test_a_picture_of_the_history_is_compared_with_another_one(editor: Editor) -> None:
    two_runs(editor)
    history = this_line(editor)
    runs = history.get_by_role("button", name=re.compile("Bring its graph back"))
    runs.first.hover()
    history.get_by_role("button", name="Compare").click()

    values = editor.panel("Compare").get_by_role("region", name="Values from A to B")
    expect(values.locator("del")).to_contain_text("96")
    expect(values.locator("ins")).to_contain_text("64")


def test_after_a_sweep_one_is_still_where_one_was(editor: Editor) -> None:
    editor.open_graph(saved()).run()
    editor.act("Sweep over values")
    dialog = editor.page.get_by_role("dialog", name="Sweep over values")
    dialog.get_by_label("Which field changes downwards").click()
    dialog.get_by_role("option", name="Plain, width").click()
    dialog.get_by_label("Down: the values").fill("1..12")
    dialog.get_by_role("button", name="Run them").click()
    expect(dialog.get_by_role("button", name=re.compile("^Look at it"))).to_have_count(12, timeout=RUN)
    editor.press("Escape")
    history = this_line(editor)

    runs = history.get_by_role("button", name=re.compile("Bring its graph back"))
    expect(runs).to_have_count(13)
    expect(runs.last).to_contain_text("You are here")
    rails, panel = bounds(history.locator(".history-rails").first), bounds(history)
    assert rails["width"] < panel["width"] / 2.5


def test_two_pictures_are_compared(editor: Editor) -> None:
    two_runs(editor)
    editor.act("Compare")
    compare = editor.panel("Compare")
    expect(compare.get_by_role("img", name=re.compile("^A: "))).to_be_visible()
    expect(compare.get_by_role("img", name=re.compile("^B: "))).to_be_visible()
    values = compare.get_by_role("region", name="Values from A to B")
    expect(values.locator("del")).to_contain_text("64")
    expect(values.locator("ins")).to_contain_text("96")
    compare.get_by_role("slider").press("ArrowLeft")
    expect(compare.get_by_role("slider")).to_have_value("49")

    compare.get_by_role("button", name="Difference").click()
    over = compare.locator(".beside-over")
    expect(over).to_have_css("mix-blend-mode", "difference")
    compare.get_by_role("button", name="Flicker").click()
    for side, seen in (("A", "0"), ("B", "1"), ("A", "0")):
        expect(compare.locator(".beside-name")).to_have_text(side)
        expect(over).to_have_css("opacity", seen)
    compare.get_by_role("button", name="Exchange A and B").click()
    expect(values.locator("del")).to_contain_text("96")


def test_a_sweep_makes_a_grid_of_pictures(editor: Editor) -> None:
    editor.open_graph(saved())
    editor.act("Sweep over values")
    dialog = editor.page.get_by_role("dialog", name="Sweep over values")
    for label, field, side, values in (
        ("downwards", "Plain, width", "Down", "16..32 step 16"),
        ("across", "Plain, height", "Across", "16, 24, 32"),
    ):
        dialog.get_by_label(f"Which field changes {label}").click()
        dialog.get_by_role("option", name=field).click()
        dialog.get_by_label(f"{side}: the values").fill(values)
    expect(dialog.get_by_role("status")).to_contain_text("6 runs")
    dialog.get_by_role("button", name="Run them").click()

    cells = dialog.get_by_role("cell").get_by_role("button", name=re.compile("^Look at it"))
    expect(cells).to_have_count(6, timeout=RUN)
    cells.last.click()
    expect(editor.page.get_by_role("dialog", name="Picture").get_by_role("img")).to_be_visible()
    editor.press("Escape")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Bring this one's graph back").last.click()
    expect(editor.node("Plain").field("width")).to_have_value("32")
    expect(editor.node("Plain").field("height")).to_have_value("32")


def test_pictures_stay_on_their_nodes_when_the_page_is_loaded_again(editor: Editor) -> None:
    editor.open_graph(text_to_image()).run()
    editor.node("Save").shows_a_picture()
    editor.reload()

    editor.node("Save").shows_a_picture()
