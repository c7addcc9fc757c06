"""Running a graph: what runs and what does not, seen before and after."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import document, node, pictures, text_to_image
from tests.web.node import CACHED, RAN, RUN, WILL_RUN


def test_one_change_runs_only_what_depends_on_it(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    editor.node("Save").says(WILL_RUN)
    editor.run()
    editor.node("Save").shows_a_picture()

    editor.node("Sampler").set("cfg", 2)
    for title in ("Sampler", "Decode", "Save"):
        editor.node(title).says(WILL_RUN)
    for title in ("Model", "Prompt", "Negative", "Canvas"):
        expect(editor.node(title).badge).not_to_have_accessible_name(WILL_RUN)

    editor.run()
    for title in ("Sampler", "Decode", "Save"):
        editor.node(title).says(RAN)
    for title in ("Model", "Prompt", "Negative", "Canvas"):
        editor.node(title).says(CACHED)


def test_a_graph_that_has_run_takes_nothing_to_run_again(editor: Editor) -> None:
    editor.open_graph(pictures()).run()
    editor.node("Show").shows_a_picture()

    editor.node("Plain").set("width", 32)
    editor.node("Invert").says(WILL_RUN)
    editor.press("Control+z")

    for title in ("Plain", "Invert"):
        expect(editor.node(title).badge).not_to_have_accessible_name(WILL_RUN)


def test_a_run_goes_only_as_far_as_one_wants(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").says(WILL_RUN)
    editor.node("Invert").choose()
    editor.press("Alt+Enter")

    editor.node("Invert").says(RAN)
    expect(editor.node("Show").pictures).to_have_count(0)


def test_what_is_wrong_is_told_at_the_input_before_anything_runs(editor: Editor) -> None:
    graph = text_to_image()
    del graph["nodes"]["sampler"]["inputs"]["positive"]
    graph["nodes"]["canvas"]["inputs"]["width"] = 100_000
    editor.open_graph(graph)

    expect(editor.page.get_by_role("button", name="2 problems")).to_be_visible()
    expect(editor.node("Canvas").field("width")).to_have_attribute("aria-invalid", "true")
    expect(editor.node("Sampler").box).to_contain_text("positive")
    editor.page.get_by_role("button", name="2 problems").click()
    problems = editor.panel("Problems")
    expect(problems.get_by_role("listitem")).to_have_count(2)
    problems.get_by_role("button").filter(has_text="width").click()
    expect(editor.chosen).to_have_text("1 of 7 chosen")

    editor.node("Canvas").set("width", 64)
    expect(problems.get_by_role("listitem")).to_have_count(1)
    editor.drag(editor.node("Prompt").output("conditioning"), editor.node("Sampler").input("positive"))
    expect(problems).to_contain_text("Nothing is wrong")


def test_what_cannot_run_is_not_sent_and_says_why(editor: Editor) -> None:
    graph = pictures()
    del graph["nodes"]["show"]["inputs"]["images"]
    editor.open_graph(graph)
    editor.watch.expect("400")
    expect(editor.page.get_by_role("button", name="1 problem")).to_be_visible()
    editor.button("Run").last.click()

    editor.says("Not run")
    editor.says("images")


def test_a_node_that_fails_says_why_and_where(editor: Editor) -> None:
    nodes = {
        "match": node("RegexMatch", "Match", 0, 0, string="a", regex_pattern="("),
        "show": node("PreviewAny", "Result", 400, 0, source=["match", "found"]),
    }
    editor.open_graph(document("Fails", nodes))
    editor.node("Match").says(WILL_RUN)
    editor.button("Run").last.click()

    editor.node("Match").says(re.compile("^Failed"))
    expect(editor.node("Match").box).to_contain_text("unterminated subpattern")
    editor.page.get_by_role("button", name="1 problem").click()
    failure = editor.page.get_by_role("region", name="The run failed")
    expect(failure).to_contain_text("Match failed")
    failure.get_by_role("button", name="Go to the node").click()
    expect(editor.chosen).to_have_text("1 of 2 chosen")

    editor.node("Match").set("regex pattern", "a")
    editor.run()
    expect(editor.node("Result").box).to_contain_text("True")


def test_a_run_is_seen_at_the_node_and_in_the_title_and_can_be_cancelled(editor: Editor) -> None:
    editor.open_graph(text_to_image("Long", steps=2000))
    editor.node("Sampler").says(WILL_RUN)
    editor.button("Run").last.click()

    editor.node("Sampler").says(re.compile("^Running [1-9]"))
    expect(editor.page).to_have_title(re.compile(r"^\d+ % Weft$"))
    expect(editor.page.get_by_role("progressbar", name="The whole run")).to_be_visible()
    expect(editor.node("Sampler").box.get_by_alt_text("Not finished yet")).to_be_visible(timeout=RUN)
    editor.button("Cancel the run").click()

    expect(editor.button("Cancel the run")).to_be_hidden(timeout=RUN)
    expect(editor.page).to_have_title(re.compile("^Long . Weft$"))
    editor.node("Sampler").says(WILL_RUN)


def test_seeds_go_on_as_their_node_says(editor: Editor) -> None:
    editor.open_graph(text_to_image(steps=1))
    sampler = editor.node("Sampler")
    seed = int(sampler.field("seed").input_value())
    sampler.box.get_by_role("button", name="After each run: Keep it").click()
    editor.page.get_by_role("menuitemradio", name="One more after each run").click()
    editor.button("Run").last.click()
    expect(sampler.field("seed")).to_have_value(str(seed + 1))
    editor.node("Save").shows_a_picture()

    editor.press("Control+z")
    expect(sampler.field("seed")).to_have_value(str(seed))
