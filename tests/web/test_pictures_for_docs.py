"""The main states of the editor as `docs/editor.md` shows them, each gone to as a person would."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.web.editor import Editor
from tests.web.graphs import Graph, text_to_image
from tests.web.node import RUN, WILL_RUN
from tests.web.test_subgraphs import nested

PROMPT = "a large red circle at the top left on a white background"


@pytest.fixture
def size() -> ViewportSize:
    """The size of these pictures."""
    return {"width": 1440, "height": 900}


def painted(seed: int) -> Graph:
    """Text to image with the steps that make a good picture."""
    graph = text_to_image("Text to image", steps=20)
    places = {"model": [0, 0], "canvas": [0, 220], "prompt": [300, 0], "negative": [300, 220]}
    places |= {"sampler": [600, 0], "decode": [900, 0], "save": [900, 120]}
    for id, place in places.items():
        graph["nodes"][id]["_meta"]["position"] = place
    graph["nodes"]["save"]["_meta"]["size"] = [260, 320]
    graph["nodes"]["prompt"]["inputs"]["text"] = PROMPT
    graph["nodes"]["sampler"]["inputs"]["seed"] = seed
    return graph


@pytest.fixture
def painting(editor: Editor) -> Editor:
    """Text to image, after a run."""
    editor.open_graph(painted(seed=0)).run()
    editor.node("Save").shows_a_picture()
    return editor


def change_prompt(editor: Editor, text: str) -> None:
    """Ask for another picture."""
    editor.node("Prompt").set("text", text)
    editor.node("Save").says(WILL_RUN)


@pytest.mark.parametrize(("scheme", "name"), [("dark", "editor"), ("light", "light")])
def test_text_to_image_after_a_run(painting: Editor, name: str) -> None:
    painting.node("Sampler").choose()
    painting.page.mouse.move(*painting.empty_place(0.5, 0.95))
    expect(painting.panel("Inspector")).to_contain_text("Last time it")
    painting.picture(name)


def test_the_search(editor: Editor) -> None:
    editor.open_graph(painted(seed=0))
    editor.drag(editor.node("Decode").output("image"), editor.empty_place(0.6, 0.1))
    search = editor.page.get_by_role("dialog", name="Add a node")
    search.get_by_role("combobox").fill("scale")
    expect(search.get_by_role("option").first).to_be_visible()
    editor.picture("search")


def test_problems(editor: Editor) -> None:
    graph = painted(seed=0)
    graph["nodes"]["sampler"]["inputs"]["steps"] = 0
    del graph["nodes"]["sampler"]["inputs"]["negative"]
    editor.open_graph(graph)
    expect(editor.page.get_by_role("button", name="2 problems")).to_be_visible()
    editor.act("Problems")
    expect(editor.panel("Problems").get_by_role("listitem")).to_have_count(2)
    editor.picture("problems")


def test_why(painting: Editor) -> None:
    change_prompt(painting, "a small blue star on a black background")
    painting.node("Save").badge.click()
    expect(painting.dialog.locator("ins")).to_contain_text("blue star")
    painting.picture("why")


def test_history_and_comparison(painting: Editor) -> None:
    change_prompt(painting, "a large blue square on a black background")
    painting.run()
    painting.node("Sampler").set("cfg", 6)
    painting.node("Save").says(WILL_RUN)
    painting.run()
    painting.press("h")
    history = painting.panel("History")
    history.get_by_role("button", name="This line").click()
    runs = history.get_by_role("button", name=re.compile("Bring its graph back"))
    expect(runs).to_have_count(3)
    runs.last.click()
    change_prompt(painting, "a large green triangle on a white background")
    painting.run()
    history.get_by_role("button", name="All", exact=True).click()
    runs.nth(1).hover()
    expect(history.locator("ins").first).to_be_visible()
    painting.picture("history")

    painting.press("h")
    painting.act("Compare")
    expect(painting.panel("Compare").get_by_role("img", name=re.compile("^B: "))).to_be_visible()
    painting.picture("compare")


def test_a_subgraph(editor: Editor) -> None:
    editor.open_graph(nested())
    editor.node("Part").box.get_by_role("button", name="Go into Part").click()
    expect(editor.node("Turn").box).to_be_visible()
    editor.picture("subgraph")


def test_a_sweep(painting: Editor) -> None:
    painting.act("Sweep over values")
    dialog = painting.page.get_by_role("dialog", name="Sweep over values")
    for label, field, side, values in (
        ("downwards", "Sampler, cfg", "Down", "1, 3, 6"),
        ("across", "Sampler, seed", "Across", "1..4"),
    ):
        dialog.get_by_label(f"Which field changes {label}").click()
        dialog.get_by_role("option", name=field).click()
        dialog.get_by_label(f"{side}: the values").fill(values)
    dialog.get_by_role("button", name="Run them").click()
    cells = dialog.get_by_role("button", name=re.compile("^Look at it"))
    expect(cells).to_have_count(12, timeout=3 * RUN)
    painting.picture("sweep")


def test_what_a_new_person_sees(editor: Editor) -> None:
    editor.act("Templates")
    expect(editor.panel("Templates").get_by_role("listitem").first).to_be_visible()
    editor.picture("templates")
