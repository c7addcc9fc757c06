"""The server dies, is slow, or cannot be reached: the page goes on, and nothing is lost."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from tests.engine.served import Served
from tests.web.editor import Editor
from tests.web.graphs import pictures, text_to_image
from tests.web.lab import Watch, base_directory, serving
from tests.web.node import RUN
from tests.web.proxy import proxy

AWAY = "ERR_|WebSocket|Failed to load"


def test_a_run_is_finished_though_the_server_was_killed_in_the_midst(
    built: None, page: Page, watch: Watch, tmp_path: Path
) -> None:
    watch.expect(AWAY)
    base = base_directory(tmp_path / "base")
    with ExitStack() as servers:
        server = servers.enter_context(serving(base))
        server.wait_until_ready()
        editor = Editor(page, server.address, watch).open()
        editor.open_graph(text_to_image(steps=300))
        editor.button("Run").last.click()
        editor.node("Sampler").says(re.compile("^Running [1-9]"))
        server.process.kill()
        server.process.wait()

        editor.says("The server is away")
        editor.node("Canvas").choose()
        editor.press("Delete", "Control+z")
        editor.node("Canvas").choose()
        editor.press("p")
        port = urlsplit(server.address).port
        assert port is not None
        servers.enter_context(serving(base, port=str(port)))
        expect(page.get_by_text("Connected", exact=True)).to_be_visible(timeout=RUN)
        editor.node("Save").shows_a_picture()
        assert editor.document()["nodes"]["canvas"]["_meta"]["pinned"] is True
        editor.press("h")
        expect(editor.panel("History").get_by_role("button", name=re.compile("^Run of"))).to_have_count(1)


def test_a_page_that_was_closed_in_mid_run_finds_the_run_again(editor: Editor) -> None:
    editor.open_graph(text_to_image(steps=200))
    editor.button("Run").last.click()
    editor.node("Sampler").says(re.compile("^Running [1-9]"))
    editor.reload()

    editor.node("Save").shows_a_picture()


def test_edits_go_on_while_the_server_lets_one_wait(page: Page, weft: Served, watch: Watch) -> None:
    with proxy(weft.address) as slow:
        watch.address = slow.address
        editor = Editor(page, slow.address, watch).open()
        editor.open_graph(pictures())
        slow.hold()
        editor.button("Run").last.click()
        expect(page.get_by_text("Sending", exact=True)).to_be_visible()
        editor.node("Plain").set("width", 32)
        editor.node("Invert").choose()
        editor.press("p")
        slow.go_on()

        editor.node("Show").shows_a_picture()
        width = editor.node("Show").pictures.first.get_by_role("img").evaluate("image => image.naturalWidth")
        assert width == 64
        expect(editor.node("Plain").field("width")).to_have_value("32")
        assert editor.document()["nodes"]["invert"]["_meta"]["pinned"] is True


def test_a_lost_connection_is_found_again_and_what_was_missed_is_shown(
    page: Page, weft: Served, watch: Watch
) -> None:
    watch.expect(AWAY)
    with proxy(weft.address) as line:
        watch.address = line.address
        editor = Editor(page, line.address, watch).open()
        editor.open_graph(text_to_image(steps=30))
        editor.button("Run").last.click()
        editor.node("Sampler").says(re.compile("^Running"))
        line.hold()
        line.cut()
        editor.says("The server is away")
        editor.node("Canvas").set("batch size", 2)
        line.go_on()

        expect(page.get_by_text("Connected", exact=True)).to_be_visible(timeout=RUN)
        editor.node("Save").shows_a_picture()
        expect(editor.node("Canvas").field("batch size")).to_have_value("2")


def test_a_panel_that_cannot_be_loaded_leaves_the_rest_as_it_is(editor: Editor) -> None:
    editor.watch.expect("ERR_FAILED|Failed to fetch dynamically|QueuePanel")
    editor.open_graph(pictures())
    editor.page.route("**/assets/QueuePanel*.js", lambda route: route.abort())
    editor.press("q")

    expect(editor.panel("Queue").get_by_role("alert")).to_contain_text("could not be loaded")
    editor.node("Plain").set("width", 32)
    editor.page.unroute_all()
    editor.button("Load the page again").click()
    expect(editor.node("Plain").field("width")).to_have_value("32")
    editor.press("q")
    expect(editor.panel("Queue")).to_contain_text("Nothing runs")
