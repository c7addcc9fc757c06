"""A graph of somebody else's may hold anything: it is shown as text, and does nothing."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.engine.served import Served
from tests.web.editor import Editor
from tests.web.graphs import Graph, document, node
from tests.web.node import bounds

MARKUP = '<img src=x onerror="window.harmed=1"><script>window.harmed=1</script>'
RIGHT_TO_LEFT = "\u202e\u0645\u0631\u062d\u0628\u0627\u202c"
LONG = "wide" * 5000
NOTE = f"""# {MARKUP}

[press me](javascript:window.harmed=1) [or me](  JaVaScRiPt:window.harmed=1) <a href="javascript:harmed=1">me</a>
![picture](https://elsewhere.invalid/x.png) ![picture](javascript:window.harmed=1)
<iframe src="https://elsewhere.invalid"></iframe> [data](data:text/html,<script>harmed=1</script>)

{RIGHT_TO_LEFT} {LONG}
"""


def hostile() -> Graph:
    """A graph in which every text is an attack."""
    text = MARKUP + RIGHT_TO_LEFT
    nodes = {
        "text": node("PrimitiveString", text, 0, 0, value=text),
        "show": node("PreviewAny", f"Shown {MARKUP}", 320, 0, source=["text", "value"]),
        "long": node("PrimitiveString", LONG, 0, 200, value=LONG),
        MARKUP: node(f"@{MARKUP}", f"Part {MARKUP}", 320, 200),
        "unknown": node(f"{MARKUP}{LONG}", MARKUP, 640, 200, **{MARKUP: MARKUP}),
    }
    nodes["text"]["_meta"]["color"] = '"><script>window.harmed=1</script>'
    inner = {"title": MARKUP, "help": NOTE, "nodes": {}, "inputs": [], "outputs": []}
    return document(
        f"Title {MARKUP}",
        nodes,
        description=MARKUP,
        groups=[{"id": "g", "title": f"Group {text}", "bounds": [-20, 160, 600, 200], "color": MARKUP}],
        notes=[{"id": "n", "text": NOTE, "bounds": [640, -40, 280, 200]}],
        subgraphs={MARKUP: inner},
        exposed=[{"node": "text", "input": "value", "label": MARKUP}],
    )


def test_every_text_of_a_hostile_graph_is_shown_as_text(editor: Editor) -> None:
    editor.open_graph(hostile())
    expect(editor.canvas.get_by_role("heading", name=f"Group {MARKUP}")).to_be_visible()
    expect(editor.canvas.get_by_role("article").filter(has_text="press me")).to_contain_text("onerror")
    editor.press("Control+a")
    for panel in ("History", "Outline", "Problems", "Form", "Differences"):
        editor.act(panel)
        expect(editor.panel(panel)).to_be_visible()
    expect(editor.panel("Outline")).to_contain_text(MARKUP)
    editor.act("Missing nodes and files")
    expect(editor.dialog).to_contain_text("onerror")
    editor.press("Escape", "Control+f")
    editor.dialog.get_by_role("combobox").fill("onerror")
    expect(editor.dialog.get_by_role("option").first).to_contain_text(MARKUP)
    editor.press("Escape", "i")

    harmless(editor)


def test_what_nodes_say_and_what_fails_is_shown_as_text(editor: Editor, tmp_path: Path) -> None:
    editor.watch.expect("40[0-9]")
    nodes = {
        "text": node("PrimitiveString", "Text", 0, 0, value=MARKUP),
        "show": node("PreviewAny", "Shown", 320, 0, source=["text", "value"]),
        "bad": node("RegexMatch", "Bad", 0, 160, string="", regex_pattern=f"({MARKUP}"),
        "also": node("PreviewAny", "Also", 320, 160, source=["bad", "found"]),
    }
    editor.open_graph(document("Says", nodes))
    editor.button("Run").last.click()
    expect(editor.node("Shown").box).to_contain_text(MARKUP)
    expect(editor.node("Bad").box).to_contain_text("onerror")
    wrong = tmp_path / "<img src=x onerror=harmed=1>.json"
    wrong.write_text("{", "utf-8")
    editor.drop(wrong, "application/json")
    editor.says("<img src=x onerror=harmed=1>")

    harmless(editor)


def test_links_in_notes_lead_nowhere_that_runs(editor: Editor) -> None:
    editor.open_graph(hostile())
    note = editor.canvas.get_by_role("article").filter(has_text="press me")
    targets = note.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href') ?? '')")
    assert all(target.startswith(("http:", "https:", "mailto:", "#")) or not target for target in targets)
    expect(note.locator("iframe, script, object, embed")).to_have_count(0)


def test_a_long_text_breaks_nothing(editor: Editor) -> None:
    editor.open_graph(hostile()).press("Control+a", "o")
    expect(editor.panel("Outline")).to_be_visible()

    assert editor.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    panel = editor.panel("Outline")
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    node = bounds(editor.node(LONG).box)
    assert node["width"] < 600


def test_nodes_may_be_called_as_what_every_object_has(editor: Editor) -> None:
    nodes = {
        "__proto__": node("EmptyImage", "__proto__", 0, 0, width=64, height=64, batch_size=1, color=77),
        "constructor": node("ImageInvert", "constructor", 320, 0, image=["__proto__", "image"]),
        "toString": node("PreviewImage", "toString", 640, 0, images=["constructor", "image"]),
    }
    editor.open_graph(document("Odd", nodes)).run()
    editor.node("toString").shows_a_picture()
    editor.node("constructor").output("image").hover()
    peek = editor.page.get_by_role("tooltip", name="What flows here")
    expect(peek.get_by_role("img", name="What is in this image")).to_be_visible()
    editor.press("Control+a", "Delete")
    expect(editor.chosen).to_have_text("0 nodes")


def test_a_page_of_elsewhere_cannot_ask_the_server(editor: Editor, weft: Served) -> None:
    status, _ = weft.post("/prompt", {"prompt": {}}, Origin="https://elsewhere.invalid")
    assert status == 403
    assert editor.watch.elsewhere == []


def harmless(editor: Editor) -> None:
    """Nothing of it was run, and nobody else was asked."""
    assert editor.page.evaluate("window.harmed") is None
    assert editor.watch.elsewhere == []
    assert not [fault for fault in editor.watch.faults if "Content Security Policy" in fault]
