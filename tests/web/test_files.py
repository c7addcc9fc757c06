"""Files in and out: nothing that was drawn is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Dialog, expect

from tests.engine.installation import ROOT
from tests.web.editor import Editor
from tests.web.graphs import document, node, pictures

COMFYUI = ROOT / "tests" / "engine" / "formats" / "files"


def answer(editor: Editor, *texts: str) -> list[str]:
    """Answer the browser's own questions, in their order; gives what was asked."""
    asked: list[str] = []
    left = list(texts)

    def take(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept(left.pop(0) if dialog.type == "prompt" else None)

    editor.page.on("dialog", take)
    return asked


def test_a_picture_that_the_command_line_made_is_dropped_and_is_the_graph(
    editor: Editor, tmp_path: Path
) -> None:
    graph = pictures("Made outside")
    graph["nodes"]["show"].update(class_type="SaveImage")
    (tmp_path / "graph.json").write_text(json.dumps(graph), "utf-8")
    run = [sys.executable, "main.py", "run", str(tmp_path / "graph.json"), "--output", str(tmp_path / "out")]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (picture,) = (tmp_path / "out").glob("*.png")
    editor.drop(picture, "image/png")

    expect(editor.tab("Made outside")).to_be_visible()
    assert editor.document()["nodes"] == graph["nodes"]
    editor.run()
    editor.node("Show").shows_a_picture()


def test_a_picture_that_the_editor_made_is_the_graph_as_it_was_drawn(editor: Editor, tmp_path: Path) -> None:
    graph = pictures("Drawn", notes=[{"id": "n", "text": "Mind the gap", "bounds": [0, 260, 240, 100]}])
    graph["nodes"]["show"].update(class_type="SaveImage")
    editor.open_graph(graph).run()
    image = editor.node("Show").pictures.first.get_by_role("img").get_attribute("src")
    made = editor.page.request.get(f"{editor.address}/{image}")
    (tmp_path / "made.png").write_bytes(made.body())
    editor.press("Alt+w")
    expect(editor.tab("Drawn")).to_be_hidden()
    editor.drop(tmp_path / "made.png", "image/png")

    expect(editor.tab("Drawn")).to_be_visible()
    expect(editor.canvas).to_contain_text("Mind the gap")


def test_a_comfyui_workflow_of_the_old_kind_is_opened(editor: Editor) -> None:
    editor.drop(COMFYUI / "default.json", "application/json")
    expect(editor.tab("default")).to_be_visible()

    editor.press("f", ".")
    expect(editor.chosen).to_have_text("7 nodes")
    found = editor.document()["nodes"]
    kinds = sorted(node["class_type"] for node in found.values())
    assert kinds.count("CLIPTextEncode") == 2
    assert "KSampler" in kinds
    assert {"bottle" in str(node["inputs"].get("text")) for node in found.values()} == {True, False}


def test_a_comfyui_workflow_with_a_subgraph_is_opened_and_gone_into(editor: Editor) -> None:
    editor.drop(COMFYUI / "subgraphs.json", "application/json")
    expect(editor.tab("subgraphs")).to_be_visible()
    editor.press("f", "Alt+a", ".")
    editor.go_near()
    fox = editor.node("Fox")
    editor.press("Control+f")
    editor.dialog.get_by_role("combobox").fill("Fox")
    editor.press("Enter")
    fox.box.get_by_role("button", name="Go into Fox").click()

    expect(editor.page.get_by_role("navigation", name="Subgraphs")).to_contain_text("subgraphs")
    editor.press(".")
    expect(editor.canvas.get_by_role("group", name="Inputs of the subgraph")).to_be_visible()


def test_a_graph_is_saved_closed_and_opened_again(editor: Editor) -> None:
    asked = answer(editor, "kept by me")
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("p")
    expect(editor.tab("Pictures")).to_contain_text("not saved")
    editor.press("Control+s")
    editor.says("Saved as kept by me.json")
    expect(editor.tab("kept by me")).not_to_contain_text("not saved")
    assert asked == ["Save as"]
    saved = editor.document()

    editor.press("Alt+w")
    editor.button("Files").click()
    editor.panel("Files").get_by_role("button", name="kept by me").first.click()
    expect(editor.tab("kept by me")).to_be_visible()
    assert editor.document() == saved


def test_a_name_that_is_taken_is_asked_for_before_it_is_replaced(editor: Editor) -> None:
    editor.watch.expect("409")
    asked = answer(editor, "taken", "taken")
    editor.open_graph(pictures("First")).press("Control+s")
    editor.says("Saved as taken.json")
    editor.open_graph(pictures("Second")).press("Control+s")

    expect(editor.tab("taken")).to_have_count(2)
    assert asked == ["Save as", "Save as", "taken.json is there already. Replace it?"]


def test_a_graph_is_exported_for_comfyui(editor: Editor, tmp_path: Path) -> None:
    editor.open_graph(pictures())
    with editor.page.expect_download() as downloading:
        editor.choose("File", "Export as ComfyUI workflow")
    workflow = json.loads(downloading.value.path().read_text("utf-8"))
    assert {one["type"] for one in workflow["nodes"]} == {"EmptyImage", "ImageInvert", "PreviewImage"}
    with editor.page.expect_download() as downloading:
        editor.choose("File", "Export for ComfyUI's API")
    prompt = json.loads(downloading.value.path().read_text("utf-8"))
    assert prompt["invert"]["inputs"] == {"image": ["plain", 0]}

    (tmp_path / "again.json").write_text(json.dumps(workflow), "utf-8")
    editor.drop(tmp_path / "again.json", "application/json")
    expect(editor.tab("again")).to_be_visible()
    expect(editor.chosen).to_have_text("3 nodes")


@pytest.mark.parametrize("content", ['{"neither": "one"}', "not JSON", ""])
def test_a_file_that_is_no_graph_is_refused_and_nothing_is_lost(
    editor: Editor, tmp_path: Path, content: str
) -> None:
    editor.watch.expect("4[0-9][0-9]")
    editor.open_graph(pictures())
    file = tmp_path / "wrong.json"
    file.write_text(content, "utf-8")
    editor.drop(file, "application/json")

    editor.says("wrong could not be opened")
    expect(editor.page.get_by_role("tab")).to_have_count(1)
    expect(editor.nodes).to_have_count(3)


def test_a_tab_that_was_closed_comes_back_with_its_steps(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.node("Invert").choose()
    editor.press("Delete", "Alt+w")
    editor.says("was closed")
    editor.press("Control+Shift+t")

    expect(editor.nodes).to_have_count(2)
    editor.press("Control+z")
    expect(editor.nodes).to_have_count(3)


def test_every_template_opens_and_lacks_nothing_but_files(editor: Editor) -> None:
    editor.button("Templates").click()
    panel = editor.panel("Templates")
    cards = panel.get_by_role("listitem")
    expect(cards).not_to_have_count(0)
    ready = panel.get_by_role("list").first.get_by_role("listitem").count()
    for place, title in enumerate(cards.locator("strong").all_inner_texts()):
        if place > 0:
            editor.button("Templates").click()
        cards.nth(place).get_by_role("button").click()
        expect(editor.page.get_by_role("tab", name=title, selected=True)).to_be_in_viewport(ratio=0.9)
        if place < ready:
            expect(editor.page.get_by_role("button", name="No problems")).to_be_visible()


def test_what_is_missing_is_told_with_what_could_take_its_place(editor: Editor) -> None:
    nodes = {
        "model": node("CheckpointLoaderSimple", "Model", 0, 0, ckpt_name="shapeland-mano.safetensors"),
        "invert": node("ImageInvertt", "Invert", 320, 0),
    }
    editor.open_graph(document("Missing", nodes))
    expect(editor.node("Invert").box).to_be_visible()
    editor.act("Missing nodes and files")
    expect(editor.dialog).to_contain_text("ImageInvertt")
    expect(editor.dialog).to_contain_text("shapeland-mano.safetensors")
    editor.dialog.get_by_role("button", name="ImageInvert", exact=True).click()
    editor.dialog.get_by_label("Instead of shapeland-mano.safetensors").select_option(
        "shapeland-nano.safetensors"
    )

    expect(editor.dialog).to_contain_text("Nothing is missing")
    editor.press("Escape")
    found = editor.document()["nodes"]
    assert found["invert"]["class_type"] == "ImageInvert"
    assert found["model"]["inputs"]["ckpt_name"] == "shapeland-nano.safetensors"
