"""The fields of nodes: each is set in the ways that its kind invites to."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.engine.installation import ROOT
from tests.web.editor import Editor
from tests.web.graphs import document, node, text_to_image
from tests.web.node import bounds


def test_a_number_is_dragged_stepped_and_calculated(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    cfg = editor.node("Sampler").field("cfg")
    at = bounds(cfg)
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    editor.drag((x, y), (x + 40, y))
    dragged = float(cfg.input_value())
    assert dragged > 3
    editor.press("Control+z")
    expect(cfg).to_have_value("3")

    cfg.press("ArrowUp")
    expect(cfg).to_have_value("3.1")
    editor.node("Sampler").set("cfg", "2 * (3 + 1) / 4")
    expect(cfg).to_have_value("2")
    editor.node("Sampler").set("cfg", "no number")
    expect(cfg).to_have_value("2")
    editor.node("Sampler").set("cfg", "12345")
    expect(cfg).to_have_value("100")


def test_a_value_is_chosen_from_a_long_list_by_a_search(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    editor.node("Sampler").field("sampler name").click()
    editor.page.get_by_role("combobox", name="Search the list").fill("dpmpp_2m_sde_heun_gpu")
    expect(editor.page.get_by_role("option")).to_have_count(1)
    editor.press("Enter")

    expect(editor.node("Sampler").field("sampler name")).to_contain_text("dpmpp_2m_sde_heun_gpu")


def test_words_of_a_prompt_are_weighed_by_keys(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    text = editor.node("Prompt").field("text")
    text.click()
    text.evaluate("element => element.setSelectionRange(2, 5)")
    editor.press("Control+ArrowUp", "Control+ArrowUp")
    expect(text).to_have_value("a (red:1.1) circle")

    editor.press("Control+ArrowDown", "Control+ArrowDown")
    expect(text).to_have_value("a red circle")


def test_a_switch_is_turned(editor: Editor) -> None:
    editor.open_graph(
        document("Switch", {"match": node("RegexMatch", "Match", 0, 0, string="a", regex_pattern="A")})
    )
    switch = editor.node("Match").field("case insensitive")
    expect(switch).to_be_checked()
    switch.click()

    expect(switch).not_to_be_checked()
    assert editor.document()["nodes"]["match"]["inputs"]["case_insensitive"] is False


def test_a_seed_is_thrown_anew(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    sampler = editor.node("Sampler")
    before = sampler.field("seed").input_value()
    sampler.box.get_by_role("button", name="A new seed").click()
    expect(sampler.field("seed")).not_to_have_value(before)
    editor.press("Control+z")
    expect(sampler.field("seed")).to_have_value(before)


def test_a_picture_is_brought_along(editor: Editor, tmp_path: Path) -> None:
    nodes = {
        "load": node("LoadImage", "Load", 0, 0),
        "show": node("PreviewImage", "Show", 400, 0, images=["load", "image"]),
    }
    picture = tmp_path / "mine.png"
    picture.write_bytes((ROOT / "input" / "shapes.png").read_bytes())
    editor.open_graph(document("Upload", nodes))
    editor.node("Load").box.get_by_label("Bring a picture").set_input_files(picture)

    expect(editor.node("Load").field("image")).to_contain_text("mine")
    expect(editor.node("Load").box.get_by_role("img")).to_be_visible()
    editor.run()
    editor.node("Show").shows_a_picture()


def test_a_picture_is_dropped_onto_a_field_and_opens_no_graph(editor: Editor) -> None:
    editor.open_graph(document("Drop", {"load": node("LoadImage", "Load", 0, 0)}))
    field = editor.node("Load").field("image")
    editor.drop(ROOT / "input" / "shapes.png", "image/png", onto=field)

    expect(field).to_contain_text("shapes")
    expect(editor.page.get_by_role("tab")).to_have_count(1)


def test_fields_that_are_used_often_make_a_form(editor: Editor) -> None:
    editor.open_graph(text_to_image())
    inspector = editor.panel("Inspector")
    for title, label in {"Prompt": "text", "Sampler": "steps"}.items():
        editor.node(title).choose()
        inspector.get_by_role("button", name=f"Show {label} in the form").click()
    editor.act("Form")
    form = editor.panel("Form")
    expect(form.get_by_role("listitem")).to_have_count(2)
    for name in form.locator(".field-name").all():
        assert name.evaluate(
            "name => name.scrollWidth <= name.clientWidth"
        )  # or fields could not be told apart
    steps = form.get_by_label("Sampler: steps", exact=True)
    steps.fill("5")
    steps.press("Enter")
    expect(editor.node("Sampler").field("steps")).to_have_value("5")

    form.get_by_role("button", name="Move Sampler: steps up").click()
    form.get_by_role("button", name="Take Prompt: text out of the form").click()
    assert editor.document()["exposed"] == [{"node": "sampler", "input": "steps"}]
