"""A graph is built with the mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.editor import Editor
from tests.web.graphs import document, node, pictures
from tests.web.node import bounds

PALE = "a large red circle at the top left on a white background"


def test_text_to_image_is_built_from_nothing_with_the_mouse(editor: Editor) -> None:
    canvas = editor.press("f").canvas
    expect(canvas).to_contain_text("An empty canvas")
    canvas.dblclick(position={"x": 80, "y": 80})
    editor.picture("search-of-all")
    editor.add("Load checkpoint")
    editor.node("Load checkpoint").pick("ckpt name", "shapeland-nano.safetensors")

    # What a link is drawn to is found by what it brings.
    editor.drag(editor.node("Load checkpoint").output("clip"), editor.empty_place(0.3, 0.14)).add(
        "Encode text"
    )
    editor.node("Encode text").set("text", PALE)
    sample = editor.empty_place(0.56, 0.14)
    editor.drag(editor.node("Load checkpoint").output("model"), sample).add("Sample")
    editor.drag(editor.node("Encode text").output("conditioning"), editor.node("Sample").input("positive"))
    editor.drag(editor.node("Load checkpoint").output("clip"), editor.empty_place(0.3, 0.6)).add(
        "Encode text"
    )
    editor.drag(editor.nodes.last.locator("[data-socket=out]"), editor.node("Sample").input("negative"))
    editor.drag(editor.node("Sample").input("latent image"), editor.empty_place(0.2, 0.6)).add("Empty latent")
    editor.node("Empty latent").set("width", 64).set("height", 64)
    editor.drag(editor.node("Sample").output("latent"), editor.empty_place(0.8, 0.14)).add("Decode latent")
    editor.drag(editor.node("Load checkpoint").output("vae"), editor.node("Decode latent").input("vae"))
    editor.drag(editor.node("Decode latent").output("image"), editor.empty_place(0.8, 0.4)).add("Save image")
    editor.node("Sample").set("steps", 3)
    expect(editor.page.get_by_text("No problems")).to_be_visible()

    editor.run()
    editor.node("Save image").shows_a_picture()


def test_a_link_drawn_to_nowhere_is_offered_only_what_fits(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.drag(editor.node("Invert").output("image"), editor.empty_place())
    search = editor.page.get_by_role("dialog", name="Add a node")

    expect(search.get_by_role("combobox")).to_have_attribute("placeholder", "What takes IMAGE?")
    search.get_by_role("combobox").fill("encode")
    expect(search.get_by_role("option").first).to_contain_text("Encode image")
    expect(search.get_by_role("option").filter(has_text="Encode text")).to_have_count(0)
    editor.press("Escape")
    expect(search).to_be_hidden()
    expect(editor.nodes).to_have_count(3)


def test_a_link_that_cannot_be_says_why_and_what_would_help(editor: Editor) -> None:
    nodes = {
        "plain": node("EmptyImage", "Plain", 0, 0),
        "repeat": node("RepeatLatentBatch", "Repeat", 500, 0),
    }
    editor.open_graph(document("Bridge", nodes))
    goal = editor.node("Repeat").input("samples")
    editor.drag(editor.node("Plain").output("image"), goal, drop=False)

    reason = editor.page.get_by_role("status").filter(has_text="does not fit")
    expect(reason).to_contain_text("IMAGE")
    expect(reason).to_contain_text("LATENT")
    expect(reason).to_contain_text("Encode image")
    editor.page.mouse.up()
    editor.choose_entry("Put Encode image between")

    expect(editor.node("Encode image").box).to_be_visible()
    editor.node("Encode image").is_linked("pixels")
    editor.node("Repeat").is_linked("samples")


def test_a_link_that_would_close_a_circle_is_refused(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.drag(editor.node("Invert").output("image"), editor.node("Invert").input("image"), drop=False)

    expect(editor.page.get_by_role("status").filter(has_text="circle")).to_be_visible()
    editor.page.mouse.up()
    assert editor.document()["nodes"]["invert"]["inputs"]["image"] == ["plain", "image"]


def test_a_link_is_taken_off_its_input_and_put_elsewhere(editor: Editor) -> None:
    graph = pictures()
    spare = {"spare": node("PreviewImage", "Spare", 640, 200)}
    editor.open_graph({**graph, "nodes": {**graph["nodes"], **spare}})
    editor.drag(editor.node("Show").input("images"), editor.node("Spare").input("images"))

    editor.node("Show").is_open("images")
    editor.node("Spare").is_linked("images")
    editor.drag(editor.node("Spare").input("images"), editor.empty_place(0.4, 0.9))
    editor.node("Spare").is_open("images")


def test_a_node_goes_into_a_link_on_which_it_is_dropped(editor: Editor) -> None:
    graph = pictures()
    blur = {"blur": node("ImageBlur", "Blur", 320, 220)}
    editor.open_graph({**graph, "nodes": {**graph["nodes"], **blur}})
    start, end = editor.node("Invert").output("image"), editor.node("Show").input("images")
    a, b = bounds(start), bounds(end)
    middle = ((a["x"] + b["x"] + b["width"]) / 2, a["y"] - 20)
    editor.drag(editor.node("Blur").title, middle)

    nodes = editor.document()["nodes"]
    assert nodes["blur"]["inputs"]["image"] == ["invert", "image"]
    assert nodes["show"]["inputs"]["images"] == ["blur", "image"]


def test_a_node_is_put_into_a_link_by_the_menu_of_the_link(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.on_link("Invert", "image", "Show", "images", button="right")
    editor.choose_entry("Insert a node…").add("Sharpen image")

    sharpen = editor.node("Sharpen image")
    sharpen.is_linked("image")
    editor.node("Show").is_linked("images")
    expect(editor.links).to_have_count(3)


def test_a_stroke_cuts_the_links_that_it_crosses(editor: Editor) -> None:
    editor.open_graph(pictures())
    a, b = bounds(editor.node("Invert").box), bounds(editor.node("Show").box)
    x = (a["x"] + a["width"] + b["x"]) / 2
    editor.page.keyboard.down("y")
    editor.drag((x, a["y"] - 30), (x, a["y"] + 120))
    editor.page.keyboard.up("y")

    editor.node("Show").is_open("images")
    editor.node("Invert").is_linked("image")


def test_the_right_button_cuts_too_and_a_key_drops_all_links(editor: Editor) -> None:
    editor.open_graph(pictures())
    a, b = bounds(editor.node("Invert").box), bounds(editor.node("Show").box)
    x = (a["x"] + a["width"] + b["x"]) / 2
    editor.page.keyboard.down("Control")
    editor.page.mouse.move(x, a["y"] - 30)
    editor.page.mouse.down(button="right")
    editor.page.mouse.move(x, a["y"] + 120, steps=6)
    editor.page.mouse.up(button="right")
    editor.page.keyboard.up("Control")
    editor.node("Show").is_open("images")
    expect(editor.page.get_by_role("menu")).to_be_hidden()

    editor.node("Invert").choose()
    editor.press("Alt+x")
    editor.node("Invert").is_open("image")
    editor.press("Control+z", "Control+z")
    expect(editor.links).to_have_count(2)


def test_a_double_click_on_a_link_puts_a_point_there(editor: Editor) -> None:
    editor.open_graph(pictures())
    editor.on_link("Invert", "image", "Show", "images", double=True)

    expect(editor.canvas.get_by_role("group", name="Reroute")).to_be_visible()
    expect(editor.links).to_have_count(3)
    editor.run()
    editor.node("Show").shows_a_picture()


def test_the_search_finds_by_words_and_tells_what_a_node_does(editor: Editor) -> None:
    editor.canvas.dblclick(position={"x": 200, "y": 200})
    search = editor.page.get_by_role("dialog", name="Add a node")
    search.get_by_role("combobox").fill("ckpt")
    expect(search.get_by_role("option").first).to_contain_text("Load checkpoint")

    search.get_by_role("combobox").fill("nothing is called so")
    expect(search).to_contain_text("No node is called")
    search.get_by_role("combobox").fill("invert image")
    expect(search.get_by_role("option").first).to_contain_text("Invert image")
    expect(search.get_by_role("complementary")).to_contain_text("negatives")
